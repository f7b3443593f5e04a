"""Outcomes: counts of tests, and one exit code from those of the passes."""

from collections import Counter
from itertools import permutations

import pytest

from runner.core.events import Event
from runner.core.outcome import Tally, combine_exit_codes, count_groups
from runner.errors import EmptySelectionError

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


def test_a_test_counts_in_each_of_its_groups_and_else_in_none():
    tests = [
        ("a", frozenset({"smoke", "db"})),
        ("b", frozenset({"quick"})),
        ("c", frozenset({"parametrize"})),
        ("d", frozenset()),
    ]
    counts = count_groups(tests, {"smoke": ["smoke"], "fast": ["quick", "smoke"], "empty": ["empty"]})
    assert counts == {"smoke": 1, "fast": 2, "empty": 0, "": 2}
