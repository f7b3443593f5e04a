"""Broken rules of isolation: what tests report, and what Postgres refused, by test and worker."""

import pytest

from runner.core.events import Event
from runner.isolation import RuleWatch

pytestmark = pytest.mark.unit

SECOND = 1767225600.0
"""2026-01-01 00:00:00 UTC."""

TAIL = "2026-01-01 00:00:30.000 UTC [1] postgres@postgres LOG:  anything\n"


def log(seconds=1, worker="gw0", other="gw1", table="items", pid=7):
    """What Postgres writes when a worker reads another's table."""
    start = f"2026-01-01 00:00:{seconds:02}.500 UTC [{pid}] {worker}@suite "
    return (
        f"{start}ERROR:  permission denied for schema {other} at character 15\n"
        f"{start}STATEMENT:  SELECT * FROM {other}.{table}\n"
    ).encode()


def started(test, worker="gw0", at=0.0, crosses=False):
    data = {"test": test, "worker": worker, "time": SECOND + at, "crosses": crosses, "groups": [], "attempt": 1}
    return Event("test-started", 0.0, data)


@pytest.fixture
def watch():
    return RuleWatch()


def test_a_run_that_breaks_no_rule_has_none(watch):
    watch.hear(started("a"))
    watch.read_log(TAIL.encode())
    assert watch.find_broken() == []


def test_what_a_test_reports_itself_names_the_test_and_its_worker_once(watch):
    data = {"rule": "files", "test": "a.py::a", "worker": "gw1", "object": "/tmp/x", "text": "no shared files: wrote x"}
    for _ in range(2):
        watch.hear(Event("rule-broken", 0.0, data))
    assert watch.find_broken() == ["no shared files: wrote x (a.py::a, worker gw1)"]


@pytest.mark.smoke
def test_a_refusal_is_that_of_the_test_which_ran_on_the_worker_at_the_time(watch):
    for event in (started("before"), started("guilty", at=1), started("after", at=2), started("other", "gw1", at=1.2)):
        watch.hear(event)
    watch.read_log(log() + TAIL.encode())
    assert watch.find_broken() == [
        "no shared rows: guilty (worker gw0) was refused `gw1.items` of gw1: SELECT * FROM gw1.items"
    ]


def test_a_refusal_at_the_very_end_of_the_log_counts_too(watch):
    watch.hear(started("guilty"))
    watch.read_log(log())
    assert len(watch.find_broken()) == 1


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_the_log_may_come_in_pieces_of_any_size(watch, size):
    watch.hear(started("guilty"))
    data = log() + log(2, table="users") + TAIL.encode()
    for at in range(0, len(data), size):
        watch.read_log(data[at : at + size])
    assert len(watch.find_broken()) == 2


def test_a_test_that_means_to_cross_slots_breaks_no_rule_and_its_neighbours_do(watch):
    for event in (started("means to", crosses=True), started("does not", at=2)):
        watch.hear(event)
    watch.read_log(log(1) + log(3) + TAIL.encode())
    assert [each.partition(" (")[0] for each in watch.find_broken()] == ["no shared rows: does not"]


def test_a_refusal_while_no_test_ran_is_told_without_one(watch):
    watch.hear(started("later", at=20))
    watch.read_log(log() + TAIL.encode())
    assert watch.find_broken()[0].startswith("no shared rows: no test (worker gw0) was refused `gw1.items` of gw1")


def test_a_refusal_that_comes_before_the_report_of_its_test_is_still_that_test_s(watch):
    # The log and the reports come on two ways.
    watch.read_log(log() + TAIL.encode())
    watch.hear(started("guilty", at=1))
    assert "guilty" in watch.find_broken()[0]
