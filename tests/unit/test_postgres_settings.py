"""The table `postgres` and `rights`: layers, what is refused and why, and the addresses that follow."""

import pytest

from runner.core.settings_layers import merge_settings
from runner.core.settings_postgres import Postgres
from runner.core.settings_postgres_rules import find_conflict
from runner.core.settings_postgres_values import name_database
from runner.core.slots import fill_server, make_list, make_server
from runner.errors import SettingsError

pytestmark = pytest.mark.unit


def merge(postgres=None, environ=None, **others):
    return merge_settings({"postgres": postgres or {}, **others}, environ or {}, {})


def refuse(postgres=None, environ=None, **others):
    with pytest.raises(SettingsError) as caught:
        merge(postgres, environ, **others)
    return caught.value


@pytest.mark.smoke
def test_a_stronger_layer_replaces_single_keys_of_the_table():
    sourced = merge({"version": 15, "port": 5433}, {"RUNNER_POSTGRES": '{port = 6543, locale = "en_US.UTF-8"}'})
    postgres = sourced.settings.postgres
    assert (postgres.major, postgres.port, postgres.locale) == ("15", 6543, "en_US.UTF-8")
    given = {name: source for name, source in sourced.sources.items() if source != "default"}
    assert given == {
        "postgres.version": "pyproject.toml",
        "postgres.port": "environment",
        "postgres.locale": "environment",
    }


@pytest.mark.parametrize("version", [16, "16"])
def test_a_version_may_be_a_number_or_text(version):
    assert merge({"version": version}).settings.postgres.major == "16"
    assert Postgres().major == "17"


@pytest.mark.parametrize(
    ("table", "what", "cause"),
    [
        ("x", "setting `tool.runner.postgres` is not valid: 'x'", "expected a table"),
        ({"version": 9}, "setting `tool.runner.postgres.version` is not valid: 9", "from 13 on"),
        ({"version": "16.2"}, "setting `tool.runner.postgres.version` is not valid: '16.2'", "a major version"),
        ({"host": "10.0.0.1"}, "setting `tool.runner.postgres.host` is not valid: '10.0.0.1'", "no such name"),
        ({"port": 80}, "setting `tool.runner.postgres.port` is not valid: 80", "from 1024 to 65535"),
        ({"user": "pg_me"}, "setting `tool.runner.postgres.user` is not valid: 'pg_me'", "Postgres's own"),
        ({"user": "{worker}"}, "setting `tool.runner.postgres.user` is not valid: '{worker}'", "no placeholder"),
        ({"user": "{"}, "setting `tool.runner.postgres.user` is not valid: '{'", "no placeholder"),
        ({"database": "x" * 60 + "{slot}"}, "setting `tool.runner.postgres.database`", "63 bytes"),
        ({"user": "a\nb"}, "setting `tool.runner.postgres.user` is not valid: 'a\\nb'", "cannot be printed"),
        ({"databases": ["a\0"]}, "setting `tool.runner.postgres.databases` is not valid", "cannot be printed"),
        ({"databases": ["{slot}"]}, "setting `tool.runner.postgres.databases`", "a name of its own"),
        ({"databases": ["a", "a_{slot}"]}, "setting `tool.runner.postgres.databases`", "a name of its own"),
        ({"extensions": ["a b"]}, "setting `tool.runner.postgres.extensions` is not valid: 'a b'", "no such name"),
        ({"settings": {"a; b": 1}}, "setting `tool.runner.postgres.settings` is not valid: 'a; b'", "no such name"),
        ({"locale": "$(x)"}, "setting `tool.runner.postgres.locale` is not valid: '$(x)'", "no such name"),
        ({"image": "a b"}, "setting `tool.runner.postgres.image` is not valid: 'a b'", "the name of an image"),
        ({"image": "a:1", "version": 16}, "setting `tool.runner.postgres.image` is not valid", "the image's"),
        ({"folders": ["here"]}, "setting `tool.runner.postgres.folders` is not valid: 'here'", "a whole path"),
        ({"folders": ["/a/../etc/x"]}, "setting `tool.runner.postgres.folders` is not valid", "a whole path"),
        ({"folders": ["/tmp"]}, "setting `tool.runner.postgres.folders` is not valid: '/tmp'", "need it themselves"),
        ({"folders": ["/etc/x"]}, "setting `tool.runner.postgres.folders` is not valid", "need it themselves"),
        ({"folders": ["/srv/x", "/srv/x"]}, "setting `tool.runner.postgres.folders` is not valid", "twice"),
        ({"settings": {"a": [1]}}, "setting `tool.runner.postgres.settings` is not valid", "a table of"),
    ],
)
def test_a_wrong_value_is_named_with_its_table(table, what, cause):
    error = refuse(table, isolation="none")
    assert error.what.startswith(what)
    assert cause in error.cause


def test_an_unknown_key_gets_the_nearest_one():
    error = refuse({"verison": 15})
    assert (error.what, error.hint) == ("unknown setting `tool.runner.postgres.verison`", "did you mean `version`")


@pytest.mark.parametrize("key", ["user", "database", "databases"])
def test_schema_mode_refuses_names_with_the_reason_and_the_modes_that_take_them(key):
    error = refuse({key: ["app"] if key == "databases" else "app"})
    assert f"postgres.{key}` is not valid" in error.what
    assert error.cause.startswith("where a slot is a schema")
    assert '"database"' in error.hint
    assert '"server"' in error.hint


def test_schema_mode_refuses_superuser_also_for_one_group():
    for others in ({"rights": ["superuser"]}, {"groups": {"slow": {"rights": ["superuser"]}}}):
        error = refuse(**others)
        assert "a superuser has all of them" in error.cause
        assert error.hint == 'set `isolation = "server"`'
    assert merge(isolation="database", rights=["superuser"]).settings.rights == ["superuser"]


@pytest.mark.parametrize(
    ("isolation", "table", "cause"),
    [
        ("database", {"database": "app"}, "each slot has a database of its own"),
        ("database", {"user": "postgres"}, "the role of the runner itself"),
        ("none", {"user": "postgres"}, "the role of the runner itself"),
        ("none", {"database": "template1"}, "the server's own"),
        ("none", {"database": "runner_template"}, "of the runner itself"),
    ],
)
def test_names_that_slots_of_one_server_cannot_have_are_refused(isolation, table, cause):
    assert cause in refuse(table, isolation=isolation).cause


@pytest.mark.parametrize("isolation", ["server", "sandbox"])
@pytest.mark.parametrize(
    ("table", "cause"),
    [
        ({"database": "runner_base"}, "of the runner itself"),
        ({"databases": ["runner_base"]}, "of the runner itself"),
        ({"database": "template0"}, "nobody gets into it"),
        ({"databases": ["template0"]}, "nobody gets into it"),
        ({"databases": ["suite"]}, "other than `suite`"),
        ({"database": "app", "databases": ["logs", "app"]}, "other than `app`"),
        ({"port": 65535}, "64535 is the last one"),
    ],
)
def test_what_a_server_of_its_own_cannot_have_is_refused_before_anything_starts(isolation, table, cause):
    assert cause in refuse(table, isolation=isolation).cause


@pytest.mark.parametrize("table", [{"database": "postgres"}, {"databases": ["template1"]}, {"port": 64535}])
def test_a_server_of_its_own_may_have_the_databases_that_every_server_has(table):
    assert merge(table, isolation="server").settings.postgres == Postgres(**table)


@pytest.mark.parametrize(
    "others",
    [{"pytest_args": ["--url={dbname_lgos}"]}, {"groups": {"slow": {"pytest_args": ["-k", "{dbname_lgos}"]}}}],
)
def test_an_argument_with_a_database_that_there_is_not_is_refused(others):
    assert "`{dbname_lgos}` is none of" in refuse({"databases": ["logs"]}, isolation="none", **others).cause


def test_arguments_may_have_the_databases_that_there_are_and_braces_of_their_own():
    arguments = ["--url={dbname_logs}", "-k", "{lgos}", "{", "{{dbname_lgos}}"]
    assert merge({"databases": ["logs"]}, isolation="none", pytest_args=arguments).settings.pytest_args == arguments


def test_before_postgres_16_the_right_to_make_roles_is_the_right_to_change_those_of_other_slots():
    assert find_conflict(Postgres(version=15), "schema", ["createrole"]) is not None
    assert find_conflict(Postgres(version=15), "none", ["createrole"]) is None
    assert find_conflict(Postgres(version=16), "database", ["createrole"]) is None


def test_a_folder_that_a_sandbox_has_of_its_own_cannot_be_shared_there():
    shared = Postgres(folders=["/tmp/exchange"])
    assert find_conflict(shared, "server", []) is None
    assert find_conflict(shared, "sandbox", []).keys == ("postgres", "folders")
    assert find_conflict(Postgres(folders=["/srv/exchange"]), "sandbox", []) is None


def test_an_error_names_the_layer_that_it_comes_from():
    assert refuse(environ={"RUNNER_POSTGRES": '{user = "app"}'}).what.startswith("setting `RUNNER_POSTGRES` is not")


@pytest.mark.parametrize(
    ("isolation", "postgres", "parts"),
    [
        ("schema", Postgres(), {"user": "gw1", "dbname": "suite", "password": "s-gw1"}),
        ("schema", Postgres(password="{x}"), {"user": "gw1", "password": "{x}"}),
        ("database", Postgres(), {"user": "gw1", "dbname": "gw1", "password": "s-gw1"}),
        (
            "database",
            Postgres(user="app", database="app_{slot}"),
            {"user": "app", "dbname": "app_gw1", "password": "s"},
        ),
        ("database", Postgres(user="app_{slot}", password="p"), {"user": "app_gw1", "dbname": "gw1", "password": "p"}),
        ("none", Postgres(host="localhost", port=5433), {"user": "suite", "host": "localhost", "port": "5433"}),
        ("none", Postgres(user="app", database="app"), {"user": "app", "dbname": "app", "password": "s"}),
        ("database", Postgres(databases=["logs", "a-{slot}"]), {"dbname_logs": "gw1_logs", "dbname_a": "a-gw1"}),
        ("none", Postgres(databases=["logs"]), {"dbname_logs": "logs"}),
    ],
)
def test_the_address_of_a_slot_follows_from_the_table(isolation, postgres, parts):
    found = fill_server(make_server(postgres, isolation, "s"), "gw1")
    assert found == {**found, **parts}


@pytest.mark.parametrize(
    ("name", "key"), [("logs", "logs"), ("{slot}_logs", "logs"), ("a-{slot}-b", "a_b"), ("app.x{slot}", "app_x")]
)
def test_a_further_database_has_a_placeholder_of_its_own(name, key):
    assert name_database(name) == key


def test_the_placeholders_of_further_databases_are_taken_where_there_are_such():
    variables = {"LOGS_URL": "postgresql://{host}/{dbname_logs}"}
    table = {"databases": ["logs"]}
    assert merge(table, isolation="database", environment=variables).settings.environment == variables
    assert "unknown placeholder `{dbname_logs}`" in refuse(isolation="database", environment=variables).cause
    group = {"slow": {"environment": variables}}
    assert merge(table, isolation="database", groups=group).settings.groups["slow"].environment == variables


def test_a_slot_of_several_databases_has_the_addresses_of_all_in_one_variable():
    server = make_server(Postgres(user="a", password="p", databases=["logs"]), "database", "s")
    (text,) = make_list(server).values()
    found = text.format_map(fill_server(server, "gw0"))
    assert found == "postgresql://a:p@127.0.0.1:5432/gw0,postgresql://a:p@127.0.0.1:5432/gw0_logs"
    assert make_list(make_server(Postgres(), "database", "s")) == make_list(None) == {}


@pytest.mark.parametrize("isolation", ["schema", "database"])
def test_roles_without_passwords_are_refused_where_they_keep_workers_apart(isolation):
    error = refuse({"authentication": "trust"}, isolation=isolation)
    assert "keeps workers from each other's roles" in error.cause
    assert "server" in error.hint


@pytest.mark.parametrize("isolation", ["server", "sandbox", "none"])
def test_roles_without_passwords_are_taken_where_there_is_nobody_else(isolation):
    settings = merge_settings({"postgres": {"authentication": "trust"}}, {}, {"isolation": isolation}).settings
    assert settings.postgres.authentication == "trust"
