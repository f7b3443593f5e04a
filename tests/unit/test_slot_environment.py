"""The part of the environment from which the plugin makes a worker's own."""

import json

import pytest

from runner.core.groups import DEFAULT_GROUPS, Group
from runner.core.settings import Settings
from runner.core.slots import make_environment, make_marks, make_password, make_server

pytestmark = pytest.mark.unit


def wiring_of(environment):
    return json.loads(environment["EPHEMERAL_RUNNER"])


@pytest.mark.parametrize(
    ("isolation", "user", "password", "dbname"),
    [
        ("schema", "{slot}", "secret-{slot}", "suite"),
        ("database", "{slot}", "secret-{slot}", "{slot}"),
        ("none", "suite", "secret", "suite"),
    ],
)
def test_a_mode_of_isolation_decides_what_is_the_workers_own(isolation, user, password, dbname):
    assert make_server(isolation, "secret") == {
        "host": "127.0.0.1",
        "port": "5432",
        "user": user,
        "password": password,
        "dbname": dbname,
    }


@pytest.mark.smoke
def test_the_plugin_is_loaded_and_told_what_it_needs():
    server = make_server("schema", "secret")
    environment = make_environment(Settings(groups={"a": Group(marks=["x"])}), server, {})
    assert environment["PYTEST_PLUGINS"] == "ephemeral_runner_plugin"
    assert environment["EPHEMERAL_RUNNER_REPORTS"] == "yes"
    assert wiring_of(environment) == {"marks": {"x": "group a"}, "variables": {}, "server": server}


def test_a_pass_without_a_database_has_no_server():
    assert wiring_of(make_environment(Settings(), None, {}))["server"] is None


def test_templates_are_left_to_the_plugin_and_constants_stand_from_the_start():
    settings = Settings(environment={"URL": "x://{user}@{host}", "DEBUG": "1", "JSON": '{{"a": 1}}'})
    environment = make_environment(settings, None, {})
    assert wiring_of(environment)["variables"] == {"URL": "x://{user}@{host}"}
    assert (environment["DEBUG"], environment["JSON"]) == ("1", '{"a": 1}')
    assert "URL" not in environment


@pytest.mark.security
def test_only_named_variables_of_the_caller_go_in():
    settings = Settings(pass_environment=["CI", "TOKEN"])
    environment = make_environment(settings, None, {"CI": "1", "AWS_SECRET_ACCESS_KEY": "x", "PATH": "/bin"})
    assert environment["CI"] == "1"
    assert not environment.keys() & {"TOKEN", "AWS_SECRET_ACCESS_KEY", "PATH"}


def test_a_variable_of_the_settings_beats_the_callers():
    settings = Settings(pass_environment=["CI"], environment={"CI": "no"})
    assert make_environment(settings, None, {"CI": "yes"})["CI"] == "no"


def test_plugins_of_the_project_are_loaded_beside_ours():
    settings = Settings(environment={"PYTEST_PLUGINS": "mine,other"})
    assert make_environment(settings, None, {})["PYTEST_PLUGINS"] == "ephemeral_runner_plugin,mine,other"


@pytest.mark.security
def test_the_settings_cannot_take_the_place_of_what_the_plugin_is_told():
    settings = Settings(environment={"EPHEMERAL_RUNNER": "x", "EPHEMERAL_RUNNER_REPORTS": "no"})
    environment = make_environment(settings, None, {})
    assert wiring_of(environment)["server"] is None
    assert environment["EPHEMERAL_RUNNER_REPORTS"] == "yes"


def test_every_mark_of_every_group_is_described():
    assert make_marks(DEFAULT_GROUPS) == {name: group.description for name, group in DEFAULT_GROUPS.items()}
    assert make_marks({"db": Group(marks=["a", "b"])}) == {"a": "group db", "b": "group db"}


@pytest.mark.security
@pytest.mark.parametrize("isolation", ["schema", "database"])
def test_the_password_of_a_role_is_the_one_in_its_own_slots_address_and_in_no_other(isolation):
    template = make_server(isolation, "secret")["password"]
    passwords = [make_password("secret", slot, isolation) for slot in ("master", "gw0", "gw1", "gw10")]
    assert passwords == [template.format(slot=slot) for slot in ("master", "gw0", "gw1", "gw10")]
    assert len(set(passwords)) == 4
