"""How a project is installed: its Python, what its build needs, and what makes its image new."""

import os
import subprocess

import pytest

from runner.core.settings import Settings
from runner.errors import SettingsError
from runner.project.installation import Installation
from runner.project.layout import find_layout
from runner.project.load import load_project
from runner.project.sources import list_sources

pytestmark = pytest.mark.unit

SETUPTOOLS = '[build-system]\nrequires = ["setuptools"]\n[project]\nname = "a"\nversion = "1"\n'
MESON = '[build-system]\nrequires = ["meson-python"]\nbuild-backend = "mesonpy"\n'
SCM = '[build-system]\nrequires = ["setuptools-scm"]\n'
COMPILER = ["gcc", "libc6-dev", "python3.13-dev"]


@pytest.fixture
def make(tmp_path, monkeypatch):
    """Makes files of a project, and says how it is installed."""
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)

    def make(files=None, locked="", **settings):
        for name, text in ({"pyproject.toml": SETUPTOOLS} | (files or {})).items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        project, given = load_project(tmp_path), Settings(**settings)
        return Installation(project, given, find_layout(project, given), list_sources(tmp_path), locked)

    return make


def git(folder, *args):
    identity = ["-c", "user.name=Test", "-c", "user.email=test@localhost"]
    subprocess.run(["git", *identity, *args], cwd=folder, check=True, capture_output=True)


def test_plain_projects_need_no_package_to_be_built(make):
    made = make({"src/a.py": ""})
    assert (made.packages, made.build_packages, made.python.version) == ([], [], "3.13")


def test_the_python_is_looked_for_in_every_file_that_may_name_it(make):
    assert make({"setup.cfg": "[options]\npython_requires = >=3.9, <3.12\n"}).python.version == "3.11"
    assert make({".python-version": "3.9\n"}).python.version == "3.9"
    assert make(python="3.14").python.version == "3.14"


def test_c_needs_a_compiler_and_the_headers_of_its_python_at_build_alone(make):
    files = {"setup.py": "setup(ext_modules=[])", "a.c": ""}
    assert make(files).build_packages == COMPILER
    assert make(files, python="3.11").build_packages == ["gcc", "libc6-dev", "python3.11-dev"]
    assert make(files).packages == []


def test_packages_for_builds_come_with_a_compiler_and_each_is_named_once(make):
    assert make(build_packages=["libpq-dev", "gcc"]).build_packages == ["libpq-dev", *COMPILER]
    assert make(build_packages=["git"], packages=["git"]).build_packages == COMPILER


def test_locked_packages_without_wheels_bring_their_headers_and_libraries(make):
    made = make(locked="psycopg2==2.9\n")
    assert made.build_packages == [*COMPILER, "libpq-dev"]
    assert made.packages == ["libpq5"]


def test_wheels_that_want_libraries_of_the_system_need_no_compiler(make):
    made = make(locked='[[package]]\nname = "pyodbc"\n')
    assert (made.packages, made.build_packages) == (["libodbc2"], [])


def test_locked_packages_without_a_wheel_for_the_python_get_compilers(make):
    files = '{file = "ciso-1-cp39-cp39-manylinux1_x86_64.whl"}, {file = "ciso-1.tar.gz"}'
    made = make(locked=f'[[package]]\nname = "ciso"\nfiles = [{files}]\n')
    assert "g++" in made.build_packages
    made = make(locked=f'[[package]]\nname = "psycopg2-binary"\nfiles = [{files}]\n')
    assert "libpq-dev" in made.build_packages
    assert made.packages == ["libpq5"]


def test_repositories_need_git_at_build_and_where_tests_see_one_at_run(make):
    assert make(locked="x @ git+https://localhost/x\n").build_packages == ["git"]
    assert make({"pyproject.toml": SCM}).build_packages == ["git"]
    assert make(git=True).packages == ["git"]


@pytest.mark.parametrize(
    ("files", "changed", "is_new"),
    [
        ({"setup.py": "setup(ext_modules=[])", "a.c": "1", "a.py": "1"}, {"a.c": "2"}, True),
        ({"setup.py": "setup(ext_modules=[])", "a.c": "1", "a.py": "1"}, {"a.py": "2"}, False),
        ({"a.c": "1"}, {"a.c": "2"}, False),
        ({"pyproject.toml": MESON, "meson.build": "1", "a/x.c": "1"}, {"a/x.c": "2"}, True),
        ({"pyproject.toml": MESON, "meson.build": "1", "a/x.c": "1", "a/x.py": "1"}, {"a/x.py": "2"}, False),
        ({"a/x.py": "1"}, {"a/x.py": "2"}, False),
    ],
)
def test_sources_make_an_image_new_where_the_image_holds_something_made_of_them(make, files, changed, is_new):
    before = make(files).make_identity()
    assert (make(files | changed).make_identity() != before) is is_new


def test_without_an_editable_installation_every_source_but_the_tests_counts(make):
    before = make({"a/x.py": "1"}, editable=False).make_identity()
    assert make({"a/x.py": "2"}, editable=False).make_identity() != before
    before = make({"a/x.py": "1", "tests/x.py": "1"}, editable=False).make_identity()
    assert make({"tests/x.py": "2"}, editable=False).make_identity() == before


def test_a_commit_makes_no_image_new_unless_tests_see_it_and_the_version_comes_of_it(make, tmp_path):
    files = {"pyproject.toml": SCM}
    make(files)
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "add", "--all")
    git(tmp_path, "commit", "--quiet", "--message", "first")
    plain, seen = make(files).make_identity(), make(files, git=True).make_identity()
    git(tmp_path, "commit", "--quiet", "--allow-empty", "--message", "second")
    assert make(files).make_identity() == plain
    assert make(files, git=True).make_identity() != seen
    assert make({"pyproject.toml": SETUPTOOLS}, git=True).make_identity() == make(git=True).make_identity()
    git(tmp_path, "tag", "v1.0")
    assert make(files).make_identity() != plain


def test_constraints_of_builds_are_lines_or_files(make):
    made = make({"build.txt": "cython<4\n"}, build_constraints=["setuptools<81", "-r build.txt"])
    assert made.files["build-constraints.txt"] == b"setuptools<81\ncython<4\n\n"
    with pytest.raises(SettingsError, match=r"cannot read .*nothing.txt"):
        _ = make(build_constraints=["-r nothing.txt"]).files
