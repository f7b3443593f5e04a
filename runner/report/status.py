"""What `runner status` knows of one run, as data and as text."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from runner.core.backends import Backend
from runner.core.processes import Process
from runner.core.run_state import RunState, Work
from runner.core.waiting import Finding, RunningTest, find_reasons
from runner.core.waiting_words import find_statements, tell


@dataclass(frozen=True)
class Status:
    """A run at one moment.

    Attributes:
        folder: of its results.
        is_living: whether it goes on.
        state: what its events tell.
        now: the moment, in seconds since 1970.
        backends: those of its server, with their workers; none where it has no server.
        processes: those of its suite container.
        stacks: where the Python code of workers is whose tests hang, as faulthandler writes it.
        problems: what could not be seen, and why.
    """

    folder: Path
    is_living: bool
    state: RunState
    now: float
    backends: Sequence[Backend] = ()
    processes: Sequence[Process] = ()
    stacks: Mapping[str, str] = field(default_factory=dict)
    problems: Sequence[str] = ()

    @property
    def seconds(self) -> float:
        """How long the run has lasted; of one that ended, until its last event."""
        started = self.state.started
        return self.state.at if started is None or not self.is_living else max(self.now - started, self.state.at)

    @property
    def tests(self) -> list[RunningTest]:
        """What each worker does."""
        return [self._make_test(worker, work) for worker, work in sorted(self.state.workers.items())]

    def _make_test(self, worker: str, work: Work) -> RunningTest:
        return RunningTest(worker, work.test, max(0.0, round(self.seconds - work.since, 3)), work.is_over)

    def find_reasons(self) -> list[tuple[Finding, str]]:
        """Why it hangs, if it does, each with its sentence."""
        tests = self.tests
        return [(each, tell(each, self.backends, tests, self.processes)) for each in find_reasons(self.backends, tests)]

    def as_dict(self) -> dict[str, Any]:
        """Everything, for `--json`; durations are in seconds."""
        state = self.state
        started = None if state.started is None else datetime.fromtimestamp(state.started).astimezone()
        return {
            "run": self.folder.name,
            "project": state.project,
            "results": str(self.folder),
            "living": self.is_living,
            "exit_code": state.exit_code,
            "started": started.isoformat(timespec="seconds") if started else None,
            "seconds": round(self.seconds, 3),
            "step": state.step,
            "step_seconds": round(self.seconds - state.step_since, 3) if state.step and self.is_living else None,
            "steps": [{"step": name, "seconds": seconds, "note": note} for name, seconds, note in state.notes],
            "collected": state.collected,
            "tests": dict(state.verdicts),
            "crashed_workers": state.crashed,
            "workers": [asdict(each) for each in self.tests] if self.is_living else [],
            "findings": [self._describe(finding, text) for finding, text in self.find_reasons()],
            "backends": [asdict(each) for each in self.backends],
            "processes": [asdict(each) for each in self.processes],
            "stacks": dict(self.stacks),
            "problems": list(self.problems),
        }

    def _describe(self, finding: Finding, text: str) -> dict[str, Any]:
        statements = {str(each.pid): each.statement for each, _ in find_statements(finding, self.backends)}
        return {**asdict(finding), "text": text, "statements": statements}
