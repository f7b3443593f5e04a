"""Outcomes: counts of tests, and one exit code from those of the passes."""

from collections import Counter
from itertools import permutations

import pytest

from runner.core.events import Event
from runner.core.outcome import Tally, check_ends, combine_exit_codes
from runner.errors import EmptySelectionError, EngineError, SettingsError

pytestmark = pytest.mark.unit


@pytest.mark.smoke
@pytest.mark.parametrize(
    ("codes", "expected"),
    [
        ([0], 0),
        ([1], 1),
        ([0, 0], 0),
        ([0, 1], 1),
        ([0, 5], 0),
        ([1, 5], 1),
        ([1, 2], 2),
        ([1, 3], 3),
        ([4, 0], 4),
        ([2, 4, 3], 4),
        ([0, 1, 5], 1),
        ([137, 1], 137),
    ],
)
def test_the_worst_pass_decides_whatever_the_order(codes, expected):
    assert {combine_exit_codes(order, "x") for order in permutations(codes)} == {expected}


@pytest.mark.parametrize("codes", [[5], [5, 5], []])
def test_a_run_of_empty_passes_is_an_empty_selection(codes):
    with pytest.raises(EmptySelectionError) as caught:
        combine_exit_codes(codes, "--group smoke")
    assert caught.value.as_text() == "error: no test matches --group smoke\nhint:  `runner groups` counts the tests"
    assert caught.value.exit_code == 95


def started(test, at=0.0):
    return Event("test-started", at, {"test": test})


def finished(test, verdict):
    return Event("test-finished", 9.0, {"test": test, "verdict": verdict})


def tally_of(*events):
    tally = Tally()
    for event in events:
        tally.add(event)
    return tally


def test_a_tally_counts_verdicts_in_the_order_of_their_first():
    tally = tally_of(finished("a", "passed"), finished("b", "failed"), finished("c", "passed"))
    assert tally.as_text(Counter()) == "2 passed, 1 failed"


def test_a_tally_of_one_pass_leaves_out_what_was_counted_before():
    tally = tally_of(finished("a", "passed"), finished("b", "failed"), finished("c", "passed"))
    assert tally.as_text(Counter(passed=1, failed=1)) == "1 passed"


def test_a_tally_of_nothing_says_so():
    assert Tally().as_text(Counter()) == "no tests"


def test_a_test_runs_until_it_is_finished():
    tally = tally_of(started("a", 1.0), started("b", 2.5), finished("a", "passed"))
    assert tally.running == {"b": 2.5}


def test_the_end_of_a_test_that_never_began_is_counted_too():
    assert tally_of(finished("a", "error")).verdicts == {"error": 1}


def test_crashed_workers_are_kept_in_order():
    tally = tally_of(*(Event("worker-crashed", 0.0, {"worker": name}) for name in ("gw1", "gw0")))
    assert tally.crashed == ["gw1", "gw0"]


def test_other_events_do_not_change_a_tally():
    assert tally_of(Event("step-started", 0.0, {"step": "image"})) == Tally()


@pytest.mark.parametrize(("code", "name"), [(137, "SIGKILL"), (139, "SIGSEGV"), (143, "SIGTERM")])
@pytest.mark.parametrize("others", [[], [0], [1], [5]])
def test_a_pass_that_a_signal_ended_is_an_error_that_names_the_signal(code, name, others):
    with pytest.raises(EngineError) as caught:
        check_ends([*others, code], Tally())
    assert caught.value.as_text() == (
        f"error: pytest was ended by {name}\ncause: a test sent it, or the engine ran out of memory"
    )
    assert caught.value.exit_code == 91


def test_a_good_end_with_a_test_that_never_ended_is_an_error_that_names_the_test():
    tally = tally_of(started("t::test_a"), finished("t::test_a", "passed"), started("t::test_b"))
    with pytest.raises(EngineError) as caught:
        check_ends([0], tally)
    assert caught.value.as_text() == (
        "error: pytest ended before its tests did\ncause: running: t::test_b\n"
        "hint:  a test may end the process it runs in"
    )


def test_no_more_than_five_of_the_tests_that_never_ended_are_named():
    with pytest.raises(EngineError) as caught:
        check_ends([0, 0], tally_of(*(started(f"test_{n}") for n in range(9))))
    assert caught.value.cause == "running: test_0, test_1, test_2, test_3, test_4"


@pytest.mark.parametrize("code", [1, 2, 3, 4])
def test_a_bad_end_of_pytests_own_with_a_test_running_says_enough(code):
    tally = tally_of(started("a"))
    check_ends([code], tally)
    assert combine_exit_codes([code], "x") == code
    assert tally.running == {"a": 0.0}


def test_a_good_end_with_every_test_ended_is_no_error():
    ended = Event("pytest-ended", 0.0, {})
    check_ends([0, 0], tally_of(started("a"), finished("a", "passed"), ended, ended))
    check_ends([5], tally_of(ended))


def test_a_good_end_that_pytest_did_not_tell_is_an_error_even_when_no_test_is_running():
    with pytest.raises(EngineError, match="pytest ended before its tests did"):
        check_ends([0, 5], tally_of(finished("a", "passed"), Event("pytest-ended", 0.0, {})))


@pytest.mark.parametrize("code", [200, 255])
def test_an_exit_code_that_is_no_signal_s_is_pytest_s_own(code):
    check_ends([code], Tally())
    assert combine_exit_codes([code], "x") == code


def test_a_pytest_that_there_is_no_program_for_is_told_with_the_variable_that_leads_to_it():
    with pytest.raises(SettingsError) as caught:
        check_ends([127], Tally())
    assert "PATH" in caught.value.hint
    check_ends([127], tally_of(started("a"), finished("a", "passed")))
