"""Flakiness: rates, the trend, time lost, the worst offenders, and which tests are due for repair."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runner.core.attempts import Attempt
from runner.core.flakiness import Offender, Rate, Trend, is_due, keep_group, make_trend, measure
from runner.core.runs import RunRecord

pytestmark = pytest.mark.unit

quick = settings(database=None, deadline=None)


def attempt(test, number=1, verdict="passed", seconds=1.0, **more):
    return Attempt(test=test, number=number, verdict=verdict, seconds=seconds, **more)


def retry(test, seconds=1.0, lost=1.0, error="E", **more):
    """The attempts of a test that passed when it was tried again."""
    return [attempt(test, 1, "rerun", lost, error=error, **more), attempt(test, 2, "passed", seconds, **more)]


def make_runs(*runs):
    """Runs one after the other, each with these attempts."""
    return [
        (RunRecord(run=f"run-{number}", started=f"2026-01-01T00:00:{number:02}", project="shop"), attempts)
        for number, attempts in enumerate(runs)
    ]


def make_history(test, text):
    """One run for each letter: `r` with a retry, `.` without, `s` skipped, a space without the test."""
    letters = {"r": retry(test), ".": [attempt(test)], "s": [attempt(test, verdict="skipped")], " ": []}
    return make_runs(*(letters[letter] for letter in text))


@pytest.mark.smoke
def test_the_rate_of_a_test_is_the_share_of_its_runs_with_a_retry():
    (worst,) = measure(make_history("a", "..r.")).tests
    assert (worst.test, worst.rate) == ("a", Rate(1, 4, 0.25))


def test_several_retries_in_one_run_count_once():
    runs = make_runs([attempt("a", 1, "rerun"), attempt("a", 2, "rerun"), attempt("a", 3, "failed")], [attempt("a")])
    assert measure(runs).tests[0].rate == Rate(1, 2, 0.5)


def test_runs_without_the_test_or_that_skipped_it_do_not_count():
    found = measure(make_history("a", "r s.s "))
    assert found.tests[0].rate == Rate(1, 2, 0.5)
    assert (found.runs, found.overall) == (6, Rate(1, 2, 0.5))


def test_a_test_that_fails_without_a_retry_is_no_offender():
    found = measure(make_runs([attempt("a", 1, "failed")], [attempt("a", 1, "error")]))
    assert (found.overall, found.tests) == (Rate(0, 2, 0.0), [])


def test_a_run_that_was_cut_short_before_the_next_attempt_counts():
    assert measure(make_runs([attempt("a", 1, "rerun")])).overall == Rate(1, 1, 1.0)


def test_the_overall_rate_counts_every_test_of_every_run():
    runs = make_runs([*retry("a"), attempt("b"), attempt("c")], [attempt("a"), *retry("b"), attempt("c")])
    assert measure(runs).overall == Rate(2, 6, 2 / 6)


def test_a_group_has_the_rate_of_its_tests_and_a_test_counts_in_each_of_its_groups():
    runs = make_runs(
        [*retry("a", groups=("smoke", "slow")), attempt("b", groups=("slow",)), attempt("c")],
        [attempt("a", groups=("smoke", "slow"))],
    )
    found = measure(runs).groups
    assert found == {"slow": Rate(1, 3, 1 / 3), "smoke": Rate(1, 2, 0.5)}
    assert list(found) == ["slow", "smoke"]


def test_the_share_of_time_is_that_of_the_attempts_that_were_tried_again():
    found = measure(make_runs([*retry("a", seconds=2.0, lost=1.5), attempt("b", seconds=0.5)]))
    assert (found.seconds, found.seconds_lost, found.share_lost) == (4.0, 1.5, 0.375)


def test_offenders_come_by_rate_then_by_time_lost_then_by_name():
    runs = make_runs(
        [*retry("rare", lost=99.0), *retry("b", lost=1.0), *retry("a", lost=1.0), *retry("slow", lost=3.0)],
        [attempt("rare")],
    )
    assert [(each.test, each.seconds_lost) for each in measure(runs).tests] == [
        ("slow", 3.0),
        ("a", 1.0),
        ("b", 1.0),
        ("rare", 99.0),
    ]


def test_an_offender_has_the_error_of_its_newest_retry():
    runs = make_runs(retry("a", error="Old"), retry("a", error="New [40001]"), [attempt("a", 1, "failed", error="No")])
    assert measure(runs).tests == [Offender("a", Rate(2, 3, 2 / 3), 2.0, "New [40001]", True)]


def test_attempts_may_come_in_any_order():
    forth = [attempt("a", 1, "rerun", error="First"), attempt("a", 2, "rerun", error="Second"), attempt("a", 3)]
    assert measure(make_runs(forth)) == measure(make_runs(forth[::-1]))
    assert measure(make_runs(forth)).tests[0].last_error == "Second"


@pytest.mark.smoke
@pytest.mark.parametrize(
    ("history", "due"),
    [
        ("r", False),
        ("r...", False),
        ("r....", True),
        ("rr", True),
        ("r.r", True),
        ("r" + "." * 18, True),
        ("r" + "." * 19, False),
        ("rr" + "." * 38, False),
        ("rr" + "." * 37, True),
        ("rssss", False),
    ],
)
def test_due_is_a_rate_above_the_limit_after_five_runs_or_two_with_a_retry(history, due):
    assert measure(make_history("a", history)).tests[0].due == due


@pytest.mark.parametrize(("limit", "due"), [(0.0, True), (0.19, True), (0.2, False), (1.0, False)])
def test_the_limit_itself_is_still_fine(limit, due):
    assert measure(make_history("a", "r...."), limit).tests[0].due == due
    assert not is_due(Rate(0, 5, 0.0), 0.0)


@pytest.mark.parametrize(
    ("older", "newer", "direction"),
    [
        (Rate(0, 100, 0.0), Rate(10, 100, 0.1), "rising"),
        (Rate(10, 100, 0.1), Rate(0, 100, 0.0), "falling"),
        (Rate(1, 100, 0.01), Rate(2, 100, 0.02), "steady"),
        (Rate(0, 3, 0.0), Rate(2, 3, 2 / 3), "steady"),
        (Rate(0, 9, 0.0), Rate(0, 9, 0.0), "steady"),
        (Rate(9, 9, 1.0), Rate(9, 9, 1.0), "steady"),
        (Rate(0, 9, 0.0), Rate(9, 9, 1.0), "rising"),
        (Rate(0, 0, 0.0), Rate(9, 9, 1.0), "unknown"),
        (Rate(9, 9, 1.0), Rate(0, 0, 0.0), "unknown"),
    ],
)
def test_the_trend_tells_a_change_from_chance(older, newer, direction):
    assert make_trend(older, newer) == Trend(direction, older, newer)


def test_the_trend_compares_the_halves_of_the_runs_the_middle_one_counts_as_newer():
    trend = measure(make_history("a", "r....")).trend
    assert (trend.older, trend.newer) == (Rate(1, 2, 0.5), Rate(0, 3, 0.0))
    assert measure(make_history("a", "." * 10 + "r" * 10)).trend.direction == "rising"


def test_one_run_has_no_trend():
    assert measure(make_history("a", "r")).trend.direction == "unknown"


@pytest.mark.smoke
def test_nothing_has_figures_too():
    found = measure([])
    nothing = Rate(0, 0, 0.0)
    assert (found.runs, found.overall, found.trend) == (0, nothing, Trend("unknown", nothing, nothing))
    assert (found.seconds, found.seconds_lost, found.share_lost, found.groups, found.tests) == (0, 0, 0.0, {}, [])


def test_a_group_is_looked_at_without_other_tests_groups_and_runs():
    runs = make_runs(
        [*retry("a", groups=("slow", "smoke")), attempt("b", groups=("smoke",))],
        [attempt("b", groups=("smoke",))],
        [attempt("a", groups=("slow",))],
    )
    found = measure(keep_group(runs, "slow"))
    assert (found.runs, found.overall, found.groups) == (2, Rate(1, 2, 0.5), {"slow": Rate(1, 2, 0.5)})
    assert keep_group(runs, "e2e") == []


verdicts = st.sampled_from(["passed", "failed", "error", "skipped", "xfailed", "xpassed", "rerun"])
attempts = st.builds(
    Attempt,
    test=st.sampled_from("abc"),
    number=st.integers(1, 3),
    verdict=verdicts,
    seconds=st.floats(0, 100),
    groups=st.sets(st.sampled_from(["x", "y"])).map(lambda names: tuple(sorted(names))),
)


@given(st.lists(st.lists(attempts, max_size=6), max_size=6))
@quick
def test_the_figures_agree_with_each_other(given_runs):
    found = measure(make_runs(*given_runs))
    assert found.overall.retried == sum(each.rate.retried for each in found.tests)
    assert found.overall.retried == found.trend.older.retried + found.trend.newer.retried
    assert found.overall.total == found.trend.older.total + found.trend.newer.total
    assert 0 <= found.overall.share <= 1
    assert 0 <= found.share_lost <= 1.0000001
    assert found.seconds_lost == pytest.approx(sum(each.seconds_lost for each in found.tests))
    assert all(1 <= each.rate.retried <= each.rate.total <= found.runs for each in found.tests)
    assert [each.rate.share for each in found.tests] == sorted((each.rate.share for each in found.tests), reverse=True)
