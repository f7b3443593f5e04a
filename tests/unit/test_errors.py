"""The errors that a user can meet."""

import pytest

from runner.errors import ERRORS, BrokenRuleError, CollectionError, Interrupted, RunnerError, SettingsError

pytestmark = pytest.mark.unit

DOCUMENTED = {
    "BrokenRuleError": 1,
    "CollectionError": 2,
    "RunnerError": 70,
    "SettingsError": 90,
    "EngineError": 91,
    "ImageError": 92,
    "NotReadyError": 93,
    "PostgresError": 94,
    "EmptySelectionError": 95,
    "LeftBehindError": 96,
    "RetryBudgetError": 97,
    "UnusedDatabaseError": 98,
    "Interrupted": 130,
}


def find_subclasses(kind):
    return {kind}.union(*(find_subclasses(each) for each in kind.__subclasses__()))


@pytest.mark.smoke
def test_there_is_one_class_for_each_documented_exit_code():
    assert {each.__name__: each.exit_code for each in ERRORS} == DOCUMENTED


def test_every_error_with_a_meaning_of_its_own_is_in_the_list():
    assert {each for each in find_subclasses(RunnerError) if "meaning" in vars(each)} == set(ERRORS)
    assert len({each.meaning for each in ERRORS}) == len(ERRORS)


def test_the_only_exit_codes_of_pytests_are_those_of_failed_tests_and_of_tests_that_cannot_be_collected():
    own = {each.exit_code: each for each in ERRORS if each.exit_code in range(6)}
    assert own == {1: BrokenRuleError, 2: CollectionError}


@pytest.mark.parametrize(("number", "name", "code"), [(2, "SIGINT", 130), (15, "SIGTERM", 143), (1, "SIGHUP", 129)])
def test_an_interrupted_run_exits_as_the_shell_expects(number, name, code):
    error = Interrupted(number, name)
    assert (error.exit_code, error.signal_number) == (code, number)
    assert error.as_text() == f"error: the run was ended by {name}"
    assert Interrupted.exit_code == 130


def test_an_error_has_three_lines_with_labels():
    assert SettingsError("cannot do `x`", "it is red", "paint it").as_text() == (
        "error: cannot do `x`\ncause: it is red\nhint:  paint it"
    )


def test_what_is_not_known_is_left_out():
    assert SettingsError("cannot do `x`").as_text() == "error: cannot do `x`"
    assert SettingsError("cannot do `x`", hint="paint it").as_text() == "error: cannot do `x`\nhint:  paint it"


def test_the_same_fields_are_there_as_data():
    assert SettingsError("a", "b", "c").as_dict() == {"code": 90, "what": "a", "cause": "b", "hint": "c"}


def test_an_error_is_its_first_line_for_python():
    assert str(SettingsError("cannot do `x`", "why")) == "cannot do `x`"
