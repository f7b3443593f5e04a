"""The environment as a Compose file: what a run has, and up to date in this repository."""

import json
import tomllib
from pathlib import Path

import pytest

from runner.core.compose import find_conditions, make_compose_file, make_dot_env, make_variables
from runner.core.passes import Needs, Pass
from runner.core.plan import Plan, Selection
from runner.core.settings import Settings
from runner.core.settings_layers import merge_settings
from runner.core.settings_postgres import Postgres
from runner.core.slots import make_environment, make_server
from runner.core.yaml_text import make_scalar, make_yaml

pytestmark = pytest.mark.unit

ROOT = Path(__file__).parents[2]
FILE = "compose/environment.yaml"


def test_this_repositorys_file_is_what_its_settings_make():
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text())
    settings = merge_settings(pyproject["tool"]["runner"], {}, {}).settings
    made = make_compose_file(pyproject["project"]["name"], settings, FILE)
    assert (ROOT / FILE).read_text() == made, "`runner compose` writes it again"


def test_it_has_the_variables_of_a_run():
    settings = Settings(environment={"A": "1", "URL": "{user}@{host}"}, pass_environment=["CI", "TOKEN"])
    server = make_server(Postgres(), "schema", "secret")
    environ = {"CI": "1", "TOKEN": "2"}
    run = make_environment(Plan(settings, Selection(), ()), Pass("a", "", Needs(0)), server, environ)
    wiring = json.loads(run.pop("EPHEMERAL_RUNNER"))
    assert make_variables(settings).keys() - {"PYTEST_ADDOPTS"} == {*run, *wiring["variables"]}


def test_variables_of_the_project_are_filled_in_and_keep_their_dollars():
    variables = make_variables(
        Settings(environment={"A": "$HOME", "URL": "x://{user}:{password}@{host}:{port}/{slot}"})
    )
    assert variables["A"] == "$$HOME"
    assert variables["URL"] == "x://suite:${RUNNER_PASSWORD}@127.0.0.1:5432/master"


def test_the_projects_own_plugins_and_options_stay():
    variables = make_variables(Settings(environment={"PYTEST_PLUGINS": "mine", "PYTEST_ADDOPTS": "-x"}))
    assert variables["PYTEST_PLUGINS"] == "ephemeral_runner_plugin,mine"
    assert variables["PYTEST_ADDOPTS"].endswith(" -x")


@pytest.mark.parametrize(
    ("isolation", "rights", "switched_off"),
    [("schema", "NOCREATEDB", False), ("database", "CREATEDB", False), ("none", "CREATEDB CREATEROLE", True)],
)
def test_isolation_decides_what_the_suites_role_may_do(isolation, rights, switched_off):
    text = make_compose_file("a", Settings(isolation=isolation), FILE)
    assert f"LOGIN {rights} PASSWORD" in text
    assert ('EPHEMERAL_RUNNER_SLOTS: "off"' in text) == switched_off


def test_data_on_disk_need_no_memory():
    text = make_compose_file("a", Settings(postgres_memory=0), FILE)
    assert "EPHEMERAL_RUNNER_DATA" not in text
    assert text.count("shm_size") == 1


def test_what_is_writable_in_a_run_is_writable_here():
    text = make_compose_file("a", Settings(writable=["build", "/tmp"]), FILE)
    assert 'volumes: ["..:/project:${RUNNER_SOURCES:-ro}", "../build:/project/build:rw"]' in text
    assert "tmpfs: [/tmp]" in text


@pytest.mark.parametrize(("path", "root"), [("compose.yaml", "."), ("a/b/c.yaml", "../..")])
def test_paths_start_from_the_files_own_folder(path, root):
    text = make_compose_file("a", Settings(services="x/services.yaml"), path, {"redis": "service_started"})
    assert f'"{root}:/project:' in text
    assert f"{root}/x/services.yaml".removeprefix("./") in text
    assert "      redis:\n        condition: service_started" in text


def test_a_service_is_waited_for_as_it_can_be():
    model = {"services": {"a": {"healthcheck": {"test": []}}, "b": {}}}
    assert find_conditions(model) == {"a": "service_healthy", "b": "service_started"}


def test_the_variables_file_has_images_and_a_password():
    text = make_dot_env({"RUNNER_SUITE_IMAGE": "a:1"}, "secret")
    assert text.splitlines()[1:] == ["RUNNER_SUITE_IMAGE=a:1", "RUNNER_PASSWORD=secret"]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("pytest", "pytest"),
        ("no", '"no"'),
        ("5432", '"5432"'),
        ("0.5s", '"0.5s"'),
        ("a: b", '"a: b"'),
        ("a #b", '"a #b"'),
        ("-x", '"-x"'),
        ("", '""'),
        ('"', '"\\""'),
        ("ü", '"ü"'),
        ("~", '"~"'),
        (None, ""),
        (3, "3"),
    ],
)
def test_a_scalar_is_quoted_where_yaml_would_take_it_for_something_else(value, text):
    assert make_scalar(value) == text


def test_tables_lists_and_texts_of_several_lines():
    model = {"a": {"b": ["c", "no"], "script": ["x\ny\n"], "empty": []}}
    assert make_yaml(model) == ["a:", '  b: [c, "no"]', "  script:", "    - |", "      x", "      y", "  empty: []"]
