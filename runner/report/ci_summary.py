"""What CI gets of a run at its end: annotations with the repository's paths, and the step summary."""

import os
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from runner.core.annotations import Annotation, annotate, move
from runner.core.attempt_log import AttemptLog
from runner.core.events import Event
from runner.core.failure_log import FailureLog
from runner.core.summary import LIMIT, Facts, make_summary
from runner.errors import RunnerError, find_reason


class Findings:
    """Hears a run's events, and keeps what CI is told at the end."""

    def __init__(self) -> None:
        self.failures = FailureLog()
        self.steps: dict[str, float] = {}

    def __call__(self, event: Event) -> None:
        """Take one event into account; a step that comes twice counts twice."""
        self.failures.add(event)
        if event.name == "step-finished":
            step = event.data["step"]
            self.steps[step] = self.steps.get(step, 0.0) + event.data["seconds"]

    def annotate(
        self, log: AttemptLog, excused: Sequence[str], error: RunnerError | None, prefix: str
    ) -> list[Annotation]:
        """The annotations; `prefix` leads from the repository's root to the project."""
        return [move(each, prefix) for each in annotate(log, self.failures, excused, error)]


def find_prefix(folder: Path, environ: Mapping[str, str] = os.environ) -> str:
    """The project's folder, as seen from the repository's; empty where it is the same."""
    root = environ.get("GITHUB_WORKSPACE", "")
    if not root or not folder.is_relative_to(Path(root).resolve()):
        root = find_top(folder)
    return folder.relative_to(Path(root).resolve()).as_posix() if root else ""


def find_top(folder: Path) -> str:
    """The top of the repository that a folder is in; empty where there is none, or no git."""
    try:
        asked = subprocess.run(
            ["git", "rev-parse", "--show-toplevel"], cwd=folder, capture_output=True, text=True, check=False
        )
    except OSError:
        return ""
    top = asked.stdout.removesuffix("\n")
    return top if folder.is_relative_to(Path(top or "/nowhere").resolve()) else ""


def write_summary(facts: Facts, results: Path, target: str) -> str:
    """Write the summary to the results as `summary.md`, and add it to the step's own.

    Args:
        facts: what to tell.
        results: the run's folder.
        target: the file that GITHUB_STEP_SUMMARY names; the steps of several runs may share it.

    Returns:
        What a person should know of: why the summary is not there. Empty where it is.
    """
    with suppress(OSError):
        (results / "summary.md").write_text(make_summary(facts), encoding="utf-8", errors="replace")
    if not target:
        return ""
    try:
        with Path(target).open("a", encoding="utf-8", errors="replace") as step:
            step.write(make_summary(facts, LIMIT - step.tell()))
    except OSError as error:
        return f"no step summary: cannot write `{target}`: {find_reason(error)}; see summary.md in the results"
    return ""
