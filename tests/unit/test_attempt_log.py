"""The attempts of every test, collected from the events of a run."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.core.attempt_log import FINAL, AttemptLog, find_failed
from runner.core.attempts import Attempt
from runner.core.events import Event

pytestmark = pytest.mark.unit


def started(test="t", attempt=1, groups=()):
    return Event("test-started", 0.0, {"test": test, "attempt": attempt, "groups": list(groups), "worker": "gw0"})


def finished(verdict="passed", test="t", attempt=1, **changes):
    usual = {"seconds": 0.1, "error": "", "message": "", "text": "", "worker": "gw0", "reason": ""}
    return Event("test-finished", 1.0, {"test": test, "verdict": verdict, "attempt": attempt, **usual | changes})


def log_of(*events):
    log = AttemptLog()
    for event in events:
        log.add(event)
    return log


def test_an_attempt_holds_all_that_was_told_of_it():
    log = log_of(
        started(groups=["smoke", "api"]),
        finished(
            "rerun", error="E [40001]", message="E: x", text="trace", worker="gw1", reason="declared", seconds=2.5
        ),
    )
    assert log.attempts == [
        Attempt(
            test="t",
            number=1,
            verdict="rerun",
            seconds=2.5,
            error="E [40001]",
            message="E: x",
            text="trace",
            worker="gw1",
            groups=("smoke", "api"),
            reason="declared",
        )
    ]


def test_the_last_attempt_of_each_test_is_the_one_that_counts():
    log = log_of(
        finished("rerun", "a"),
        finished("passed", "b"),
        finished("rerun", "a", 2),
        finished("failed", "a", 3),
        finished("rerun", "c", 1),
        finished("passed", "c", 2),
    )
    assert {each.test: (each.number, each.verdict) for each in log.last} == {
        "a": (3, "failed"),
        "b": (1, "passed"),
        "c": (2, "passed"),
    }
    assert [(each.test, each.number) for each in log.retried] == [("a", 1), ("a", 2), ("c", 1)]
    assert find_failed(log.last) == ["a"]


@pytest.mark.parametrize("events", [("passed", "error"), ("error", "passed")])
def test_an_error_in_the_teardown_of_a_test_that_passed_is_what_counts(events):
    log = log_of(*map(finished, events))
    assert [each.verdict for each in log.attempts] == ["error"]
    assert find_failed(log.last) == ["t"]


def test_a_test_that_failed_and_has_an_error_in_its_teardown_failed_once():
    log = log_of(finished("failed"), finished("error"))
    assert find_failed(log.last) == ["t"]
    assert len(log.attempts) == 1


def test_the_groups_of_a_test_are_those_of_its_newest_start_and_none_without_one():
    log = log_of(started("a", groups=["x"]), finished(test="a"), finished(test="b"))
    assert {each.test: each.groups for each in log.attempts} == {"a": ("x",), "b": ()}


def test_a_retry_that_never_came_to_its_end_is_a_failure():
    assert find_failed(log_of(finished("rerun"), started(attempt=2)).last) == ["t"]


def test_other_events_say_nothing_about_attempts():
    log = log_of(Event("worker-crashed", 0.0, {"worker": "gw0"}), Event("collected", 0.0, {"tests": 1}), started())
    assert (log.attempts, log.last, log.retried) == ([], [], [])


@pytest.mark.security
def test_a_verdict_that_nobody_knows_is_not_counted():
    log = log_of(finished("passed"), finished("better"))
    assert [each.verdict for each in log.attempts] == ["passed"]


ONE = st.builds(
    finished,
    verdict=st.sampled_from(FINAL),
    test=st.sampled_from("abc"),
    attempt=st.integers(min_value=1, max_value=3),
)


@given(events=st.lists(ONE), data=st.data())
def test_what_counts_does_not_depend_on_the_order_of_events(events, data):
    def show(events):
        return sorted((each.test, each.number, each.verdict) for each in log_of(*events).attempts)

    assert show(events) == show(data.draw(st.permutations(events)))


@given(events=st.lists(ONE))
def test_each_test_has_one_last_attempt_and_it_has_the_highest_number(events):
    log = log_of(*events)
    assert {each.test for each in log.last} == {each.data["test"] for each in events}
    assert len(log.last) == len({each.test for each in log.last})
    for last in log.last:
        assert last.number == max(each.number for each in log.attempts if each.test == last.test)
