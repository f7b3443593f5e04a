"""What `runner status` says of a run, as data and as text."""

import json
from pathlib import Path

import pytest

from runner.core.backends import Backend
from runner.core.events import Event
from runner.core.processes import Process
from runner.core.run_state import RunState
from runner.report.status import Status
from runner.report.status_text import SHOWN, tell_status

pytestmark = pytest.mark.unit

FOLDER = Path("/p/.runner/runs/20261124-134743-da683c")
BEGUN = [
    ("run-started", 0.0, {"project": "orders", "time": 1000.0}),
    ("step-started", 2.0, {"step": "tests"}),
    ("collected", 3.0, {"tests": 3, "marks": []}),
    ("test-started", 4.0, {"test": "a.py::one", "worker": "gw0", "attempt": 1, "time": 1004.0}),
    ("test-started", 5.0, {"test": "b.py::two", "worker": "gw1", "attempt": 1, "time": 1005.0}),
    ("test-finished", 6.0, {"test": "b.py::two", "worker": "gw1", "verdict": "passed"}),
]
HOLDER = Backend(22, "gw0", "suite", state="idle in transaction", seconds=41.0, statement="UPDATE  a\n", worker="gw0")
WAITER = Backend(
    *(23, "gw0", "suite"),
    state="active",
    seconds=40.0,
    wait="Lock/transactionid",
    statement="UPDATE b " + "x" * 200,
    blockers=(22,),
    target="a row of `gw0.orders`",
    mode="ShareLock",
    lock_seconds=40.0,
    worker="gw0",
)
OURS = Backend(20, "postgres", "postgres", state="idle")


def make(events, *, is_living=True, **more):
    state = RunState()
    for name, at, data in events:
        state.add(Event(name, at, data))
    return Status(FOLDER, is_living, state, 1050.0, **more)


def tell(status):
    return list(tell_status(status))


@pytest.mark.smoke
def test_why_it_hangs_comes_first_then_workers_and_backends():
    lines = tell(make(BEGUN, backends=[OURS, HOLDER, WAITER]))
    assert lines[0].startswith("orders  run 20261124-134743-da683c  since ")
    assert lines[0].endswith(", for 50 s")
    assert lines[1:4] == ["  step      tests, for 48 s", "  tests     1 passed; running: 1", ""]
    assert lines[4].startswith("gw0: a.py::one hangs for 46 s in a deadlock that goes through the test itself")
    assert lines[5].startswith("  23  UPDATE b xxx")
    assert lines[5].endswith("xxx ...")
    assert lines[6:] == [
        "  22  last statement: UPDATE a",
        "",
        "worker  for   test",
        "gw0     46 s  a.py::one",
        "between two tests, or without any: gw1",
        "",
        "backend  of   state                for   waits for                          behind  statement",
        "22       gw0  idle in transaction  41 s  -                                  -       UPDATE a",
        f"23       gw0  active               40 s  a row of `gw0.orders` (ShareLock)  22      UPDATE b {'x' * 47} ...",
        "and 1 that is idle",
    ]


def test_the_data_has_all_of_it():
    found = json.loads(json.dumps(make(BEGUN, backends=[HOLDER, WAITER], processes=[Process(9)]).as_dict()))
    assert (found["run"], found["living"], found["seconds"], found["step"]) == (FOLDER.name, True, 50.0, "tests")
    assert found["workers"][0] == {"worker": "gw0", "test": "a.py::one", "seconds": 46.0, "is_over": False}
    [reason] = found["findings"]
    assert (reason["kind"], reason["path"], reason["workers"]) == ("deadlock-through-test", [23, 22, "gw0"], ["gw0"])
    assert reason["text"].startswith("gw0: a.py::one hangs")
    assert reason["statements"] == {"23": WAITER.statement, "22": HOLDER.statement}
    assert [each["pid"] for each in found["backends"]] == [22, 23]
    assert found["processes"][0]["pid"] == 9


def test_a_run_without_a_server_shows_its_tests():
    assert tell(make(BEGUN))[3:] == [
        "",
        "gw0: a.py::one runs for 46 s: it has no connection to Postgres",
        "",
        "worker  for   test",
        "gw0     46 s  a.py::one",
        "between two tests, or without any: gw1",
    ]


def test_a_run_that_only_begins_shows_its_step():
    [_, step] = tell(make([BEGUN[0], ("step-started", 1.0, {"step": "image"})]))
    assert step == "  step      image, for 49 s"


def test_what_could_not_be_seen_is_told():
    assert tell(make(BEGUN[:2], problems=["cannot ask Postgres: no answer"]))[-1] == (
        "not seen: cannot ask Postgres: no answer"
    )


def test_only_the_first_reasons_are_told():
    many = [Backend(n, "gw0", worker="gw0", blockers=(99,), lock_seconds=9.0) for n in range(1, SHOWN + 3)]
    lines = tell(make(BEGUN, backends=many))
    assert sum("hangs for" in line for line in lines) == SHOWN
    assert "\nand 2 more like these; `--json` has all" in lines


@pytest.mark.parametrize(
    ("events", "end"),
    [
        ([("run-finished", 42.5, {"exit_code": 1})], "has ended: exit code 1, after 42.50 s"),
        ([("step-finished", 42.5, {"step": "teardown", "seconds": 1.0, "note": ""})], "has ended, after 42.50 s"),
        ([], "was killed or lost at the step `tests`, after 6 s or more"),
    ],
)
def test_a_run_that_has_ended_says_how(events, end):
    status = make([*BEGUN, *events], is_living=False)
    assert tell(status) == [
        f"orders  run {FOLDER.name}  {end}",
        "  tests     1 passed",
        f"  results   {FOLDER}",
    ]
    found = status.as_dict()
    assert (found["living"], found["workers"], found["step_seconds"]) == (False, [], None)


def test_events_of_an_older_runner_leave_out_what_they_do_not_tell():
    assert tell(make(BEGUN[1:3]))[0] == f"run {FOLDER.name}  since an unknown time, for 3 s"
