"""Tells CI how a run ended: annotations among the lines of the job, and the step summary."""

import os
from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING

from runner.core.attempt_log import find_failed
from runner.core.quarantine import decide
from runner.core.summary import Facts
from runner.project.load import Project
from runner.report.ci_summary import Findings, find_prefix, write_summary
from runner.report.console import Console

if TYPE_CHECKING:
    from runner.cli.done import Done


def tell_ci(console: Console, project: Project, findings: Findings, done: "Done", image: str) -> None:
    """Print the annotations and write the summary, with the paths of the repository that the project lies in."""
    outcome = done.outcome
    today = date.today()  # noqa: DTZ011 -- the user's own day
    excused = decide(find_failed(outcome.log.last), done.plan.settings.quarantine, today)[1]
    annotations = findings.annotate(outcome.log, excused, outcome.error, find_prefix(project.folder, os.environ))
    problem = write_summary(make_facts(project, findings, done, image, excused), done.results, find_target())
    if problem:
        console.print(f"  {problem}")
    console.annotate(annotations)


def find_target() -> str:
    """The file of the step summary; empty where there is none, as in a CI that has no such thing."""
    return os.environ.get("GITHUB_STEP_SUMMARY", "")


def make_facts(project: Project, findings: Findings, done: "Done", image: str, excused: Sequence[str]) -> Facts:
    """What the summary tells of a run."""
    outcome = done.outcome
    return Facts(
        project=project.name,
        exit_code=outcome.exit_code,
        error=outcome.error.as_text() if outcome.error else "",
        seconds=outcome.seconds,
        steps=findings.steps,
        image=image,
        log=outcome.log,
        failures=findings.failures,
        excused=excused,
    )
