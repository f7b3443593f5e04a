"""Quarantine: which failures do not count, and until when."""

from datetime import date, timedelta

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runner.core.quarantine import Quarantined, decide, find_expired, is_quarantined

pytestmark = pytest.mark.unit

TODAY = date(2026, 11, 23)
YESTERDAY, TOMORROW = TODAY - timedelta(days=1), TODAY + timedelta(days=1)

quick = settings(database=None, deadline=None)
node_ids = st.text(st.sampled_from("ab/.:[]*?!-\n(+^$\\é")).map(lambda text: f"tests/test_a.py::test_{text}")


def make(test, until=TOMORROW):
    return Quarantined(test=test, until=until)


@pytest.mark.parametrize(
    ("pattern", "test"),
    [
        pytest.param("tests/test_a.py::test_b", "tests/test_a.py::test_b", marks=pytest.mark.smoke),
        ("tests/test_a.py::test_b[1-x]", "tests/test_a.py::test_b[1-x]"),
        ("tests/test_a.py::test_b[a*b]", "tests/test_a.py::test_b[a*b]"),
        ("tests/test_a.py", "tests/test_a.py::test_b"),
        ("tests/test_a.py", "tests/test_a.py::TestC::test_d[1]"),
        ("tests/test_a.py::TestC", "tests/test_a.py::TestC::test_d"),
        ("tests/test_a.py::test_b", "tests/test_a.py::test_b[1]"),
        ("tests/test_a.py::test_b[*", "tests/test_a.py::test_b[1]"),
        ("tests/*::test_b", "tests/deep/test_a.py::test_b"),
        ("tests/*/test_a.py", "tests/deep/test_a.py::test_b"),
        ("*timeout*", "tests/test_a.py::test_timeout_of_pool"),
        ("*", "tests/test_a.py::test_b[line\nbreak]"),
        ("tests/test_a.py::test_b[(+^$\\]", "tests/test_a.py::test_b[(+^$\\]"),
    ],
)
def test_an_entry_covers_the_test(pattern, test):
    assert is_quarantined(test, [make(pattern)], TODAY)


@pytest.mark.parametrize(
    ("pattern", "test"),
    [
        ("tests/test_a.py::test_b[12]", "tests/test_a.py::test_b1"),
        ("tests/test_a.py::test_b[!x]", "tests/test_a.py::test_by"),
        ("tests/test_a.py::test_b[1]", "tests/test_a.py::test_b[2]"),
        ("tests/test_a.py::test_?", "tests/test_a.py::test_b"),
        ("tests/test_a.py::test_b", "tests/test_a.py::test_bc"),
        ("tests/test_a.py::test_b", "tests/test_a.py"),
        ("tests/test_a.py::TestC", "tests/test_a.py::TestCD::test_e"),
        ("tests/test_a.py", "tests/test_a.pyx::test_b"),
        ("tests/testXa.py", "tests/test_a.py::test_b"),
        ("test_a.py", "tests/test_a.py::test_b"),
        ("tests", "tests/test_a.py::test_b"),
        ("", "tests/test_a.py::test_b"),
        ("TESTS/*", "tests/test_a.py::test_b"),
    ],
)
def test_an_entry_covers_nothing_else(pattern, test):
    assert not is_quarantined(test, [make(pattern)], TODAY)


@given(node_ids, node_ids)
@quick
def test_a_node_id_without_a_star_covers_itself_and_what_lies_in_it(pattern, test):
    pattern = pattern.replace("*", "")
    assert is_quarantined(pattern, [make(pattern)], TODAY)
    assert is_quarantined(test, [make(pattern)], TODAY) == (
        test == pattern or test.startswith((pattern + "::", pattern + "["))
    )


@given(node_ids)
@quick
def test_every_node_id_covers_itself_also_with_a_star_in_it(test):
    assert is_quarantined(test, [make(test)], TODAY)


@pytest.mark.smoke
@pytest.mark.parametrize(("until", "covered"), [(YESTERDAY, False), (TODAY, True), (TOMORROW, True)])
def test_the_last_day_is_still_covered_and_the_next_is_not(until, covered):
    entries = [make("tests/test_a.py", until)]
    assert is_quarantined("tests/test_a.py::test_b", entries, TODAY) == covered
    assert find_expired(entries, TODAY) == ([] if covered else entries)


def test_an_entry_that_still_counts_covers_a_test_that_another_one_no_longer_does():
    entries = [make("a.py::test", YESTERDAY), make("a.py", TOMORROW)]
    assert is_quarantined("a.py::test", entries, TODAY)
    assert find_expired(entries, TODAY) == entries[:1]


def test_failures_are_told_apart_in_the_order_in_which_they_came():
    entries = [make("b.py"), make("a.py::test_2"), make("d.py", YESTERDAY)]
    failed = ["d.py::test", "b.py::test_2", "a.py::test_2", "a.py::test_1", "b.py::test_1"]
    assert decide(failed, entries, TODAY) == (
        ["d.py::test", "a.py::test_1"],
        ["b.py::test_2", "a.py::test_2", "b.py::test_1"],
    )


def test_without_entries_every_failure_counts():
    assert decide({"a.py::test"}, [], TODAY) == (["a.py::test"], [])
    assert decide([], [make("*")], TODAY) == ([], [])


def test_an_entry_is_read_from_a_table_with_a_date_or_its_text():
    whole = Quarantined(test="a.py", until=date(2026, 12, 31), reason="issue 7")
    for until in (date(2026, 12, 31), "2026-12-31"):
        assert msgspec.convert({"test": "a.py", "until": until, "reason": "issue 7"}, Quarantined) == whole


@pytest.mark.parametrize(
    "table",
    [
        {"test": "a.py"},
        {"until": TODAY},
        {"test": "a.py", "until": "soon"},
        {"test": 3, "until": TODAY},
        {"test": "a.py", "until": TODAY, "untill": TODAY},
    ],
)
def test_an_entry_with_a_missing_wrong_or_unknown_field_is_refused(table):
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(table, Quarantined)
