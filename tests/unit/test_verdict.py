"""Whether a run counts as passed."""

from datetime import date

import pytest
from test_attempt_log import finished, log_of, started

from runner.core.groups import Group
from runner.core.quarantine import Quarantined
from runner.core.settings import Settings
from runner.core.verdict import judge
from runner.errors import BrokenRuleError, RetryBudgetError, SettingsError

pytestmark = pytest.mark.unit

TODAY = date(2026, 5, 1)
BUDGET_HINT = "a retry is no substitute for a repair; `runner flaky` shows which tests need it"


def judge_run(code, *events, broken=(), **settings):
    return judge(code, log_of(*events), broken, Settings(**settings), TODAY)


def retried(test="t", **changes):
    return (
        started(test),
        finished("rerun", test, error="E [40001]", reason="declared", **changes),
        finished("passed", test, 2),
    )


def passed(count):
    return [finished("passed", f"p{number}") for number in range(count)]


def entry(test, until=TODAY):
    return Quarantined(test=test, until=until)


@pytest.mark.smoke
@pytest.mark.parametrize("code", [0, 1, 2, 3, 4])
def test_a_run_without_anything_special_ends_as_pytest_did(code):
    verdict = judge_run(code, finished("failed" if code == 1 else "passed"))
    assert (verdict.exit_code, verdict.error, verdict.lines) == (code, None, [])


def test_one_retry_is_within_the_budget_and_is_told():
    verdict = judge_run(0, *retried())
    assert (verdict.exit_code, verdict.error) == (0, None)
    assert verdict.lines == ["retried: t: E [40001]; passed at attempt 2"]


@pytest.mark.smoke
def test_a_budget_of_none_fails_a_run_whose_tests_passed_in_the_end():
    verdict = judge_run(0, *retried(), retry_budget=0)
    assert verdict.exit_code == 97
    assert isinstance(verdict.error, RetryBudgetError)
    assert verdict.error.as_text() == (
        "error: the retry budget was exceeded: 1 of 1 tests needed a retry\n"
        "cause: 0 may (0.00% of the tests, `retry_budget`)\n"
        f"hint:  {BUDGET_HINT}"
    )


def test_the_budget_of_a_group_counts_its_own_tests_only():
    events = [*retried("a"), *retried("b"), started("c"), finished(test="c"), *passed(300)]
    events = [each if each.name != "test-started" else started(each.data["test"], groups=["g"]) for each in events]
    verdict = judge_run(0, *events, groups={"g": Group(marks=["g"], retry_budget=0.5), "h": Group(marks=["h"])})
    assert verdict.error.as_text() == (
        "error: the retry budget of the group `g` was exceeded: 2 of 3 tests needed a retry\n"
        "cause: 1 may (50.00% of the tests, `groups.g.retry_budget`)\n"
        f"hint:  {BUDGET_HINT}"
    )
    assert verdict.exit_code == 97


def test_a_test_that_failed_in_the_end_keeps_pytest_s_code_and_the_overrun_is_told():
    verdict = judge_run(1, *retried("a"), *retried("b"), finished("failed", "c"))
    assert (verdict.exit_code, verdict.error) == (1, None)
    assert verdict.lines[-1] == (
        "the retry budget was exceeded: 2 of 3 tests needed a retry: 1 may (1.00% of the tests, `retry_budget`)"
    )


def test_a_retry_by_the_test_s_own_mark_is_told_as_such():
    verdict = judge_run(
        0,
        finished("rerun", error="RuntimeError", reason="mark"),
        finished("rerun", attempt=2, error="KeyError", reason="mark"),
        finished("rerun", attempt=3, error="RuntimeError", reason="mark"),
        finished("passed", attempt=4),
    )
    assert verdict.lines == ["retried: t: RuntimeError, KeyError (by its own mark `flaky`); passed at attempt 4"]


def test_a_failure_in_quarantine_does_not_count_and_is_told():
    verdict = judge_run(1, finished("failed", "t.py::a"), quarantine=[entry("t.py")])
    assert (verdict.exit_code, verdict.error) == (0, None)
    assert verdict.lines == ["in quarantine, does not count: t.py::a"]


def test_another_failure_counts_all_the_same():
    events = finished("failed", "t.py::a"), finished("error", "u.py::b")
    verdict = judge_run(1, *events, quarantine=[entry("t.py")])
    assert (verdict.exit_code, verdict.error) == (1, None)
    assert verdict.lines == ["in quarantine, does not count: t.py::a"]


@pytest.mark.parametrize("code", [2, 3, 4])
def test_quarantine_excuses_failed_tests_and_nothing_else(code):
    assert judge_run(code, finished("failed", "t.py::a"), quarantine=[entry("t.py")]).exit_code == code


def test_a_quarantine_that_is_over_fails_the_run_though_its_test_passed():
    verdict = judge_run(0, finished(), quarantine=[entry("t", date(2026, 4, 30)), entry("u", date(2025, 1, 2))])
    assert verdict.exit_code == 90
    assert isinstance(verdict.error, SettingsError)
    assert verdict.error.as_text() == (
        "error: `quarantine` has expired entries\n"
        "cause: `t` since 2026-04-30, `u` since 2025-01-02\n"
        "hint:  repair the test and remove the entry, or move its date"
    )


def test_a_quarantine_that_is_over_protects_nothing():
    verdict = judge_run(1, finished("failed"), quarantine=[entry("t", date(2026, 4, 30))])
    assert (verdict.exit_code, verdict.error) == (1, None)
    assert verdict.lines == ["`quarantine` has expired entries: `t` since 2026-04-30"]


@pytest.mark.smoke
def test_a_broken_rule_fails_a_run_whose_tests_passed():
    verdict = judge_run(0, finished(), broken=["no shared rows: one", "no shared files: two"])
    assert verdict.exit_code == 1
    assert isinstance(verdict.error, BrokenRuleError)
    assert verdict.error.as_text() == "error: rules of isolation were broken: 2\ncause: no shared rows: one"
    assert verdict.lines == [
        "isolation rule broken: no shared rows: one",
        "isolation rule broken: no shared files: two",
    ]


def test_a_broken_rule_beside_failed_tests_is_told_once():
    verdict = judge_run(1, finished("failed"), broken=["x"])
    assert (verdict.exit_code, verdict.error, verdict.lines) == (1, None, ["isolation rule broken: x"])


@pytest.mark.parametrize(("code", "is_error"), [(0, True), (1, False)])
def test_of_several_reasons_none_is_lost(code, is_error):
    quarantine = [entry("u", date(2026, 4, 30))]
    verdict = judge_run(code, *retried(), broken=["x"], retry_budget=0, quarantine=quarantine)
    assert verdict.exit_code == 1
    assert isinstance(verdict.error, BrokenRuleError) is is_error
    assert verdict.lines == [
        "isolation rule broken: x",
        "retried: t: E [40001]; passed at attempt 2",
        "the retry budget was exceeded: 1 of 1 tests needed a retry: 0 may (0.00% of the tests, `retry_budget`)",
        "`quarantine` has expired entries: `u` since 2026-04-30",
    ]


def test_a_broken_rule_counts_though_all_failures_are_in_quarantine():
    verdict = judge_run(1, finished("failed"), broken=["x"], quarantine=[entry("t")])
    assert verdict.exit_code == 1
    assert isinstance(verdict.error, BrokenRuleError)
