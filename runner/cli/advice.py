"""What the closing lines of a run advise: the next command, why it failed, the settings of a project without any."""

import os
from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING

from runner.core.attempt_log import find_failed
from runner.core.settings_layers import Sourced
from runner.core.silence import is_ci
from runner.errors import Interrupted, LeftBehindError
from runner.project.load import Project
from runner.report.run_story import make_command, make_line

if TYPE_CHECKING:
    from runner.cli.done import Done

Advise = Callable[["Done", bool], Iterator[str]]
"""Called with a run that ended, and whether somebody watches."""


def make_advise(project: Project, sourced: Sourced) -> "Advise":
    """Advises on the runs of a project."""
    return partial(advise, project, sourced)


def advise(project: Project, sourced: Sourced, done: "Done", is_live: bool) -> Iterator[str]:
    """Lines for a person; what only some runs need is imported by them alone.

    Args:
        project: the run's.
        sourced: its settings, and where each comes from.
        done: the run.
        is_live: whether somebody watches.
    """
    outcome = done.outcome
    if outcome.exit_code and find_failed(outcome.log.last) and is_live:
        yield make_line("again", make_command(done.plan.selection.as_key()))
    has_failed = bool(outcome.exit_code) and not isinstance(outcome.error, Interrupted | LeftBehindError)
    if has_failed and (is_live or is_ci(os.environ)):
        from runner.report.explaining import explain_run
        from runner.report.explanation import tell_why

        if why := tell_why(explain_run(done.results, project, sourced.settings)):
            yield make_line("why", why)
    if is_bare(project, sourced) and (is_live or has_failed):
        from runner.report.introduction import introduce

        yield from introduce(project, max((each.needs.workers for each in done.plan.passes), default=0))


def is_bare(project: Project, sourced: Sourced) -> bool:
    """Whether nobody has set anything for a project: no table, no variable and no flag."""
    return "runner" not in project.pyproject.get("tool", {}) and {*sourced.sources.values()} <= {"default"}
