"""The part of the environment from which the plugin makes a worker's own."""

import json

import pytest

from runner.core.groups import DEFAULT_GROUPS, Group
from runner.core.passes import Needs, Pass
from runner.core.plan import Plan, Selection
from runner.core.settings import Settings
from runner.core.settings_postgres import Postgres
from runner.core.slots import (
    TEMPLATE,
    VARIABLES,
    fill_server,
    make_environment,
    make_marks,
    make_scope_durations,
    make_server,
    make_setup_environment,
    name_servers,
)
from runner.core.transient import DEFAULT_TRANSIENT

pytestmark = pytest.mark.unit


def wiring_of(environment):
    return json.loads(environment["EPHEMERAL_RUNNER"])


def make(settings, server=None, environ=None, needs=Needs(2), **plan):  # noqa: B008 -- frozen
    """The variables of one pass."""
    return make_environment(Plan(settings, Selection(), (), **plan), Pass("a", "", needs), server, environ or {})


@pytest.mark.parametrize(
    ("isolation", "user", "password", "dbname"),
    [
        ("schema", "{slot}", "secret-{slot}", "suite"),
        ("database", "{slot}", "secret-{slot}", "{slot}"),
        ("none", "suite", "secret", "suite"),
    ],
)
def test_a_mode_of_isolation_decides_what_is_the_workers_own(isolation, user, password, dbname):
    assert make_server(Postgres(), isolation, "secret") == {
        "host": "127.0.0.1",
        "port": "5432",
        "user": user,
        "password": password,
        "dbname": dbname,
    }


@pytest.mark.parametrize("isolation", ["server", "sandbox"])
def test_a_slot_with_a_server_has_the_same_names_as_all_others_and_a_port_of_its_own(isolation):
    postgres = Postgres(user="postgres", password="a{b}", database="{slot}_library", databases=["log"], port=5400)
    server = make_server(postgres, isolation, "secret")
    names = {"user": "postgres", "password": "a{b}", "dbname": "master_library", "dbname_log": "log"}
    ports = {"master": "5400", "gw0": "5401", "gw6": "5407"}
    for slot, port in ports.items():
        assert fill_server(server, slot) == {**names, "host": "127.0.0.1", "port": port}


@pytest.mark.smoke
def test_the_plugin_is_loaded_and_told_what_it_needs():
    server = make_server(Postgres(), "schema", "secret")
    environment = make(Settings(groups={"a": Group(marks=["x", "y"])}), server)
    assert environment["PYTEST_PLUGINS"] == "ephemeral_runner_plugin"
    assert environment.keys() == {"PYTEST_PLUGINS", "EPHEMERAL_RUNNER", "PYTHONHASHSEED"}
    wiring = wiring_of(environment)
    assert wiring == {
        "marks": {"x": "group a", "y": "group a"},
        "groups": {"a": ["x", "y"]},
        "variables": VARIABLES,
        "arguments": [],
        "own": [],
        "server": server,
        "transient": list(DEFAULT_TRANSIENT),
        "reports": "/run/runner/reports.sock",
        "folders": "/run/runner/workers",
        "project": "/project",
        "writable": [],
        "engine": False,
        "call": 1,
        "restores": True,
        "seed": None,
        "durations": {},
        "order": None,
        "failed": None,
        "keeps": True,
    }


def test_the_plugin_is_told_whether_states_are_kept():
    assert wiring_of(make(Settings(kept_failures=0)))["keeps"] is False


def test_workers_that_share_a_role_have_names_for_their_connections():
    shared = Needs(2, isolation="none")
    server = make_server(Postgres(), "none", "secret")
    assert wiring_of(make(Settings(), server, needs=shared))["variables"]["PGAPPNAME"] == "{slot}"
    assert "PGAPPNAME" not in wiring_of(make(Settings(), make_server(Postgres(), "schema", "secret")))["variables"]
    own = make(Settings(environment={"PGAPPNAME": "mine"}), server, needs=shared)
    assert own["PGAPPNAME"] == "mine"
    assert "PGAPPNAME" not in wiring_of(own)["variables"]


def test_the_plugin_is_told_which_paths_are_open():
    assert wiring_of(make(Settings(writable=["var", "/tmp"])))["writable"] == ["var", "/tmp"]


def test_an_order_is_told_by_its_seed_and_by_files():
    wiring = wiring_of(make(Settings(), seed=0, durations={"a.py::test_a": 1.0}, order=("a", "b")))
    assert (wiring["seed"], wiring["durations"], wiring["order"]) == (
        0,
        {"a.py": 1.0},
        "/run/runner/files/order.json",
    )


def test_a_pass_without_a_database_has_no_server():
    assert wiring_of(make(Settings()))["server"] is None


def test_templates_are_left_to_the_plugin_and_constants_stand_from_the_start():
    environment = make(Settings(environment={"URL": "x://{user}@{host}", "DEBUG": "1", "JSON": '{{"a": 1}}'}))
    wiring = wiring_of(environment)
    assert wiring["variables"] == {**VARIABLES, "URL": "x://{user}@{host}"}
    assert wiring["own"] == ["DEBUG", "JSON", "URL"]
    assert (environment["DEBUG"], environment["JSON"]) == ("1", '{"a": 1}')
    assert "URL" not in environment


def test_a_template_of_the_project_takes_the_place_of_ours():
    wiring = wiring_of(make(Settings(environment={"DATABASE_URL": "postgresql+asyncpg://{user}@{host}/{dbname}"})))
    assert wiring["variables"] == {**VARIABLES, "DATABASE_URL": "postgresql+asyncpg://{user}@{host}/{dbname}"}


def test_a_constant_of_the_project_takes_the_place_of_our_template():
    environment = make(Settings(environment={"DATABASE_URL": "sqlite://"}), make_server(Postgres(), "schema", "secret"))
    assert environment["DATABASE_URL"] == "sqlite://"
    assert "DATABASE_URL" not in wiring_of(environment)["variables"]


def test_the_variables_of_a_group_come_after_those_of_the_run():
    settings = Settings(environment={"A": "1", "B": "1", "C": "{slot}"})
    needs = Needs(2, environment=(("B", "2"), ("C", "3"), ("D", "{user}")))
    environment = make(settings, needs=needs)
    assert {name: environment[name] for name in "ABC"} == {"A": "1", "B": "2", "C": "3"}
    assert wiring_of(environment)["variables"] == {**VARIABLES, "D": "{user}"}
    assert wiring_of(environment)["own"] == ["A", "B", "C", "D"]


@pytest.mark.security
def test_only_named_variables_of_the_caller_go_in():
    settings = Settings(pass_environment=["CI", "TOKEN"])
    environment = make(settings, environ={"CI": "1", "AWS_SECRET_ACCESS_KEY": "x", "PATH": "/bin"})
    assert environment["CI"] == "1"
    assert not environment.keys() & {"TOKEN", "AWS_SECRET_ACCESS_KEY", "PATH"}


def test_a_variable_of_the_settings_beats_the_callers():
    settings = Settings(pass_environment=["CI"], environment={"CI": "no"})
    assert make(settings, environ={"CI": "yes"})["CI"] == "no"


def test_plugins_of_the_project_are_loaded_beside_ours():
    settings = Settings(environment={"PYTEST_PLUGINS": "mine,other"})
    assert make(settings)["PYTEST_PLUGINS"] == "ephemeral_runner_plugin,mine,other"


@pytest.mark.security
def test_the_settings_cannot_take_the_place_of_what_the_plugin_is_told():
    environment = make(Settings(environment={"EPHEMERAL_RUNNER": "x"}))
    assert wiring_of(environment)["server"] is None


def test_every_mark_of_every_group_is_described():
    assert make_marks(DEFAULT_GROUPS) == {name: group.description for name, group in DEFAULT_GROUPS.items()}
    assert make_marks({"db": Group(marks=["a", "b"])}) == {"a": "group db", "b": "group db"}


@pytest.mark.security
@pytest.mark.parametrize("isolation", ["schema", "database"])
def test_the_password_of_a_role_is_the_one_in_its_own_slots_address_and_in_no_other(isolation):
    server = make_server(Postgres(), isolation, "secret")
    assert len({fill_server(server, slot)["password"] for slot in ("master", "gw0", "gw1", "gw10")}) == 4


@pytest.mark.parametrize(
    ("isolation", "password"), [("schema", "s-runner_template"), ("database", "s-runner_template"), ("none", "s")]
)
def test_the_commands_of_setup_reach_the_template_as_its_own_role(isolation, password):
    settings = Settings(environment={"X": "{slot} of {dbname}", "Y": "{{1}}"}, pass_environment=["CI"])
    plan = Plan(settings, Selection(), ())
    environment = make_setup_environment(plan, make_server(Postgres(), isolation, "s"), {"CI": "1", "SECRET": "x"})
    url = f"postgresql://{TEMPLATE}:{password}@127.0.0.1:5432/{TEMPLATE}"
    assert environment == {
        "CI": "1",
        "TEST_DATABASE_URL": url,
        "DATABASE_URL": url,
        "PGHOST": "127.0.0.1",
        "PGPORT": "5432",
        "PGUSER": TEMPLATE,
        "PGPASSWORD": password,
        "PGDATABASE": TEMPLATE,
        "X": f"{TEMPLATE} of {TEMPLATE}",
        "Y": "{1}",
    }


def test_the_seconds_of_tests_are_added_up_by_what_xdist_keeps_together():
    durations = {"a.py::test_a": 1.0, "a.py::test_b[x::y]": 2.0, "a.py::TestA::test_c": 4.0, "b.py::test_d": 8.0}
    assert make_scope_durations(durations) == {"a.py": 3.0, "a.py::TestA": 4.0, "b.py": 8.0}


def test_of_many_scopes_the_longest_fit_into_a_variable_of_the_environment():
    durations = {f"{'folder/' * 25}test_{number}.py::test_a": float(number) for number in range(5000)}
    kept = make_scope_durations({**durations, f"{'x' * 200}.py::test_a": 9999.0})
    assert len(json.dumps(kept)) < 64 * 1024
    assert sorted(kept.values()) == [float(number) for number in range(4700, 5000)]


def test_setup_works_on_the_first_server_under_the_names_that_tests_see():
    server = make_server(Postgres(database="library"), "server", "secret")
    found = make_setup_environment(Plan(Settings(), Selection(), ()), server, {})
    assert found["DATABASE_URL"] == "postgresql://suite:secret@127.0.0.1:5432/library"


@pytest.mark.parametrize(
    ("ports", "named"),
    [([], {"": 5400}), ([5400], {"": 5400}), ([5400, 5401, 5404], {"master": 5400, "gw0": 5401, "gw3": 5404})],
)
def test_a_server_is_a_slots_where_it_is_not_alone(ports, named):
    assert name_servers(5400, ports) == named


def test_what_is_unset_is_none_of_the_tests_variables():
    server = make_server(Postgres(), "schema", "secret")
    variables = wiring_of(make(Settings(unset_environment=["PGPORT", "PGAPPNAME"]), server))["variables"]
    assert "PGHOST" in variables
    assert variables.keys().isdisjoint({"PGPORT", "PGAPPNAME"})


@pytest.mark.parametrize(
    ("dist", "expected"), [("loadscope", {"a.py": 1.0}), ("worksteal", {"a.py": 1.0}), ("load", {})]
)
def test_known_durations_change_no_order_that_is_to_be_kept(dist, expected):
    wiring = wiring_of(make(Settings(), needs=Needs(2, dist=dist), durations={"a.py::test_a": 1.0}))
    assert wiring["durations"] == expected
