"""How many failed tests of a run keep their state, and how large it may be."""

import pytest
from told_events import locate

from runner.core.events import Event
from runner.core.keeping import MB, Keeping, explain_size

pytestmark = pytest.mark.unit


def kept(test):
    return Event("failure-kept", 1.0, {"test": test, "attempt": 1, "folder": f"failures/{test}", "seconds": 0.1})


def fail(keeping, *tests):
    for test in tests:
        keeping.hear(locate(test))
        if keeping.admits(test):
            keeping.note(test, 10)
            keeping.hear(kept(test))


def test_only_so_many_tests_keep_their_state_but_another_attempt_of_theirs_may():
    keeping = Keeping(2, 100)
    fail(keeping, "a", "b", "c", "a")
    assert [keeping.admits(test) for test in "abc"] == [True, True, False]
    assert list(keeping.describe()) == [
        "failures/a: `runner shell --failed a`",
        "failures/b: `runner shell --failed b`",
        "state kept of 2 of 3 failed tests (`kept_failures`)",
    ]


def test_one_needs_no_name():
    keeping = Keeping(10, 100)
    fail(keeping, "a")
    assert list(keeping.describe()) == ["failures/a: `runner shell --failed`"]


def test_of_many_the_first_are_named():
    keeping = Keeping(10, 100)
    fail(keeping, *"abcde")
    assert list(keeping.describe())[3:] == ["2 more in failures/"]


def test_a_run_without_failures_says_nothing():
    assert list(Keeping(10, 100).describe()) == []


def test_none_are_kept_where_none_are_wanted():
    keeping = Keeping(0, 100)
    fail(keeping, "a")
    assert not keeping.admits("a")
    assert list(keeping.describe()) == []


def test_what_an_earlier_attempt_kept_makes_way():
    keeping = Keeping(10, 1)
    keeping.note("a", 600_000)
    assert keeping.find_left("b") == 400_000
    assert keeping.find_left("a") == MB


def test_a_state_that_could_not_be_kept_is_told_until_another_attempt_s_is():
    keeping = Keeping(10, 1)
    keeping.hear(Event("failure-lost", 1.0, {"test": "a", "reason": "no space left on device"}))
    assert list(keeping.describe()) == ["no state of a: no space left on device"]
    keeping.hear(kept("a"))
    assert list(keeping.describe()) == ["failures/a: `runner shell --failed`"]


def test_a_database_that_is_too_large_is_told_with_numbers_and_the_setting():
    keeping = Keeping(10, 5)
    assert explain_size(5 * MB, 5 * MB, keeping) == ""
    assert explain_size(12_340_000, 4 * MB, keeping) == (
        "the database is not kept: it has 12.3 MB, and of 5 MB (`kept_megabytes`) 4.0 MB are left"
    )
