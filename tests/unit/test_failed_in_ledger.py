"""Which tests the ledger says failed: what failed in its newest run, and stays so until it passes."""

import time

import pytest
from test_ledger import attempt, make_run

from runner.report.ledger import open_ledger

pytestmark = pytest.mark.unit


@pytest.fixture
def read(tmp_path):
    """Records runs, each as verdicts by test, the oldest first, and reads what failed."""

    def record_and_read(*runs, last=100):
        with open_ledger(tmp_path / ".runner/ledger.sqlite") as ledger:
            for number, run in enumerate(runs):
                more, tests = run if isinstance(run, tuple) else ({}, run)
                attempts = [
                    attempt(test, count, verdict, groups=("slow", "e2e"))
                    for test, verdicts in tests.items()
                    for count, verdict in enumerate(verdicts.split(), 1)
                ]
                ledger.record(make_run(number, **{"exit_code": 1, **more}), attempts)
            return ledger.read_failed(last)

    return record_and_read


@pytest.mark.smoke
def test_a_test_stays_failed_until_it_passes(read):
    first = {"a": "failed", "b": "error", "c": "passed", "d": "failed"}
    assert read(first) == dict.fromkeys(("a", "b", "d"), ("slow", "e2e"))
    assert [*read(first, {"a": "passed"}, {"d": "skipped"})] == ["b", "d"]


@pytest.mark.parametrize("verdict", ["passed", "xfailed", "xpassed"])
def test_whatever_is_no_failure_clears_a_failure(read, verdict):
    assert read({"a": "failed"}, {"a": verdict}) == {}


def test_a_skip_clears_nothing(read):
    assert [*read({"a": "failed"}, {"a": "skipped"})] == ["a"]


def test_of_several_attempts_the_last_one_counts(read):
    assert [*read({"a": "rerun passed", "b": "rerun failed", "c": "rerun rerun"})] == ["b", "c"]


def test_those_of_the_newest_run_come_first(read):
    assert [*read({"z": "failed", "b": "failed"}, {"y": "failed", "c": "failed"})] == ["c", "y", "b", "z"]


def test_runs_beyond_the_newest_are_forgotten(read):
    runs = [{"a": "failed"}, {"b": "failed"}, {"c": "passed"}]
    assert [*read(*runs, last=2)] == ["b"]
    assert read(last=0) == {}


def test_a_test_that_its_own_selection_passes_without_is_not_there_any_more(read):
    passed = {"exit_code": 0, "selection": "-m x"}
    failed = {"selection": "-m x"}
    assert read((failed, {"a": "failed"}), (passed, {"b": "passed"})) == {}


@pytest.mark.parametrize("later", [{"exit_code": 1, "selection": "-m x"}, {"exit_code": 0, "selection": "-m y"}])
def test_a_failed_run_or_another_selection_says_nothing_about_a_test_it_lacks(read, later):
    assert [*read(({"selection": "-m x"}, {"a": "failed"}), (later, {"b": "passed"}))] == ["a"]


def test_a_passed_run_that_skipped_the_test_clears_nothing(read):
    assert [*read({"a": "failed"}, ({"exit_code": 0}, {"a": "skipped"}))] == ["a"]


@pytest.mark.parametrize(
    ("earlier", "later", "failed"),
    [
        ({"t.py::a@g": "failed"}, {"t.py::a": "passed"}, []),
        ({"t.py::a": "failed"}, {"t.py::a@g": "passed"}, []),
        ({"t.py::a@g": "passed"}, {"t.py::a": "failed"}, ["t.py::a"]),
        ({"t.py::a[x@y]": "failed"}, {"t.py::a[x": "passed"}, ["t.py::a[x@y]"]),
    ],
)
def test_ids_that_xdist_changes_for_groups_are_those_of_the_same_test(read, earlier, later, failed):
    assert [*read(earlier, later)] == failed


def test_all_names_are_there_for_pytests_new_first(tmp_path, read):
    read({"b": "passed", "a": "failed"}, {"c": "passed", "a": "passed"})
    with open_ledger(tmp_path / ".runner/ledger.sqlite") as ledger:
        assert ledger.read_names() == ["b", "a", "c"]


@pytest.mark.performance
def test_a_ledger_of_a_hundred_thousand_attempts_is_read_in_a_moment(read, tmp_path):
    names = [f"tests/area/test_{number // 20}.py::test_{number}[{number}]" for number in range(1000)]
    runs = [
        {name: "failed" if (at + run) % 97 == 0 else "passed" for at, name in enumerate(names)} for run in range(100)
    ]
    read(*runs)
    began = time.perf_counter()
    with open_ledger(tmp_path / ".runner/ledger.sqlite") as ledger:
        assert 10 <= len(ledger.read_failed(100)) <= 11
    # 0.04 s on two cores.
    assert time.perf_counter() - began < 0.5
