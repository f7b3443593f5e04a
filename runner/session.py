"""A run as a visible list of steps: images, suite, Postgres, slots, the passes of pytest, results, teardown."""

import secrets
import signal
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runner.core.events import Event, Listener
from runner.core.names import is_slot
from runner.core.nearest import make_hint
from runner.core.outcome import Tally, check_ends, combine_exit_codes
from runner.core.plan import Plan, make_pytest_args
from runner.core.slots import make_environment, make_server
from runner.engines.protocol import Engine, Leftover, Suite
from runner.errors import Interrupted, LeftBehindError, NotReadyError, RunnerError, SettingsError
from runner.interrupts import Interrupts
from runner.report.junit import merge_junit
from runner.streams import Sink, Streams, make_timeout

if TYPE_CHECKING:
    from runner.postgres.slots import Slots

ORDERLY = 1.0
"""Seconds that an interrupted pytest has for its summary; an interrupted run ends within two."""


@dataclass
class Outcome:
    """How a run ended.

    Attributes:
        exit_code: of the whole run, see `runner.errors`.
        error: what ended it early, if anything did.
        tally: counts of tests.
        left: what is left behind on the engine.
        seconds: how long it took.
    """

    exit_code: int = 0
    error: RunnerError | None = None
    tally: Tally = field(default_factory=Tally)
    left: Sequence[Leftover] = ()
    seconds: float = 0.0


@dataclass(frozen=True)
class Surroundings:
    """What a run touches of the process around it.

    Attributes:
        environ: the caller's environment.
        results: the folder for result files.
        show: takes the suite's output.
        colour: whether the suite's output may have colours.
        columns: width of the terminal, in characters.
    """

    environ: Mapping[str, str]
    results: Path
    show: Sink
    colour: bool
    columns: int


def make_left_behind(left: Sequence[Leftover]) -> LeftBehindError:
    """The error for objects that could not be removed."""
    names = ", ".join(f"{each.kind} `{each.name}`" for each in left)
    return LeftBehindError(f"could not remove {names}", hint="`runner clean` removes what has no living owner")


class Session:
    """One run."""

    def __init__(self, plan: Plan, engine: Engine, around: Surroundings, listeners: Sequence[Listener]) -> None:
        self._plan = plan
        self._engine = engine
        self._around = around
        self._listeners = listeners
        self._began = time.monotonic()
        self._password = secrets.token_hex(16)
        self._slots: Slots | None = None
        self._wanted: list[str] = [*plan.slots] if plan.database else []
        self.outcome = Outcome()

    def run(self, interrupts: Interrupts) -> Outcome:
        """Do all steps; whatever happens, end with the teardown and its count."""
        outcome = self.outcome
        with self._open_logs() as (log_suite, log_postgres):
            streams = Streams(log_suite, log_postgres, self._hear, self._clock)
            try:
                self._sweep()
                self._ensure_images(interrupts.check)
                outcome.exit_code = self._run_suite(streams, interrupts.check)
            except RunnerError as error:
                outcome.error, outcome.exit_code = error, error.exit_code
            finally:
                self._tear_down()
        outcome.seconds = self._clock()
        return outcome

    def _run_suite(self, streams: Streams, check: Callable[[], None]) -> int:
        suite = self._start_suite(streams)
        try:
            # The first pass starts before Postgres does; the plugin waits where it needs a slot.
            self._start_pass(suite, 0)
            if self._plan.database:
                self._start_postgres(suite, streams, check)
            suite.wait_started()
            codes = self._follow_passes(suite, streams, check)
        except (Interrupted, NotReadyError):
            with suppress(RunnerError):
                suite.signal(signal.SIGINT)
                streams.follow(ORDERLY, lambda: None)
            raise
        finally:
            self._copy_results(suite)
        check_ends(codes, self.outcome.tally)
        return combine_exit_codes(codes, self._plan.selection.as_text())

    def _sweep(self) -> None:
        if dead := self._engine.sweep():
            self._tell("swept", objects=[each.name for each in dead])

    def _ensure_images(self, check: Callable[[], None]) -> None:
        def progress(text: str) -> None:
            check()
            if text:
                self._tell("progress", text=text)

        with self._step("image") as step:
            built = self._engine.ensure_images(self._plan.database, progress)
            step["note"] = "built " + ", ".join(built) if built else "already there"

    def _start_suite(self, streams: Streams) -> Suite:
        with self._step("suite") as step:
            suite = self._engine.start_suite(streams.receive_suite, self._plan.database)
            step["note"] = "container made, sources copied in"
        return suite

    def _start_pass(self, suite: Suite, number: int) -> None:
        plan, around = self._plan, self._around
        each = plan.passes[number]
        server = make_server(plan.settings.isolation, self._password) if each.database else None
        environment = make_environment(plan.settings, server, around.environ)
        argv = ["pytest", *make_pytest_args(plan, each, around.colour)]
        suite.run(argv, {"COLUMNS": str(around.columns), **environment})

    def _start_postgres(self, suite: Suite, streams: Streams, check: Callable[[], None]) -> None:
        def still_wanted() -> None:
            check()
            streams.take_all()

        settings = self._plan.settings
        with self._step("postgres") as step:
            server = self._engine.start_postgres(suite, secrets.token_hex(16), streams.receive_postgres)
            # psycopg takes 0.1 s to import, in which the server boots.
            from runner.postgres.connect import wait_for_server
            from runner.postgres.slots import Slots

            connection, at = wait_for_server(server.find_addresses(), settings.startup_timeout, still_wanted)
            step["note"] = f"ready on {at.host}:{at.port}"
        with self._step("slots") as step:
            self._slots = Slots(connection, at, settings.isolation, self._password)
            self._announce = suite.announce_slot
            wanted, self._wanted = self._wanted, []
            for slot in wanted:
                self._want_slot(slot)
            step["note"] = f"{', '.join(self._slots.made)} ({settings.isolation})"

    def _want_slot(self, slot: str) -> None:
        """Make a slot, or remember it until the server is there. Workers ask as xdist starts them."""
        if not is_slot(slot):
            return
        if self._slots is None:
            self._wanted.append(slot)
            return
        self._slots.ensure(slot)
        self._announce(slot)

    def _follow_passes(self, suite: Suite, streams: Streams, check: Callable[[], None]) -> list[int]:
        limit, codes = self._plan.settings.timeout, list[int]()
        deadline = time.monotonic() + limit
        for number, each in enumerate(self._plan.passes):
            if number:
                self._start_pass(suite, number)
            before = self.outcome.tally.verdicts.copy()
            with self._step("tests") as step:
                code = streams.follow(deadline - time.monotonic(), check)
                if code is None:
                    raise make_timeout(limit, self.outcome.tally.running, self._clock())
                step["note"] = f"{each.name}: {self.outcome.tally.as_text(before)}"
            codes.append(code)
        return codes

    def _copy_results(self, suite: Suite) -> None:
        """Copy what there is; after an error, a second one is of no interest."""
        with suppress(RunnerError):
            suite.copy_results([f"{each.name}.xml" for each in self._plan.passes], self._around.results)
            merge_junit(self._around.results)

    def _tear_down(self) -> None:
        outcome = self.outcome
        try:
            with self._step("teardown") as step:
                outcome.left = self._engine.remove_run()
                step["note"] = "all removed" if not outcome.left else "something is left"
        except RunnerError as error:
            # The first error is the one to tell; the engine's later ones mostly follow from it.
            outcome.error = outcome.error or error
            outcome.exit_code = outcome.error.exit_code
        if outcome.left:
            # The first error is the one to tell, but whatever it was, the exit code says that something is left.
            outcome.error = outcome.error or make_left_behind(outcome.left)
            outcome.exit_code = LeftBehindError.exit_code

    def _clock(self) -> float:
        return time.monotonic() - self._began

    def _hear(self, event: Event) -> None:
        """An event of the suite: counted, acted upon, and told."""
        self.outcome.tally.add(event)
        if event.name == "slot-wanted":
            self._want_slot(str(event.data["slot"]))
        if event.name == "unknown-mark":
            mark = event.data["mark"]
            raise SettingsError(f"unknown mark `{mark}` in -m", hint=make_hint(mark, event.data["known"]))
        for listen in self._listeners:
            listen(event)

    def _tell(self, name: str, **data: Any) -> None:
        for listen in self._listeners:
            listen(Event(name, self._clock(), data))

    @contextmanager
    def _step(self, name: str) -> Iterator[dict[str, str]]:
        """Tell that a step starts and ends, with its time and the note that it leaves."""
        began, step = self._clock(), {"note": ""}
        self._tell("step-started", step=name)
        yield step
        self._tell("step-finished", step=name, seconds=round(self._clock() - began, 3), note=step["note"])

    @contextmanager
    def _open_logs(self) -> Iterator[tuple[Sink, Sink]]:
        """Where the suite's output and the server's log go: the files, and the suite's to the terminal too."""
        folder = self._around.results
        with (folder / "suite.log").open("wb") as suite, (folder / "postgres.log").open("wb") as postgres:

            def show(data: bytes) -> None:
                suite.write(data)
                self._around.show(data)

            yield show, postgres.write
