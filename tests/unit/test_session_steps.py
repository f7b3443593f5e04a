"""A run with a fake engine: the steps in their order, and the teardown whatever happens."""

import json
import os
import signal
import time
from functools import partial
from xml.etree import ElementTree as ET

import pytest
from fakes import FakeEngine, end_well, finish_test, make_leftover, start_test

from runner.answers import Served
from runner.comparing import ComparingSession
from runner.core.events import Event
from runner.core.keeping import Keeping
from runner.core.passes import Needs, Pass
from runner.core.plan import Plan, Selection
from runner.core.settings import Settings
from runner.engines.protocol import ServerAddress
from runner.environment import Environment
from runner.errors import (
    BrokenRuleError,
    EmptySelectionError,
    EngineError,
    ImageError,
    Interrupted,
    NotReadyError,
    PostgresError,
    RetryBudgetError,
)
from runner.interrupts import Interrupts
from runner.session import Session
from runner.steps import Steps
from runner.streams import Streams
from runner.surroundings import Surroundings

pytestmark = pytest.mark.unit


def make_pass(name, workers=0, marks=(), **needs):
    return Pass(name, name, Needs(workers, **{"database": False, **needs}), frozenset(marks))


NO_DATABASE = make_pass("unit", 2)
BROKEN = EngineError("cannot remove the run's containers", "connection refused")


class Run:
    """One run, and what was heard of it."""

    def __init__(self, folder, engine, passes=(NO_DATABASE,), selection=None, environ=None, plan=None, **settings):
        self.results = folder
        self.engine = engine
        self.events = []
        self.shown = []
        plan = Plan(Settings(**settings), selection or Selection(), tuple(passes), **(plan or {}))
        around = Surroundings(environ or {}, folder, folder, self.shown.append, colour=False, columns=77)
        self.session = Session(plan, engine, around, [self.events.append])

    def go(self):
        with Interrupts() as interrupts:
            self.outcome = self.session.run(interrupts)
        return self

    @property
    def names(self):
        return [event.name for event in self.events]

    def notes(self):
        return {event.data["step"]: event.data["note"] for event in self.events if event.name == "step-finished"}


@pytest.fixture
def start(tmp_path):
    """Runs with an engine of the given behaviour."""
    return lambda engine=None, **plan: Run(tmp_path, engine or FakeEngine(), **plan).go()


@pytest.mark.smoke
def test_a_run_does_its_steps_in_order(start):
    run = start()
    assert run.engine.calls == [
        "sweep",
        "ensure_images",
        "start_suite",
        "run",
        "wait_started",
        "copy_results",
        "remove_run",
    ]
    assert (run.outcome.exit_code, run.outcome.error, run.outcome.left) == (0, None, ())
    assert run.notes() == {
        "image": "already there",
        "suite": run.notes()["suite"],
        "tests": "unit: 1 passed",
        "teardown": "all removed",
    }


def test_what_is_heard_is_counted_told_and_kept(start):
    run = start()
    assert run.outcome.tally.verdicts == {"passed": 1}
    assert b"".join(run.shown) == b"1 passed\n"
    assert (run.results / "suite.log").read_bytes() == b"1 passed\n"
    assert [name for name in run.names if name.startswith("test-")] == ["test-started", "test-finished"]


def test_every_step_that_starts_is_finished(start):
    run = start()
    steps = [(event.name, event.data["step"]) for event in run.events if event.name.startswith("step-")]
    names = ["image", "suite", "tests", "teardown"]
    assert steps == [(kind, name) for name in names for kind in ("step-started", "step-finished")]


def test_the_process_is_pytest_with_the_environment_of_its_pass(start):
    run = start(environ={"CI": "1", "SECRET": "x"})
    [(argv, environment)] = run.engine.commands
    assert argv[0] == "pytest"
    assert argv[argv.index("-n") + 1] == "2"
    assert environment["CI"] == "1"
    assert environment["COLUMNS"] == "77"
    assert json.loads(environment["EPHEMERAL_RUNNER"])["server"] is None
    assert "SECRET" not in environment


def test_a_plan_without_a_database_asks_for_no_server_and_no_port(start):
    run = start()
    assert "start_postgres" not in run.engine.calls
    assert run.engine.published is False


def test_passes_run_one_after_the_other_and_the_worst_counts(start):
    codes = iter([1, 0])
    passes = (NO_DATABASE, make_pass("lone"))
    run = start(FakeEngine(lambda suite: suite.end(next(codes))), passes=passes)
    assert run.outcome.exit_code == 1
    assert [argv[argv.index("-m") + 1] for argv, _ in run.engine.commands] == ["unit", "lone"]


def test_each_pass_is_told_with_its_own_counts(start):
    passes = (NO_DATABASE, make_pass("lone"))
    run = start(passes=passes)
    notes = [event.data["note"] for event in run.events if event.name == "step-finished"]
    assert [note for note in notes if "passed" in note] == ["unit: 1 passed", "lone: 1 passed"]
    assert run.outcome.tally.verdicts == {"passed": 2}


def test_what_a_build_wants_a_person_to_know_stands_beside_them(start, monkeypatch):
    engine = FakeEngine(built=["x"])

    def ensure_images(database, progress):
        progress("== fetching")
        progress("== note: pip takes over")
        return ["x"]

    monkeypatch.setattr(engine, "ensure_images", ensure_images)
    assert start(engine).notes()["image"] == "built x; note: pip takes over"


def test_built_images_are_named(start):
    run = start(FakeEngine(built=["ephemeral-runner/base:1"]))
    assert run.notes()["image"] == "built ephemeral-runner/base:1"
    assert [event.data["text"] for event in run.events if event.name == "progress"] == [
        "building ephemeral-runner/base:1"
    ]


def test_what_dead_runs_left_is_told(start):
    run = start(FakeEngine(dead=[make_leftover("old")]))
    assert [event.data for event in run.events if event.name == "swept"] == [{"objects": ["old"]}]


def test_result_files_are_copied_and_merged(start):
    xml = '<testsuites><testsuite name="pytest"/></testsuites>'
    run = start(FakeEngine(results={"unit.xml": xml}))
    assert ET.parse(run.results / "junit.xml").find("testsuite").get("name") == "unit"


def test_an_empty_selection_is_an_error_of_its_own(start):
    run = start(FakeEngine(lambda suite: suite.end(5)), selection=Selection(keyword="qqq"))
    assert isinstance(run.outcome.error, EmptySelectionError)
    assert (run.outcome.exit_code, run.outcome.error.what) == (95, 'no test matches -k "qqq"')


@pytest.mark.parametrize(
    ("method", "error"),
    [
        ("sweep", EngineError("cannot list", "x")),
        ("ensure_images", ImageError("cannot build", "x")),
        ("start_suite", EngineError("cannot start", "x")),
        ("run", EngineError("cannot run", "x")),
        ("wait_started", EngineError("cannot start", "x")),
    ],
)
def test_an_error_in_any_step_is_kept_and_the_teardown_runs(start, method, error):
    run = start(FakeEngine(failures={method: error}))
    assert (run.outcome.error, run.outcome.exit_code) == (error, error.exit_code)
    assert run.engine.calls[-1] == "remove_run"


def test_an_error_after_the_suite_began_still_copies_the_results(start):
    run = start(FakeEngine(lambda suite: suite.die()))
    assert run.outcome.exit_code == 91
    assert run.outcome.error.what == "the suite container ended in the middle of the run"
    assert run.engine.calls[-2:] == ["copy_results", "remove_run"]


@pytest.mark.parametrize("method", ["sweep", "start_suite", "run"])
def test_the_teardown_runs_on_an_error_that_nobody_thought_of(tmp_path, method):
    run = Run(tmp_path, FakeEngine(failures={method: ZeroDivisionError("ours")}))
    with pytest.raises(ZeroDivisionError, match="ours"):
        run.go()
    assert run.engine.calls[-1] == "remove_run"


def test_the_first_error_is_kept_when_the_teardown_fails_too(start):
    first = ImageError("cannot build", "x")
    run = start(FakeEngine(failures={"ensure_images": first, "remove_run": BROKEN}))
    assert (run.outcome.error, run.outcome.exit_code) == (first, 92)


def test_an_error_of_the_teardown_alone_is_told(start):
    run = start(FakeEngine(failures={"remove_run": BROKEN}))
    assert (run.outcome.error, run.outcome.exit_code) == (BROKEN, 91)


def test_results_that_cannot_be_copied_do_not_change_the_outcome(start):
    run = start(FakeEngine(failures={"copy_results": BROKEN}))
    assert (run.outcome.error, run.outcome.exit_code) == (None, 0)


@pytest.mark.smoke
def test_what_is_left_behind_is_named_and_decides_the_exit_code(start):
    run = start(FakeEngine(left=[make_leftover("suite-1"), make_leftover("data", "volume")]))
    assert run.outcome.exit_code == 96
    assert run.outcome.error.as_text() == (
        "error: could not remove container `suite-1`, volume `data`\n"
        "hint:  `runner clean` removes what has no living owner"
    )
    assert run.notes()["teardown"] == "something is left"


def test_what_is_left_behind_does_not_replace_the_first_error(start):
    first = ImageError("cannot build", "x")
    run = start(FakeEngine(failures={"ensure_images": first}, left=[make_leftover()]))
    assert run.outcome.error is first
    assert run.outcome.left


def test_anything_left_behind_makes_the_exit_code_96_after_an_error_too(start):
    run = start(FakeEngine(failures={"ensure_images": ImageError("cannot build", "x")}, left=[make_leftover()]))
    assert run.outcome.exit_code == 96


@pytest.mark.smoke
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_the_run_in_order(start, number, code):
    run = start(FakeEngine(lambda _: os.kill(os.getpid(), number)))
    assert isinstance(run.outcome.error, Interrupted)
    assert run.outcome.exit_code == code
    assert run.engine.calls[-3:] == ["signal 2", "copy_results", "remove_run"]
    assert run.outcome.seconds < 1


def test_a_signal_during_a_build_ends_the_run_before_the_suite_starts(tmp_path):
    engine = FakeEngine(built=["x"])
    run = Run(tmp_path, engine)
    with Interrupts() as interrupts:
        os.kill(os.getpid(), signal.SIGINT)
        outcome = run.session.run(interrupts)
    assert outcome.exit_code == 130
    assert engine.calls == ["sweep", "ensure_images", "remove_run"]


def test_pytests_summary_after_a_signal_is_still_shown(start):
    def summarize(suite):
        suite.say(b"1 passed, interrupted\n")
        suite.end(2)

    run = start(FakeEngine(lambda _: os.kill(os.getpid(), signal.SIGINT), when_signalled=summarize))
    assert b"".join(run.shown) == b"1 passed, interrupted\n"


def test_at_the_time_limit_the_running_test_is_named(start):
    run = start(FakeEngine(lambda suite: start_test(suite, "test_a.py::test_hangs")), timeout=0.1)
    assert run.outcome.exit_code == 93
    assert run.outcome.error.what == "the tests did not end within 0.1 s (`timeout`)"
    assert run.outcome.error.cause.startswith("running: test_a.py::test_hangs (for 0.")
    assert run.engine.calls[-3:] == ["signal 2", "copy_results", "remove_run"]


def test_the_time_limit_is_one_for_all_passes(start):
    def take_time(suite):
        time.sleep(0.1)
        suite.end()

    passes = [make_pass(name) for name in ("a", "b", "c", "d")]
    run = start(FakeEngine(take_time), passes=passes, timeout=0.15)
    assert run.outcome.exit_code == 93
    assert len(run.engine.commands) == 3


def fail_to_signal(suite):
    raise EngineError("cannot send a signal")


@pytest.mark.parametrize("when_signalled", [lambda suite: suite.die(), fail_to_signal], ids=["dies", "refuses"])
def test_the_first_error_is_kept_when_the_orderly_end_fails(start, when_signalled):
    run = start(FakeEngine(lambda _: os.kill(os.getpid(), signal.SIGINT), when_signalled=when_signalled))
    assert isinstance(run.outcome.error, Interrupted)
    assert run.outcome.exit_code == 130


def test_a_result_file_that_was_cut_off_does_not_hide_how_the_run_ended(start):
    run = start(FakeEngine(lambda _: None, results={"unit.xml": "<testsuites><tests"}), timeout=0.05)
    assert run.outcome.exit_code == 93


def test_a_pass_whose_pytest_was_killed_is_not_a_success(start):
    codes = iter([137, 0])
    passes = (NO_DATABASE, make_pass("lone"))
    run = start(FakeEngine(lambda suite: suite.end(next(codes))), passes=passes)
    assert isinstance(run.outcome.error, EngineError)
    assert run.outcome.error.what == "pytest was ended by SIGKILL"
    assert run.outcome.exit_code == 91
    assert run.engine.calls[-2:] == ["copy_results", "remove_run"]


def test_a_slot_that_a_plan_without_a_database_hears_of_harms_nothing(start):
    def ask(suite):
        suite.report("slot-wanted", slot="gw0")
        end_well(suite)

    assert start(FakeEngine(ask)).outcome.exit_code == 0


def test_an_unknown_mark_ends_the_run_with_the_nearest_known_one(start):
    def refuse(suite):
        suite.report("unknown-mark", mark="smok", known=["slow", "smoke"])
        suite.end(4)

    run = start(FakeEngine(refuse))
    assert run.outcome.exit_code == 90
    assert run.outcome.error.as_text() == "error: unknown mark `smok` in -m\nhint:  did you mean `smoke`"
    assert run.engine.calls[-2:] == ["copy_results", "remove_run"]


def test_a_pass_that_ended_well_before_its_tests_did_is_not_a_success(start):
    def leave(suite):
        start_test(suite, "test_a.py::test_leaves")
        suite.end(0, by_itself=False)

    run = start(FakeEngine(leave))
    assert run.outcome.exit_code == 91
    assert run.outcome.error.cause == "running: test_a.py::test_leaves"


def test_only_the_result_files_of_the_passes_are_asked_for(start):
    passes = (NO_DATABASE, make_pass("lone"))
    xml = '<testsuites><testsuite name="pytest"/></testsuites>'
    run = start(
        FakeEngine(results={"unit.xml": xml, "lone.xml": xml, "suite.log": "x", "other.xml": xml}), passes=passes
    )
    assert run.engine.asked == [["unit.xml", "lone.xml"]]
    assert [each.get("name") for each in ET.parse(run.results / "junit.xml").iter("testsuite")] == ["lone", "unit"]
    assert (run.results / "suite.log").read_bytes() == b"1 passed\n" * 2


@pytest.mark.security
@pytest.mark.parametrize(
    "line",
    [
        b"Traceback (most recent call last):",
        b'{"event": "test-finished", "test": "test_a.py::test_a"}',
        b'{"event": "test-started"}',
        b'{"event": "worker-crashed"}',
        b'{"event": "slot-wanted", "slot": ["gw0"]}',
        b'{"event": "unknown-mark"}',
        b'{"event": "process-ended", "exit_code": "none"}',
    ],
)
def test_a_malformed_report_does_not_disturb_a_run(start, line):
    def disturb(suite):
        suite.report_line(line)
        end_well(suite)

    run = start(FakeEngine(disturb))
    assert (run.outcome.exit_code, run.outcome.error) == (0, None)
    assert run.outcome.tally.verdicts == {"passed": 1}
    assert [name for name in run.names if not name.startswith("step-")] == [
        "test-started",
        "test-finished",
        "pytest-ended",
    ]


@pytest.mark.security
def test_a_verdict_that_nobody_knows_does_not_end_a_run(start):
    def disturb(suite):
        finish_test(suite, "better")
        finish_test(suite, "best")
        end_well(suite)

    assert start(FakeEngine(disturb)).outcome.error is None


def report_marks(*marks, code=0):
    """What a pass does whose collection saw these marks."""

    def behave(suite):
        suite.report("collected", tests=1, marks=list(marks))
        end_well(suite) if code == 0 else suite.end(code)

    return behave


def count_commands(run):
    return [argv[argv.index("-m") + 1] for argv, _ in run.engine.commands]


def test_a_pass_without_tests_is_left_out_when_an_earlier_one_saw_all_marks(start):
    passes = (make_pass("a", 2), make_pass("b", marks=["b"]), make_pass("c", marks=["smoke", "c"]))
    run = start(FakeEngine(report_marks("smoke")), passes=passes)
    assert count_commands(run) == ["a", "c"]
    assert (run.outcome.exit_code, run.outcome.error) == (0, None)


def test_a_stage_without_tests_starts_no_containers(start):
    passes = (make_pass("a", 2), make_pass("b", marks=["b"], egress=False))
    run = start(FakeEngine(report_marks("smoke")), passes=passes)
    assert run.engine.calls.count("start_suite") == 1
    assert "remove_containers" not in run.engine.calls
    assert (run.outcome.exit_code, run.outcome.error) == (0, None)


def test_a_pass_that_collects_by_arguments_or_variables_of_its_own_is_not_left_out(start):
    passes = (
        make_pass("a", 2),
        make_pass("b", marks=["b"], pytest_args=("--run-b",)),
        make_pass("c", marks=["c"], environment=(("C", "1"),)),
    )
    assert count_commands(start(FakeEngine(report_marks("smoke")), passes=passes)) == ["a", "b", "c"]


def test_a_pass_that_collects_by_arguments_of_its_own_says_nothing_about_later_ones(start):
    # The first pass may have looked into one folder only.
    passes = (make_pass("a", marks=["smoke"], pytest_args=("tests/a",)), make_pass("b", marks=["b"]))
    assert count_commands(start(FakeEngine(report_marks("smoke")), passes=passes)) == ["a", "b"]


def test_services_start_before_the_suite_of_each_stage_and_their_logs_are_kept(start, tmp_path):
    passes = (make_pass("a", 2), make_pass("b", 2, egress=False))
    run = start(passes=passes, services="compose/services.yaml")
    stage = ("start_services", "start_suite", "run", "wait_started", "read_service_logs", "copy_results")
    assert run.engine.calls == ["sweep", "ensure_images", *stage, "remove_containers", *stage, "remove_run"]
    assert run.engine.services_egress is False
    assert run.notes()["services"] == "ready: broker, redis"
    assert (tmp_path / "services.log").read_bytes() == b"redis | ready\n" * 2
    assert run.outcome.exit_code == 0


def test_services_that_do_not_start_end_the_run_with_their_logs_kept(start, tmp_path):
    error = NotReadyError("the service `redis` is unhealthy")
    run = start(FakeEngine(failures={"start_services": error}), services="compose/services.yaml")
    assert run.engine.calls == ["sweep", "ensure_images", "start_services", "read_service_logs", "remove_run"]
    assert (run.outcome.error, run.outcome.exit_code) == (error, 93)
    assert (tmp_path / "services.log").read_bytes() == b"redis | ready\n"


def test_passes_that_need_another_network_get_containers_of_their_own(start):
    passes = (make_pass("a", 2), make_pass("b", 2, egress=False))
    run = start(passes=passes)
    assert run.engine.calls == [
        "sweep",
        "ensure_images",
        *("start_suite", "run", "wait_started", "copy_results"),
        "remove_containers",
        *("start_suite", "run", "wait_started", "copy_results"),
        "remove_run",
    ]
    assert run.engine.egress is False
    assert run.engine.asked == [["a.xml"], ["b.xml"]]
    assert run.outcome.exit_code == 0


def test_the_limit_of_a_group_ends_its_pass_and_is_named(start):
    run = start(FakeEngine(lambda _: None), passes=[make_pass("slow", timeout=0.1)], timeout=50)
    assert run.outcome.error.as_text() == (
        "error: the tests did not end within 0.1 s (`groups.slow.timeout`)\n"
        "cause: no test was running\n"
        "hint:  raise `timeout` of the group `slow`"
    )
    assert run.outcome.exit_code == 93


def test_the_limit_of_the_run_counts_also_where_a_group_has_more(start):
    run = start(FakeEngine(lambda _: None), passes=[make_pass("slow", timeout=50)], timeout=0.1)
    assert run.outcome.error.what == "the tests did not end within 0.1 s (`timeout`)"


def try_again(suite):
    start_test(suite)
    finish_test(suite, "rerun", error="E [40001]", reason="declared", message="E: x", text="trace")
    start_test(suite, attempt=2)
    finish_test(suite, attempt=2)
    suite.end(0)


def test_a_retry_is_kept_told_and_in_the_junit_file(start):
    xml = (
        '<testsuites><testsuite name="pytest" tests="1"><testcase classname="test_a" name="test_a" time="0.1"/>'
        "</testsuite></testsuites>"
    )
    run = start(FakeEngine(try_again, results={"unit.xml": xml}), plan={"seed": 0})
    assert (run.outcome.exit_code, run.outcome.error) == (0, None)
    assert run.outcome.lines == ["retried: test_a.py::test_a: E [40001]; passed at attempt 2"]
    assert [(each.number, each.verdict) for each in run.outcome.log.attempts] == [(1, "rerun"), (2, "passed")]
    merged = ET.parse(run.results / "junit.xml")
    assert merged.find(".//testcase/flakyFailure").get("type") == "E [40001]"
    properties = {each.get("name"): each.get("value") for each in merged.iter("property")}
    assert properties["seed"] == "0"
    assert properties["image"] == run.engine.image


def test_with_a_budget_of_none_a_retry_fails_the_run(start):
    run = start(FakeEngine(try_again), retry_budget=0)
    assert isinstance(run.outcome.error, RetryBudgetError)
    assert run.outcome.exit_code == 97


def test_a_broken_rule_fails_the_run(start):
    def break_rule(suite):
        suite.report("rule-broken", rule="files", test="t", worker="gw1", object="/tmp/x", text="no shared files: x")
        end_well(suite)

    run = start(FakeEngine(break_rule))
    assert isinstance(run.outcome.error, BrokenRuleError)
    assert run.outcome.exit_code == 1
    assert run.outcome.lines == ["isolation rule broken: no shared files: x (t, worker gw1)"]


def test_a_group_s_own_variables_and_arguments_reach_its_pass_alone(start):
    passes = (make_pass("a", environment=(("A", "1"),), pytest_args=("-v",)), make_pass("b"))
    (first, own), (second, other) = start(passes=passes).engine.commands
    assert (own["A"], first[-1]) == ("1", "-v")
    assert "A" not in other
    assert "-v" not in second


class RecordingSlots:
    """Slots that only keep a record of what is asked for."""

    def __init__(self):
        self.made = []
        self.restored = []
        self.refusal = None
        self.older = []
        self.is_there = True

    def ensure(self, *slots):
        self.made += slots

    def answers(self, _slot):
        return self.is_there

    def reach(self, slot):
        if not self.is_there:
            raise PostgresError(f"cannot reach the server of the slot `{slot}`", "connection refused")

    def end_transactions(self, slot):
        self.restored.append(f"transactions of {slot} ended")

    def find_older(self, _slot, began):
        return self.older if began == RESTORE["began"] else []

    def restore(self, slot, older=()):
        self.restored += [slot, *older]
        if self.refusal is not None:
            raise self.refusal

    def find_place(self, slot):
        return "suite", (slot,)

    def find_role(self, slot):
        return slot

    has_own_role = True


class RecordingServer:
    def __init__(self):
        self.dumped = []

    def dump(self, database, schemas=(), data=True):  # noqa: ARG002 -- the protocol's names
        self.dumped.append((database, schemas))
        return "-- rows\n"


ADDRESS = ServerAddress("127.0.0.1", 5432, "postgres", "secret")


class Asked:
    """An environment whose server is there, and what it answered to a suite's events."""

    def __init__(self, folder, isolation="schema"):
        self.engine, self.slots, self.server, self.events = FakeEngine(), RecordingSlots(), RecordingServer(), []
        plan = Plan(Settings(), Selection(), (make_pass("a", 1, database=True, isolation=isolation),))
        around = Surroundings({}, folder, folder, lambda _: None, colour=False, columns=77)
        self.steps = Steps([self.events.append])
        streams = Streams(lambda _: None, lambda _: None, self.hear_event, self.steps.clock)
        self.environment = Environment(plan, plan.stages[0], self.engine, around, streams, self.steps, Keeping(10, 100))
        self.environment.start_suite()
        self.answers = self.environment._answers
        self.answers.served = Served(self.server, ADDRESS, self.slots, None, None)
        self.streams = streams

    def hear_event(self, event):
        self.environment.hear(event)

    def hear(self, event, **data):
        line = json.dumps({"event": event, **data}).encode() + b"\n"
        self.streams.receive_suite(2, line)
        self.streams.take_all()
        return self.engine.answers


@pytest.fixture
def asked(tmp_path):
    return Asked(tmp_path)


@pytest.mark.security
@pytest.mark.parametrize("slot", ["../../x", "", "gw", "gw0/../../x", "suite"])
def test_a_slot_whose_name_xdist_never_gives_is_neither_made_nor_answered(asked, slot):
    asked.hear("slot-wanted", slot=slot)
    assert asked.hear("slot-wanted", slot="gw7") == {"gw7": ""}
    assert asked.slots.made == ["gw7"]


@pytest.mark.security
def test_a_slot_whose_name_xdist_never_gives_is_not_kept_for_later(asked):
    asked.answers.served = None
    asked.hear("slot-wanted", slot="../../x")
    assert asked.hear("slot-wanted", slot="gw7") == {}
    assert asked.answers._wanted == ["master", "gw0", "gw7"]


RESTORE = {"slot": "gw0", "answer": "restored-gw0-1", "test": "a.py::test_a[x/y]", "attempt": 1, "began": 12.5}


def test_a_slot_is_restored_after_its_rows_were_kept(asked, tmp_path):
    asked.slots.made.append("gw0")
    assert asked.hear("restore-wanted", **RESTORE) == {"restored-gw0-1": ""}
    assert asked.slots.restored == ["transactions of gw0 ended", "gw0"]
    assert asked.server.dumped == [("suite", ("gw0",))]
    [kept] = (tmp_path / "failures").glob("*/attempt-1.sql")
    assert kept.read_text() == "-- rows\n"
    [told] = [each.data for each in asked.events if each.name == "slot-restored"]
    assert told == {"slot": "gw0", "test": "a.py::test_a[x/y]", "attempt": 1, "older": []}


def test_what_is_older_than_the_test_is_not_restored_and_that_is_told(asked):
    asked.slots.made.append("gw0")
    asked.slots.older = ["archive"]
    assert asked.hear("restore-wanted", **RESTORE) == {"restored-gw0-1": ""}
    assert asked.slots.restored[1:] == ["gw0", "archive"]
    [told] = [each.data for each in asked.events if each.name == "slot-restored"]
    assert told["older"] == ["archive"]


def test_what_postgres_refuses_is_answered_and_does_not_end_the_run(asked):
    asked.slots.made.append("gw0")
    asked.slots.refusal = PostgresError("cannot restore the slot `gw0`", "disk full")
    assert asked.hear("restore-wanted", **RESTORE) == {"restored-gw0-1": "cannot restore the slot `gw0`: disk full"}


@pytest.fixture
def ended(tmp_path):
    asked = Asked(tmp_path, "server")
    asked.slots.made.append("gw0")
    asked.slots.is_there = False
    return asked


def test_a_server_that_a_test_has_ended_is_started_anew_and_the_run_goes_on(ended):
    assert ended.hear("restore-wanted", **RESTORE) == {"restored-gw0-1": ""}
    assert ended.slots.restored == ["gw0"]
    assert ended.server.dumped == []


def test_a_database_on_a_server_that_a_test_has_ended_is_refused_to_the_asking_test_alone(ended):
    answers = ended.hear("database-wanted", slot="gw0", name="gw0_1_db1")
    assert answers == {"gw0_1_db1": "cannot reach the server of the slot `gw0`: connection refused"}
    assert ended.hear("database-done", slot="gw0", name="gw0_1_db1", test="t", failed=False) == answers


def test_a_failure_on_a_server_that_a_test_has_ended_is_kept_with_the_reason(ended):
    order = ended.answers._make_order(Event("failure-wanted", 1.0, {"slot": "gw0", "test": "t", "answer": "a"}))
    assert (order.server, order.place.slot) == (None, "gw0")
    assert order.problem == "cannot reach the server of the slot `gw0`: connection refused"


@pytest.mark.security
def test_a_slot_that_was_never_made_is_not_restored(asked):
    assert asked.hear("restore-wanted", **RESTORE) == {}
    assert asked.slots.restored == []


def test_without_isolation_a_restore_is_answered_and_changes_nothing(tmp_path):
    asked = Asked(tmp_path, "none")
    asked.slots.made.append("gw0")
    assert asked.hear("restore-wanted", **RESTORE) == {"restored-gw0-1": ""}
    assert (asked.slots.restored, asked.server.dumped) == ([], [])


@pytest.mark.security
def test_the_end_of_a_database_that_nobody_asked_for_is_ignored(asked):
    assert asked.hear("database-done", slot="gw0", name="postgres", test="t", failed=False) == {}


class RecordingDesk:
    def __init__(self):
        self.asked = []

    def make(self, name, role):
        self.asked.append((name, role))

    def give_back(self, name, failed_test):
        self.asked.append((name, failed_test))


@pytest.mark.security
@pytest.mark.parametrize(
    "name", ["../../../x", "gw1", "gw1_1_db1", "suite", "postgres", "runner_template", "", "gw0_1_db"]
)
def test_a_database_whose_name_the_plugin_never_gives_is_neither_made_nor_dropped(asked, name):
    # It would be the name of a file in the results, and of what is dropped as a superuser.
    desk = asked.answers._desks[""] = RecordingDesk()
    asked.slots.made.append("gw0")
    asked.hear("database-wanted", slot="gw0", name=name)
    asked.hear("database-done", slot="gw0", name=name, test="t", failed=True)
    assert desk.asked == []


def test_a_database_that_the_plugin_asks_for_is_made_and_given_back(asked):
    desk = asked.answers._desks[""] = RecordingDesk()
    asked.slots.made.append("gw0")
    asked.hear("database-wanted", slot="gw0", name="gw0_1_db1")
    asked.hear("database-done", slot="gw0", name="gw0_1_db1", test="t", failed=True)
    asked.hear("database-done", slot="gw0", name="gw0_1_db1", test="t", failed=False)
    assert desk.asked == [("gw0_1_db1", "gw0"), ("gw0_1_db1", "t"), ("gw0_1_db1", "")]


class Used(Session):
    """A run whose stages have databases, which nobody used."""

    uses = (False,)

    def _run_stages(self, streams, check):
        self._uses += self.uses
        return super()._run_stages(streams, check)


@pytest.mark.parametrize(
    ("environ", "uses", "verdict", "code"),
    [
        ({"CI": "true"}, (False,), "skipped", 98),
        ({}, (False,), "skipped", 0),
        ({"CI": "true"}, (False, True), "skipped", 0),
        ({"CI": "true"}, (False,), "failed", 1),
    ],
)
def test_a_database_that_no_test_used_makes_a_run_of_ci_fail_that_would_pass(
    tmp_path, monkeypatch, environ, uses, verdict, code
):
    def behave(suite):
        start_test(suite)
        finish_test(suite, verdict, message="need postgres" if verdict == "skipped" else "no")
        suite.end(int(verdict == "failed"))

    monkeypatch.setattr("test_session_steps.Session", Used)
    monkeypatch.setattr(Used, "uses", uses)
    outcome = Run(tmp_path, FakeEngine(behave), environ=environ).go().outcome
    assert outcome.exit_code == code
    skips = ["1 test was skipped for want of a database: `need postgres`"]
    assert [line for line in outcome.lines if "skipped" in line] == (skips if verdict == "skipped" else [])
    assert any(line.startswith("warning: no test used") for line in outcome.lines) == (not environ)


@pytest.mark.parametrize("method", ["start_services", "start_suite"])
def test_an_audit_of_isolations_tells_why_nothing_could_be_started(tmp_path, monkeypatch, method):
    monkeypatch.setattr("test_session_steps.Session", partial(ComparingSession, tries_all=False))
    failures = {method: EngineError("cannot start", "x")}
    passes = [make_pass("a", 2, database=True)]
    run = Run(tmp_path, FakeEngine(failures=failures), passes, services="compose.yaml").go()
    assert (run.outcome.exit_code, run.outcome.error.what) == (91, "cannot start")
    assert run.engine.calls[-1] == "remove_run"
