"""How far a run has come, from its events."""

import pytest

from runner.core.events import Event
from runner.core.run_state import RunState, Work

pytestmark = pytest.mark.unit


def make(*events):
    state = RunState()
    for at, (name, data) in enumerate(events):
        state.add(Event(name, float(at), data))
    return state


def begin(test, worker, attempt=1):
    return "test-started", {"test": test, "worker": worker, "attempt": attempt, "time": 1000.0}


def end(test, worker, verdict="passed"):
    return "test-finished", {"test": test, "worker": worker, "verdict": verdict}


TESTS = ("step-started", {"step": "tests"})
RUN = ("run-started", {"project": "orders", "time": 500.0})


@pytest.mark.smoke
def test_the_step_and_the_tests_that_run_are_known():
    state = make(RUN, TESTS, ("collected", {"tests": 2, "marks": []}), begin("a", "gw0"), begin("b", "gw1"))
    assert (state.project, state.started, state.step, state.collected) == ("orders", 500.0, "tests", 2)
    assert state.workers == {"gw0": Work("a", 1, 3.0), "gw1": Work("b", 1, 4.0)}


def test_a_test_with_a_verdict_may_still_be_in_its_teardown():
    state = make(TESTS, begin("a", "gw0"), end("a", "gw0"))
    assert state.workers == {"gw0": Work("a", 1, 1.0, is_over=True)}
    assert state.verdicts == {"passed": 1}


def test_a_worker_that_starts_the_next_test_has_left_the_last_one():
    assert make(TESTS, begin("a", "gw0"), begin("b", "gw0"), end("a", "gw0")).workers["gw0"].test == "b"


def test_a_second_attempt_runs_again():
    state = make(TESTS, begin("a", "gw0"), end("a", "gw0", "rerun"), begin("a", "gw0", 2))
    assert state.workers["gw0"] == Work("a", 2, 3.0)


def test_a_worker_that_crashed_does_nothing_any_more():
    state = make(TESTS, begin("a", "gw0"), ("worker-crashed", {"worker": "gw0"}))
    assert (state.workers, state.crashed) == ({}, ["gw0"])


def test_workers_of_an_earlier_pass_are_gone():
    assert make(TESTS, begin("a", "gw0"), TESTS).workers == {}


def test_without_a_first_event_the_start_is_known_from_a_test():
    assert make(TESTS, begin("a", "gw0")).started == 999.0


@pytest.mark.parametrize(
    ("event", "exit_code"),
    [
        (("step-finished", {"step": "teardown", "seconds": 0.2, "note": ""}), None),
        (("run-finished", {"exit_code": 1}), 1),
    ],
)
def test_a_run_is_over_once_its_containers_are_removed(event, exit_code):
    state = make(TESTS, event)
    assert (state.is_over, state.exit_code) == (True, exit_code)


@pytest.mark.parametrize("name", ["run-started", "step-started", "step-finished", "test-started", "test-finished", "x"])
def test_an_event_without_its_fields_tells_nothing(name):
    state = make(TESTS, (name, {}))
    assert (state.step, state.is_over, state.workers) == ("tests", False, {})
