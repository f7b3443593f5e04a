"""Settings: layers, sources, and what is said about a value that does not fit."""

from datetime import date

import pytest
from msgspec.structs import replace

from runner.core.quarantine import Quarantined
from runner.core.settings import FIELDS, Settings, find_fields, make_workers, parse_number
from runner.core.settings_layers import merge_settings, read_environment
from runner.errors import SettingsError

pytestmark = pytest.mark.unit

HINT = "`runner config` shows every setting and where its value comes from"


def merge(file=None, environ=None, **flags):
    return merge_settings(file or {}, environ or {}, flags)


def refuse(file=None, environ=None, **flags):
    """The error for settings that are refused, as (what, cause, hint)."""
    with pytest.raises(SettingsError) as caught:
        merge(file, environ, **flags)
    error = caught.value
    return error.what, error.cause, error.hint


def test_without_any_layer_every_value_is_a_default():
    sourced = merge()
    assert set(sourced.sources.values()) == {"default"}
    assert replace(sourced.settings, groups={}) == Settings()


@pytest.mark.smoke
def test_a_flag_beats_the_environment_which_beats_the_file():
    layers = [
        ({}, {}, {}, "schema", "default"),
        ({"isolation": "database"}, {}, {}, "database", "pyproject.toml"),
        ({"isolation": "database"}, {"RUNNER_ISOLATION": "none"}, {}, "none", "environment"),
        ({"isolation": "database"}, {"RUNNER_ISOLATION": "none"}, {"isolation": "schema"}, "schema", "flag"),
    ]
    for file, environ, flags, value, source in layers:
        sourced = merge(file, environ, **flags)
        assert (sourced.settings.isolation, sourced.sources["isolation"]) == (value, source)


def test_a_file_of_its_own_beats_the_project_s_and_leaves_the_rest_of_a_group():
    file = {"workers": 1, "dist": "load", "groups": {"slow": {"workers": 1, "timeout": 9.0}, "db": {}}}
    beside = {"workers": 2, "groups": {"slow": {"workers": 2}}}
    sourced = merge_settings(file, {"RUNNER_TIMEOUT": "5"}, {}, beside)
    settings = sourced.settings
    assert (settings.workers, settings.dist, settings.timeout) == (2, "load", 5)
    assert (settings.groups["slow"].workers, settings.groups["slow"].timeout) == (2, 9)
    assert "db" in settings.groups
    assert (sourced.sources["workers"], sourced.sources["dist"]) == ("--config", "pyproject.toml")


def test_a_wrong_value_in_a_file_of_its_own_is_named_as_it_stands_there():
    with pytest.raises(SettingsError, match=r"setting `groups\.slow\.workers` in the file of `--config` is not valid"):
        merge_settings({}, {}, {}, {"groups": {"slow": {"workers": -1}}})


def test_a_flag_that_was_not_given_does_not_count_as_a_layer():
    sourced = merge({"workers": 3}, workers=None)
    assert (sourced.settings.workers, sourced.sources["workers"]) == (3, "pyproject.toml")


def test_the_sources_of_different_settings_do_not_mix():
    sourced = merge({"dist": "load"}, {"RUNNER_TIMEOUT": "5"}, workers=2)
    given = {name: source for name, source in sourced.sources.items() if source != "default"}
    assert given == {"dist": "pyproject.toml", "timeout": "environment", "workers": "flag"}


def test_a_key_with_hyphens_is_the_one_with_underscores():
    assert merge({"startup-timeout": 7}).settings.startup_timeout == 7


def test_settings_cannot_be_changed_afterwards():
    with pytest.raises(AttributeError, match="immutable"):
        merge().settings.workers = 3


@pytest.mark.parametrize(
    ("name", "value", "cause"),
    [
        ("isolation", "tables", "expected one of schema, database, server, sandbox, none"),
        ("isolation", 1, "expected one of schema, database, server, sandbox, none"),
        ("workers", "many", "expected a whole number from 0 to 256, or auto"),
        ("workers", 1.5, "expected a whole number from 0 to 256, or auto"),
        ("workers", True, "expected a whole number from 0 to 256, or auto"),
        ("workers", -1, "expected a whole number from 0 to 256, or auto"),
        ("workers", 257, "expected a whole number from 0 to 256, or auto"),
        ("dist", "each", "expected one of load, loadscope, loadfile, loadgroup, worksteal"),
        ("timeout", "1h", "expected a number above 0"),
        ("timeout", 0, "expected a number above 0"),
        ("startup_timeout", -2.5, "expected a number above 0"),
        ("reruns", -1, "expected a whole number from 0"),
        ("reruns", 1.5, "expected a whole number from 0"),
        ("reruns_delay", -0.5, "expected a number from 0"),
        ("retry_budget", 1.5, "expected a number from 0 to 1"),
        ("retry_budget", "1%", "expected a number from 0 to 1"),
        ("snapshots", "sometimes", "expected one of auto, always, never"),
        ("setup", "alembic upgrade head", "expected a list of text"),
        ("writable", "/tmp", "expected a list of text"),
        ("lock", 3, "expected text"),
        ("extras", "dev", "expected a list of text"),
        ("dependency_groups", {"a": 1}, "expected a list of text"),
        ("base_image", False, "expected text"),
        (
            "exclude_newer",
            "soon",
            "expected text: cut-off date where packages are resolved without a lock, such as `2026-11-30`",
        ),
        ("ca_bundle", ["a"], "expected text"),
        ("postgres_memory", 1.5, "expected a whole number from 0"),
        ("postgres_memory", -1, "expected a whole number from 0"),
        ("environment", ["A=b"], "expected a table of text"),
        ("pass_environment", "CI", "expected a list of text"),
        ("pytest_args", "-x", "expected a list of text"),
        ("results", 1, "expected text"),
        ("groups", 3, "expected a table"),
    ],
)
def test_a_value_of_the_wrong_type_is_named_with_its_place_and_its_reason(name, value, cause):
    assert refuse({name: value}) == (f"setting `tool.runner.{name}` is not valid: {value!r}", cause, HINT)


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [("packages", ["git", 3], "['git', 3]"), ("environment", {"A": 1}, "{'A': 1}")],
)
def test_a_wrong_value_inside_a_list_or_a_table_is_named_by_its_setting(name, value, shown):
    what, cause, _ = refuse({name: value})
    assert what == f"setting `tool.runner.{name}` is not valid: {shown}"
    assert cause in {"expected a list of text", "expected a table of text"}


@pytest.mark.parametrize(
    ("file", "environ", "flags", "shown"),
    [
        ({"startup_timeout": 0}, {}, {}, "tool.runner.startup_timeout"),
        ({}, {"RUNNER_STARTUP_TIMEOUT": "0"}, {}, "RUNNER_STARTUP_TIMEOUT"),
        ({}, {}, {"startup_timeout": 0}, "--startup-timeout"),
    ],
)
def test_a_refused_setting_is_named_as_the_user_wrote_it(file, environ, flags, shown):
    assert refuse(file, environ, **flags)[0] == f"setting `{shown}` is not valid: 0"


def test_a_value_that_a_stronger_layer_replaces_is_refused_all_the_same():
    assert refuse({"workers": "many"}, workers=2)[0] == "setting `tool.runner.workers` is not valid: 'many'"


def test_an_unknown_setting_gets_the_nearest_known_key():
    assert refuse({"isolaton": "schema"}) == (
        "unknown setting `tool.runner.isolaton`",
        "",
        "did you mean `isolation`",
    )


def test_an_unknown_setting_like_no_other_gets_the_list_of_all():
    assert refuse({"qqq": 1})[2] == "known: " + ", ".join(sorted(FIELDS))


def test_an_unknown_key_inside_a_group_gets_the_nearest_key_of_groups():
    assert refuse({"groups": {"smoke": {"wen": ["commit"]}}}) == (
        "unknown setting `tool.runner.groups.smoke.wen`",
        "",
        "did you mean `when`",
    )


@pytest.mark.parametrize(
    ("group", "what", "cause"),
    [
        ({"when": ["tomorrow"]}, "when", "expected a list of one of commit, pull-request, nightly, release"),
        ({"marks": []}, "marks", "expected a list of at least one text"),
        ({"marks": "a"}, "marks", "expected a list of at least one text"),
        ({"database": "no"}, "database", "expected true or false"),
        ({"default": 1}, "default", "expected true or false"),
        ({"workers": "many"}, "workers", "expected a whole number from 0 to 256, or auto"),
        ({"egress": "no"}, "egress", "expected true or false"),
        ({"reruns": -1}, "reruns", "expected a whole number from 0"),
        ({"retry_budget": 2}, "retry_budget", "expected a number from 0 to 1"),
        ({"timeout": 0}, "timeout", "expected a number above 0"),
        ({"environment": {"A": 1}}, "environment", "expected a table of text"),
        ({"pytest_args": "-x"}, "pytest_args", "expected a list of text"),
    ],
)
def test_a_wrong_value_inside_a_group_is_named_with_its_group(group, what, cause):
    said, reason, _ = refuse({"groups": {"mine": group}})
    assert said.startswith(f"setting `tool.runner.groups.mine.{what}` is not valid: ")
    assert reason == cause


def test_a_group_that_is_no_table_is_named():
    assert refuse({"groups": {"mine": 3}})[0] == "setting `tool.runner.groups.mine` is not valid: 3"


def test_a_group_with_a_negative_number_of_workers_is_refused():
    assert refuse({"groups": {"mine": {"workers": -1}}})[0] == (
        "setting `tool.runner.groups.mine.workers` is not valid: -1"
    )


def test_the_problems_of_two_groups_are_not_told_as_one():
    _, cause, _ = refuse({"groups": {"a": {"when": ["never"]}, "b": {"database": 1}}})
    assert cause == "expected a list of one of commit, pull-request, nightly, release"


@pytest.mark.parametrize(
    ("variable", "text", "value"),
    [
        ("WORKERS", "4", 4),
        ("WORKERS", "auto", "auto"),
        ("TIMEOUT", "2.5", 2.5),
        ("ISOLATION", "database", "database"),
        ("RESULTS", "4", "4"),
        ("LOCK", "[odd].txt", "[odd].txt"),
        ("PACKAGES", "git,curl", ["git", "curl"]),
        ("PACKAGES", " git , curl ,", ["git", "curl"]),
        ("PACKAGES", '["git", "a,b"]', ["git", "a,b"]),
        ("PACKAGES", "", []),
        ("PYTEST_ARGS", "-x", ["-x"]),
        ("ENVIRONMENT", '{A = "b"}', {"A": "b"}),
    ],
)
def test_a_variable_is_read_as_its_setting_wants_it(variable, text, value):
    environ = {f"RUNNER_{variable}": text}
    assert read_environment(environ) == {variable.lower(): value}
    assert getattr(merge({}, environ).settings, variable.lower()) == value


def test_a_variable_of_the_wrong_type_is_named():
    assert refuse({}, {"RUNNER_POSTGRES_MEMORY": "lots"}) == (
        "setting `RUNNER_POSTGRES_MEMORY` is not valid: 'lots'",
        "expected a whole number from 0",
        HINT,
    )


def test_variables_of_others_that_begin_alike_are_left_alone():
    assert read_environment({"RUNNER_OS": "Linux", "RUNNER_TEMP": "/tmp", "runner_workers": "3"}) == {}


def test_a_default_group_keeps_what_the_project_does_not_change():
    smoke = merge({"groups": {"smoke": {"workers": 1}}}).settings.groups["smoke"]
    assert (smoke.workers, smoke.marks, smoke.when) == (1, ["smoke"], ["commit"])


def test_the_mark_of_a_new_group_is_its_own_name_unless_it_says_otherwise():
    groups = merge({"groups": {"fast": {}, "db": {"marks": ["a", "b"]}}}).settings.groups
    assert (groups["fast"].marks, groups["db"].marks) == (["fast"], ["a", "b"])


def test_declaring_a_group_leaves_the_default_ones_there():
    groups = merge({"groups": {"fast": {}}}).settings.groups
    assert list(groups) == ["smoke", "regression", "slow", "e2e", "security", "performance", "fast"]


def test_two_projects_do_not_share_changes_of_a_default_group():
    merge({"groups": {"smoke": {"workers": 1}}})
    assert merge().settings.groups["smoke"].workers is None


@pytest.mark.parametrize("template", ["{user}:{password}@{host}:{port}/{dbname}", "{slot}", "plain", "{{literal}}"])
def test_placeholders_of_a_slot_are_taken(template):
    assert merge({"environment": {"A": template}}).settings.environment == {"A": template}


@pytest.mark.parametrize(
    ("template", "cause"),
    [
        ("{db}", "`URL` has the unknown placeholder `{db}`"),
        ("{}", "`URL` has the unknown placeholder `{}`"),
        ('{"a": 1}', '`URL` has the unknown placeholder `{"a"}`'),
        ("{user.name}", "`URL` has the unknown placeholder `{user.name}`"),
    ],
)
def test_an_unknown_placeholder_is_refused_by_name(template, cause):
    said, reason, _ = refuse({"environment": {"URL": template}})
    assert said.startswith("setting `tool.runner.environment` is not valid: ")
    assert reason == f"{cause}; a brace that is meant is doubled"


def test_a_lone_brace_is_refused_like_any_other_value():
    said, reason, _ = refuse({"environment": {"URL": "{user"}})
    assert said.startswith("setting `tool.runner.environment` is not valid")
    assert reason == "`URL` has a brace alone; a brace that is meant is doubled"


def test_the_fields_of_a_template_are_found_once_each():
    assert find_fields("{user}/{user}/{{slot}}/{host}") == {"user", "host"}


def test_auto_workers_are_the_cpus_of_the_engine():
    assert [make_workers(value, 6) for value in ("auto", 0, 3)] == [6, 0, 3]


def test_a_number_of_workers_that_is_none_is_left_for_the_validation():
    assert [parse_number(text) for text in (None, "3", "-1", "auto", "1.5")] == [None, 3, -1, "auto", 1.5]


@pytest.mark.security
@pytest.mark.parametrize("name", ["default", "../../tmp/x", "a b", ""])
def test_a_group_s_name_must_be_able_to_name_a_file(name):
    error = refuse_file({"groups": {name: {"marks": ["a"]}}})
    assert error.exit_code == 90
    assert f"`{name}` cannot name a group" in error.cause


def refuse_file(layer):
    with pytest.raises(SettingsError) as caught:
        merge_settings(layer, {}, {})
    return caught.value


@pytest.mark.security
@pytest.mark.parametrize(
    ("name", "template"), [("A=B", "x"), ("=", "x"), ("", "x"), ("A\0B", "x"), ("A", "x\0y")], ids=repr
)
def test_what_cannot_be_a_variable_of_the_environment_is_refused_by_name(name, template):
    assert refuse({"environment": {name: template}}) == (
        f"setting `tool.runner.environment` is not valid: { ({name: template})!r}",
        f"`{name}` cannot be a variable of the environment",
        HINT,
    )


def test_a_variable_whose_value_holds_an_equals_sign_is_taken():
    assert merge({"environment": {"A_b1": "x=y"}}).settings.environment == {"A_b1": "x=y"}


@pytest.mark.parametrize("name", ["40001", "08", "57P01", "http.client.HTTPException", "my_app.errors.Busy"])
def test_a_sqlstate_or_a_class_by_its_full_name_can_be_declared_transient(name):
    assert merge({"transient": [name]}).settings.transient == [name]


@pytest.mark.parametrize("name", ["AssertionError", "builtins.AssertionError", "Failed", "_pytest.outcomes.Failed"])
def test_a_failed_assertion_cannot_be_declared_transient(name):
    assert refuse({"transient": ["40001", name]}) == (
        f"setting `tool.runner.transient` is not valid: ['40001', {name!r}]",
        "a failed assertion is never transient; a test's own `flaky` mark may retry it",
        HINT,
    )


@pytest.mark.parametrize("name", ["Error", "4000", "", "a b.c"])
def test_what_can_match_no_error_cannot_be_declared_transient(name):
    _, cause, _ = refuse({}, {"RUNNER_TRANSIENT": f'["{name}"]'})
    assert cause == (
        f"`{name}` is neither the full name of a class, such as `http.client.HTTPException`, nor a SQLSTATE"
    )


def test_the_default_list_of_transient_failures_is_replaced_as_a_whole():
    assert "40001" in merge().settings.transient
    assert merge({"transient": []}).settings.transient == []
    merge().settings.transient.append("99999")
    assert "99999" not in merge().settings.transient


def test_an_entry_of_the_quarantine_has_a_test_a_day_and_perhaps_a_reason():
    day = date(2026, 12, 31)
    entries = [{"test": "a.py::test_a", "until": day}, {"test": "b.py", "until": day, "reason": "#7"}]
    assert merge({"quarantine": entries}).settings.quarantine == [
        Quarantined(test="a.py::test_a", until=day),
        Quarantined(test="b.py", until=day, reason="#7"),
    ]


@pytest.mark.parametrize(
    "entry", [{"test": "a"}, {"until": date(2026, 1, 1)}, {"test": "a", "until": "soon"}, {"test": "a", "untl": 1}, "a"]
)
def test_an_entry_of_the_quarantine_without_its_day_is_refused(entry):
    what, cause, _ = refuse({"quarantine": [entry]})
    assert what.startswith("setting `tool.runner.quarantine` is not valid: ")
    assert cause.startswith("expected a list of ")


@pytest.mark.parametrize(
    ("variable", "text", "value"),
    [
        ("SETUP", '["alembic upgrade head"]', ["alembic upgrade head"]),
        ("RERUNS", "0", 0),
        ("RETRY_BUDGET", "0.05", 0.05),
        ("SNAPSHOTS", "never", "never"),
        ("TRANSIENT", "08,40001", ["08", "40001"]),
        ("QUARANTINE", '[{test = "a", until = 2026-12-31}]', [Quarantined(test="a", until=date(2026, 12, 31))]),
    ],
)
def test_settings_of_retries_and_setup_can_come_from_the_environment(variable, text, value):
    assert getattr(merge({}, {f"RUNNER_{variable}": text}).settings, variable.lower()) == value


def test_placeholders_in_the_variables_of_a_group_are_checked_too():
    assert merge({"groups": {"a": {"environment": {"URL": "x://{user}"}}}}).settings.groups["a"].environment == {
        "URL": "x://{user}"
    }
    what, cause, _ = refuse({"groups": {"a": {"environment": {"URL": "{db}"}}}})
    assert what.startswith("setting `tool.runner.groups.a.environment` is not valid: ")
    assert cause == "`URL` has the unknown placeholder `{db}`; a brace that is meant is doubled"


def test_a_sandbox_without_a_server_is_refused_rather_than_left_out():
    said, cause, _ = refuse({"isolation": "sandbox", "database": False})
    assert said == "setting `tool.runner.isolation` is not valid: 'sandbox'"
    assert cause.startswith("a sandbox comes with a server, and the run has no database")
    groups = {"db": {"database": True}}
    assert merge_settings({"isolation": "sandbox", "database": False, "groups": groups}, {}, {}).settings
