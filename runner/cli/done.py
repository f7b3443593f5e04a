"""A run that ended: what `--json` prints of it, and what its results keep."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from runner import __version__
from runner.core.failure_log import FailureLog
from runner.core.plan import Plan
from runner.core.run_report import RunError, RunReport, list_failures
from runner.engines.protocol import Engine
from runner.session import Outcome


@dataclass(frozen=True)
class Done:
    """A run that ended, whatever way."""

    run: str
    results: Path
    outcome: Outcome
    plan: Plan

    def as_dict(self) -> dict[str, Any]:
        """The summary, for `--json`."""
        outcome = self.outcome
        return {
            "run": self.run,
            "exit_code": outcome.exit_code,
            "tests": dict(outcome.tally.verdicts),
            "retried": [
                {"test": each.test, "attempt": each.number, "error": each.error, "reason": each.reason}
                for each in outcome.log.retried
            ],
            "seed": self.plan.seed,
            "remarks": self.remarks,
            "kept": list(outcome.kept),
            "crashed_workers": outcome.tally.crashed,
            "seconds": round(outcome.seconds, 3),
            "results": str(self.results),
            "left_behind": self.left_behind,
            "error": outcome.error.as_dict() if outcome.error else None,
        }

    @property
    def remarks(self) -> list[str]:
        """What a person should know of, before the run and after it."""
        return [*filter(None, [self.plan.failing.note]), *self.outcome.lines]

    @property
    def left_behind(self) -> list[str]:
        """What is left on the engine, in words."""
        return [f"{each.kind} {each.name}" for each in self.outcome.left]

    def make_report(
        self, project: str, started: datetime, engine: Engine, failures: FailureLog, architecture: str
    ) -> RunReport:
        """What the results keep of it.

        Args:
            project: its name.
            started: when the run began.
            engine: knows the images.
            failures: where tests failed.
            architecture: the engine's.
        """
        outcome, plan = self.outcome, self.plan
        return RunReport(
            run=self.run,
            project=project,
            runner=__version__,
            started=started.isoformat(timespec="seconds"),
            seconds=round(outcome.seconds, 3),
            selection=plan.selection.as_key(),
            seed=plan.seed,
            exit_code=outcome.exit_code,
            isolation=plan.settings.isolation,
            workers=max((each.needs.workers for each in plan.passes), default=0),
            tests=dict(outcome.tally.verdicts),
            failures=list_failures(outcome.log, failures),
            remarks=self.remarks,
            crashed_workers=outcome.tally.crashed,
            error=RunError(**outcome.error.as_dict()) if outcome.error else None,  # type: ignore[arg-type]
            left_behind=self.left_behind,
            images={"suite": engine.image, "postgres": engine.postgres_image},
            architecture=architecture,
        )
