"""What a project needs from around its folder, and where that is put."""

import io
import os
import tarfile

import pytest

from runner.core.outside import find_in_tables, find_in_text
from runner.core.settings import Settings
from runner.errors import SettingsError
from runner.project.layout import find_layout
from runner.project.load import load_project
from runner.project.packing import pack_sources
from runner.project.sources import list_sources

pytestmark = pytest.mark.unit


@pytest.fixture
def make(tmp_path, monkeypatch):
    """Makes files below a folder without git around it, and loads the project `app` among them."""
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)

    def make(files, project="app"):
        for name, text in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return load_project(tmp_path / project)

    return make


def list_packed(data):
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        return archive.getnames()


APP = '[project]\nname = "app"\nversion = "1"\n'


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('source = { editable = "../lib" }', {"../lib"}),
        ("-e ../lib\n-r ../in/base.txt\n--constraint=../c.txt\n", {"../lib", "../in/base.txt", "../c.txt"}),
        ("lib @ file:../lib\n", {"../lib"}),
        ("../../libs/one[extra] ; python_version > '3'\n", {"../../libs/one"}),
        ("https://localhost/a/../b\n", set()),
        ("a==1\n", set()),
    ],
)  # fmt: skip
def test_paths_that_lead_out_are_found_in_locks_and_requirements(text, found):
    assert find_in_text(text) == found


def test_paths_that_lead_out_are_found_in_tables_but_for_those_of_linters():
    tables = {
        "project": {"readme": "../README.md"},
        "tool": {
            "uv": {"sources": {"lib": {"path": "../lib"}}},
            "pytest": {"ini_options": {"pythonpath": [".", "../shared"]}},
            "ruff": {"extend": "../ruff.toml"},
        },
    }
    assert find_in_tables(tables) == {"../README.md", "../lib", "../shared"}


def test_a_project_that_names_nothing_outside_stands_alone(make, tmp_path):
    layout = find_layout(make({"app/pyproject.toml": APP, "lib/x.py": ""}), Settings())
    assert (layout.root, layout.inside, layout.outside) == (tmp_path / "app", "", [])


def test_what_a_project_names_is_found_with_what_that_names_in_turn(make, tmp_path):
    project = make({
        "app/pyproject.toml": APP + '[tool.uv.sources]\nlib = { path = "../libs/one" }\ngone = { path = "../gone" }\n',
        "libs/one/pyproject.toml": '[tool.uv.sources]\ntwo = { path = "../two" }\n',
        "libs/two/pyproject.toml": "",
        "libs/three/pyproject.toml": "",
    })  # fmt: skip
    layout = find_layout(project, Settings())
    assert (layout.root, layout.inside, layout.outside) == (tmp_path, "app", ["libs/one", "libs/two"])


def test_the_setting_adds_what_only_tests_know(make, tmp_path):
    project = make({"app/pyproject.toml": APP, "data/a.json": "{}", "data/b.json": "{}"})
    layout = find_layout(project, Settings(include=["../data/a.json"]))
    assert (layout.root, layout.inside, layout.outside) == (tmp_path, "app", ["data/a.json"])
    with pytest.raises(SettingsError, match="`include` names what is not there"):
        find_layout(project, Settings(include=["../nothing"]))


def test_a_member_of_a_workspace_comes_with_the_members_that_it_asks_for(make, tmp_path):
    sources = "[tool.uv.sources]\n{} = {{ workspace = true }}\n"
    project = make({
        "pyproject.toml": '[tool.uv.workspace]\nmembers = ["packages/*"]\nexclude = ["packages/old"]\n',
        "uv.lock": "version = 1\n",
        "packages/app/pyproject.toml": APP + sources.format("Lib_One"),
        "packages/one/pyproject.toml": '[project]\nname = "lib-one"\n' + sources.format("two"),
        "packages/two/pyproject.toml": '[project]\nname = "two"\n',
        "packages/three/pyproject.toml": '[project]\nname = "three"\n',
        "packages/old/pyproject.toml": '[project]\nname = "old"\n',
    }, "packages/app")  # fmt: skip
    layout = find_layout(project, Settings())
    assert (layout.root, layout.inside) == (tmp_path, "packages/app")
    assert layout.outside == ["packages/one", "packages/two", "pyproject.toml", "uv.lock"]


def test_the_project_and_what_is_around_it_are_packed_apart(make):
    project = make({"app/pyproject.toml": APP, "app/a.py": "", "lib/b.py": "", "other/c.py": ""})
    settings = Settings(include=["../lib"])
    layout = find_layout(project, settings)
    packed = pack_sources(layout, project.folder, list_sources(project.folder), settings)
    assert [list_packed(each) for each in packed] == [
        ["a.py", "pyproject.toml", ".pytest_cache"],
        ["lib", "lib/b.py", ".pytest_cache"],
    ]
