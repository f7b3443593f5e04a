"""How far a run has come, from its events: the step it is at, what each worker does, counts. Pure."""

from collections import Counter
from dataclasses import dataclass, field

from runner.core.events import Event

LAST_STEP = "teardown"


@dataclass(frozen=True)
class Work:
    """What a worker does.

    Attributes:
        test: the test that runs, or that was the last to end.
        attempt: which of its attempts, from 1.
        since: when that began, in seconds of the run.
        is_over: whether its verdict is known; its teardown may still run.
    """

    test: str
    attempt: int
    since: float
    is_over: bool = False


@dataclass
class RunState:
    """Takes events in their order.

    Attributes:
        project: the project's name; empty where the events do not tell.
        started: when the run began, in seconds since 1970; None where the events do not tell.
        at: the newest event, in seconds of the run.
        step: the step that runs; empty between two.
        step_since: when it began, in seconds of the run.
        notes: what each step that ended has left, in order.
        collected: tests of the current call of pytest, before `-m` and `-k` choose.
        verdicts: how many tests ended as what.
        workers: what each worker of the current call does.
        crashed: workers that ended before their time.
        is_over: whether the run has removed its containers.
        exit_code: of the run, once it has one.
    """

    project: str = ""
    started: float | None = None
    at: float = 0.0
    step: str = ""
    step_since: float = 0.0
    notes: list[tuple[str, float, str]] = field(default_factory=list)
    collected: int = 0
    verdicts: Counter[str] = field(default_factory=Counter)
    workers: dict[str, Work] = field(default_factory=dict)
    crashed: list[str] = field(default_factory=list)
    is_over: bool = False
    exit_code: int | None = None

    def add(self, event: Event) -> None:
        """Take one event into account; one without the fields it should have tells nothing."""
        self.at = max(self.at, event.at)
        try:
            self._add(event)
        except (KeyError, TypeError, ValueError):
            return

    def _add(self, event: Event) -> None:
        data = event.data
        match event.name:
            case "run-started":
                self.project, self.started = str(data["project"]), float(data["time"])
            case "step-started":
                self._start_step(str(data["step"]), event.at)
            case "step-finished":
                self.notes.append((str(data["step"]), float(data["seconds"]), str(data["note"])))
                self.is_over, self.step = data["step"] == LAST_STEP, ""
            case "run-finished":
                self.is_over, self.exit_code = True, int(data["exit_code"])
            case _:
                self._add_test(event)

    def _add_test(self, event: Event) -> None:
        data = event.data
        match event.name:
            case "collected":
                self.collected = int(data["tests"])
            case "test-started":
                self.workers[str(data["worker"])] = Work(str(data["test"]), int(data["attempt"]), event.at)
                if self.started is None:
                    self.started = float(data["time"]) - event.at
            case "test-finished":
                self.verdicts[str(data["verdict"])] += 1
                self._end_test(data["test"], data["worker"])
            case "worker-crashed":
                self.crashed.append(str(data["worker"]))
                self.workers.pop(data["worker"], None)

    def _start_step(self, step: str, at: float) -> None:
        self.step, self.step_since = step, at
        if step == "tests":
            self.workers.clear()

    def _end_test(self, test: str, worker: str) -> None:
        """A verdict comes before the teardown of its test."""
        work = self.workers.get(worker)
        if work is not None and work.test == test:
            self.workers[worker] = Work(test, work.attempt, work.since, is_over=True)
