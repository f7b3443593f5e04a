"""A run as a visible list of steps: images, stages of containers, the passes of pytest, results, teardown."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import date

from runner.core.attempt_log import AttemptLog
from runner.core.events import Event, Listener
from runner.core.failing_watch import FailingWatch
from runner.core.keeping import Keeping
from runner.core.nearest import make_hint
from runner.core.outcome import NO_TESTS, Tally, check_ends, combine_exit_codes
from runner.core.passes import Pass, Stage
from runner.core.plan import Plan
from runner.core.silence import is_ci, judge_silence
from runner.core.skips import SkipLog
from runner.core.slot_names import make_finder
from runner.core.verdict import judge
from runner.engines.protocol import Access, Engine, Leftover, Progress
from runner.environment import Environment
from runner.errors import (
    EngineError,
    Interrupted,
    LeftBehindError,
    NotReadyError,
    PostgresError,
    RunnerError,
    SettingsError,
)
from runner.interrupts import Interrupts
from runner.isolation import RuleWatch
from runner.report.junit import merge_junit
from runner.steps import Steps
from runner.streams import TICK, Sink, Streams, make_timeout
from runner.surroundings import Surroundings

SILENCE, LAST_WORDS = 0.02, 0.5
"""Seconds of silence after which the log of Postgres counts as read, and seconds to wait for that at the most."""

BUILD_NOTE = "== note: "
"""How a line of a build's output begins that a person should see."""


@dataclass
class Outcome:
    """How a run ended.

    Attributes:
        exit_code: of the whole run, see `runner.errors`.
        error: what ended it early, or makes it fail though its tests passed.
        tally: counts of tests.
        log: the attempts of every test.
        lines: what a person should know of.
        kept: where the states of failed tests are.
        gone: tests that failed before and are not there any more.
        left: what is left behind on the engine.
        is_counted: whether the engine could be asked for that.
        seconds: how long it took.
    """

    exit_code: int = 0
    error: RunnerError | None = None
    tally: Tally = field(default_factory=Tally)
    log: AttemptLog = field(default_factory=AttemptLog)
    lines: Sequence[str] = ()
    kept: Sequence[str] = ()
    gone: Sequence[str] = ()
    left: Sequence[Leftover] = ()
    is_counted: bool = True
    seconds: float = 0.0


def make_left_behind(left: Sequence[Leftover]) -> LeftBehindError:
    """The error for objects that could not be removed."""
    names = ", ".join(f"{each.kind} `{each.name}`" for each in left)
    return LeftBehindError(f"could not remove {names}", hint="`runner clean` removes what has no living owner")


def blame(first: RunnerError | None, teardown: RunnerError) -> RunnerError:
    """The error to tell where the teardown failed too: the first, unless it follows from an engine that is gone.

    Such an engine takes the suite and Postgres with it, and their ends are heard first.
    """
    if first is None or not isinstance(first, EngineError | PostgresError):
        return first or teardown
    return EngineError(f"the engine failed in the middle of the run: {teardown.what}", teardown.cause, teardown.hint)


def take_last_words(streams: Streams, mark: bytes) -> None:
    """Take what the server still has to say of the tests, up to a mark: its log comes on a stream of its own, later."""
    deadline = time.monotonic() + LAST_WORDS
    while time.monotonic() < deadline and (streams.take(SILENCE) or not streams.has_read(mark)):
        pass


def collects_apart(each: Pass) -> bool:
    """Whether a pass may collect other tests than those around it."""
    return bool(each.needs.pytest_args or each.needs.environment)


class Session:
    """One run."""

    def __init__(self, plan: Plan, engine: Engine, around: Surroundings, listeners: Sequence[Listener]) -> None:
        self._plan = plan
        self._engine = engine
        self._around = around
        self._keeping = Keeping(plan.settings.kept_failures, plan.settings.kept_megabytes)
        self._steps = Steps([*listeners, self._keeping.hear, self._hear_own])
        self._environment: Environment | None = None
        self._rules = RuleWatch(make_finder(plan.settings.postgres.slot_names))
        self._failing = FailingWatch(plan.failing, plan.selection.paths)
        self._marks: frozenset[str] | None = None
        self._deadline: float | None = None
        self._ended: list[int] = []
        self._skips = SkipLog()
        self._uses: list[bool] = []
        self._collects_apart = False
        self.outcome = Outcome()

    def run(self, interrupts: Interrupts) -> Outcome:
        """Do all steps; whatever happens, end with the teardown and its count."""
        outcome = self.outcome
        with self._open_logs() as (log_suite, log_postgres):
            streams = Streams(log_suite, log_postgres, self._hear, self._steps.clock)
            try:
                self._sweep()
                self._ensure_images(interrupts.check)
                self._check_lock(interrupts.check)
                self._work(streams, interrupts.check)
            except RunnerError as error:
                outcome.error, outcome.exit_code = error, error.exit_code
            finally:
                self._tear_down()
        self._write_junit()
        outcome.kept, outcome.gone = [*self._keeping.describe()], self._failing.gone
        outcome.seconds = self._steps.clock()
        return outcome

    def _work(self, streams: Streams, check: Callable[[], None]) -> None:
        codes = self._run_stages(streams, check)
        check_ends(self._ended, self.outcome.tally)
        self._failing.check(set(codes) <= {NO_TESTS}, self._plan.selection.as_text())
        self._judge(combine_exit_codes(codes, self._plan.selection.as_text()))

    def _open_environment(self, plan: Plan, stage: Stage, streams: Streams) -> Environment:
        """The environment of a stage, in the place of the one before, whose containers are removed first."""
        if self._environment is not None:
            self._engine.remove_containers()
        self._environment = Environment(plan, stage, self._engine, self._around, streams, self._steps, self._keeping)
        return self._environment

    @contextmanager
    def _start_alone(self, each: Pass, streams: Streams, check: Callable[[], None]) -> Iterator[Environment]:
        """The environment of one pass with everything in it started, in the order of its steps; closed at the end."""
        environment = self._open_environment(replace(self._plan, passes=(each,)), Stage((each,)), streams)
        environment.start_services(check)
        environment.start_suite()
        try:
            if each.needs.database:
                environment.start_postgres(check)
                environment.prepare(self._find_left, check)
            environment.wait_started()
            yield environment
        finally:
            environment.close()

    def _run_stages(self, streams: Streams, check: Callable[[], None]) -> list[int]:
        codes: list[int] = []
        for stage in self._plan.stages:
            if all(map(self._is_empty, stage.passes)):
                codes += [NO_TESTS] * len(stage.passes)
                continue
            environment = self._open_environment(self._plan, stage, streams)
            codes += self._run_stage(environment, stage, streams, check)
        return codes

    def _run_stage(
        self, environment: Environment, stage: Stage, streams: Streams, check: Callable[[], None]
    ) -> list[int]:
        environment.start_services(check)
        environment.start_suite(self._make_access())
        try:
            # The first pass starts before Postgres does; the plugin waits where it needs a slot.
            started = not (environment.must_set_up and stage.passes[0].needs.database)
            if started:
                self._start(environment, stage.passes[0])
            if stage.database:
                environment.start_postgres(check)
                if not (started and environment.must_set_up):
                    environment.prepare(self._find_left, check)
            environment.wait_started()
            codes = self._follow_passes(environment, stage, streams, check, started)
            if stage.database:
                take_last_words(streams, environment.mark_log())
                if any(code != NO_TESTS for each, code in zip(stage.passes, codes, strict=True) if each.needs.database):
                    self._uses.append(environment.was_used())
            return codes
        except (Interrupted, NotReadyError):
            environment.interrupt()
            raise
        finally:
            environment.close()

    def _follow_passes(
        self,
        environment: Environment,
        stage: Stage,
        streams: Streams,
        check: Callable[[], None],
        started: bool,
    ) -> list[int]:
        codes: list[int] = []
        for number, each in enumerate(stage.passes):
            if number and self._is_empty(each):
                codes.append(NO_TESTS)
                continue
            if each.needs.database and not environment.is_prepared:
                environment.prepare(self._find_left, check)
            if number or not started:
                self._start(environment, each)
            codes.append(self._follow(each, streams, check))
            self._ended.append(codes[-1])
        return codes

    def _start(self, environment: Environment, each: Pass) -> None:
        """Start pytest for a pass."""
        self._collects_apart = collects_apart(each)
        environment.start_pass(each)

    def _follow(self, each: Pass, streams: Streams, check: Callable[[], None]) -> int:
        """Follow one pass to its end."""
        tally, own = self.outcome.tally, each.needs.timeout
        left = self._find_left()
        limit = min(left, own) if own else left
        before = tally.verdicts.copy()
        with self._steps.step("tests") as step:
            code = self._follow_process(limit, streams, check)
            if code is None:
                is_own = limit < left
                total = own if is_own else self._plan.settings.timeout
                self._steps.tell("timed-out", limit=total)
                raise make_timeout(total, tally.running, self._steps.clock(), each.name if is_own else "")
            step["note"] = f"{each.name}: {tally.as_text(before)}"
        return code

    def _follow_process(self, limit: float, streams: Streams, check: Callable[[], None]) -> int | None:
        """Follow pytest's process; its exit code, or None when the limit was reached."""
        return streams.follow(limit, check)

    @staticmethod
    def _listen(streams: Streams, check: Callable[[], None]) -> None:
        """Handle the next message of the containers, if one comes in a moment; raises to give up."""
        check()
        streams.take(TICK)

    def _make_access(self) -> Access | None:
        """What a person gets who works in the suite container; nobody does in most runs."""
        return None

    def _find_left(self) -> float:
        """Seconds that are left for the tests of the run; the clock starts with the first question."""
        if self._deadline is None:
            self._deadline = time.monotonic() + self._plan.settings.timeout
        return self._deadline - time.monotonic()

    def _is_empty(self, each: Pass) -> bool:
        """Whether an earlier pass saw that no test has a mark of this one's, or none is left of those that failed."""
        if self._marks is None or collects_apart(each):
            return False
        return self._failing.is_done or (bool(each.marks) and each.marks.isdisjoint(self._marks))

    def _judge(self, code: int) -> None:
        outcome = self.outcome
        verdict = judge(code, outcome.log, self._rules.find_broken(), self._plan.settings, date.today())  # noqa: DTZ011 -- the user's own day
        outcome.exit_code, outcome.error = verdict.exit_code, verdict.error
        outcome.lines = [*verdict.lines, *self._failing.lines, *self._judge_silence()]

    def _judge_silence(self) -> list[str]:
        """What there is to say of tests that were skipped, and of a database that none used; that may be an error."""
        outcome, plan = self.outcome, self._plan
        skips = self._skips.describe()
        error, line = judge_silence(
            self._uses, outcome.tally.verdicts, skips, plan.selection, plan.settings.strict, is_ci(self._around.environ)
        )
        if error is not None and not outcome.exit_code:
            outcome.error, outcome.exit_code = error, error.exit_code
        return [*skips, *filter(None, [line])]

    def _write_junit(self) -> None:
        """One JUnit file of all passes; what cannot be written is no error of the tests."""
        properties = {"run": self._around.results.name, "image": self._engine.image}
        if self._plan.seed is not None:
            properties["seed"] = str(self._plan.seed)
        with suppress(OSError):
            merge_junit(self._around.results, self.outcome.log.attempts, properties)

    def _sweep(self) -> None:
        if dead := self._engine.sweep():
            self._steps.tell("swept", objects=[each.name for each in dead])

    def _make_progress(self, check: Callable[[], None]) -> Progress:
        def progress(text: str) -> None:
            check()
            if text:
                self._steps.tell("progress", text=text)

        return progress

    def _ensure_images(self, check: Callable[[], None]) -> None:
        with self._steps.step("image") as step:
            notes: list[str] = []
            progress = self._make_progress(check)

            def listen(text: str) -> None:
                if text.startswith(BUILD_NOTE):
                    notes.append(text.removeprefix("== "))
                progress(text)

            built = self._engine.ensure_images(self._plan.database, listen)
            step["note"] = "; ".join(["built " + ", ".join(built), *notes]) if built else "already there"

    def _check_lock(self, check: Callable[[], None]) -> None:
        if self._engine.has_lock:
            with self._steps.step("lock") as step:
                step["note"] = self._engine.check_lock(self._make_progress(check))

    def _tear_down(self) -> None:
        outcome = self.outcome
        try:
            with self._steps.step("teardown") as step:
                outcome.left = self._engine.remove_run()
                step["note"] = "all removed" if not outcome.left else "something is left"
        except RunnerError as error:
            outcome.is_counted = False
            outcome.error = blame(outcome.error, error)
            outcome.exit_code = outcome.error.exit_code
        if outcome.left:
            # The first error is the one to tell, but whatever it was, the exit code says that something is left.
            outcome.error = outcome.error or make_left_behind(outcome.left)
            outcome.exit_code = LeftBehindError.exit_code

    def _hear(self, event: Event) -> None:
        """An event of the suite: counted, acted upon, and told."""
        self.outcome.tally.add(event)
        self.outcome.log.add(event)
        self._rules.hear(event)
        self._failing.hear(event, self._collects_apart)
        self._skips.hear(event)
        if event.name == "collected" and not self._collects_apart:
            self._marks = frozenset(event.data["marks"])
        if event.name == "unknown-mark":
            mark = event.data["mark"]
            raise SettingsError(f"unknown mark `{mark}` in -m", hint=make_hint(mark, event.data["known"]))
        if self._environment is not None:
            self._environment.hear(event)
        self._steps.pass_on(event)

    def _hear_own(self, event: Event) -> None:
        """What the answers to a test say of its attempts."""
        if event.name == "slot-restored":
            self.outcome.log.add(event)

    @contextmanager
    def _open_logs(self) -> Iterator[tuple[Sink, Sink]]:
        """Where the suite's output and the server's log go: the files, and the suite's to the terminal too."""
        folder = self._around.results
        # Unbuffered, so that others can follow.
        with (folder / "suite.log").open("wb", 0) as suite, (folder / "postgres.log").open("wb", 0) as postgres:

            def show(data: bytes) -> None:
                suite.write(data)
                self._around.show(data)

            def keep(data: bytes) -> None:
                postgres.write(data)
                self._rules.read_log(data)

            yield show, keep
