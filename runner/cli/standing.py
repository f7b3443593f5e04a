"""Carries out a shell at the terminal: like a run, but that it leaves no results."""

import os
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from runner.cli.loading import make_run, open_engine
from runner.core.events import Event
from runner.core.plan import make_shell_plan
from runner.core.settings import Settings
from runner.environment import Surroundings
from runner.errors import SettingsError
from runner.interrupts import Interrupts
from runner.project.load import Project
from runner.report.console import Console, make_last_line, paint_error
from runner.shelling import ShellSession, Wish
from runner.terminal import Terminal

ALL = "."
"""The setting `writable` for all of the project."""


def stand(
    project: Project, settings: Settings, group: str, wish: Wish, terminal: Terminal, verbose: bool
) -> Mapping[str, Any]:
    """Open a shell, and leave nothing behind.

    Returns:
        the summary, for `--json`.

    Raises:
        SettingsError: there is no terminal for an interactive shell, or the group is unknown.
    """
    if not wish.command and not terminal.is_interactive:
        raise SettingsError(
            "cannot open a shell without a terminal",
            "standard input or standard output is none",
            "one command needs none: `runner shell -- COMMAND`",
        )
    settings = replace(settings, writable=[*settings.writable, ALL])
    make_shell_plan(settings, group, cpus=1)
    run = make_run()
    with Interrupts() as interrupts, tempfile.TemporaryDirectory(prefix="ephemeral-runner-") as results:
        engine = open_engine(project, settings, run)
        plan = make_shell_plan(settings, group, engine.count_cpus())
        console = Console(sys.stderr, verbose)
        around = Surroundings(os.environ, project.folder, Path(results), lambda _: None, False, 80)
        console(Event("run-started", 0.0, {"project": project.name, "run": run}))
        outcome = ShellSession(plan, engine, around, [console], wish, terminal).run(interrupts)
    if outcome.error is not None:
        console.print(paint_error(outcome.error, sys.stderr))
    console.print(make_last_line(outcome.left, outcome.is_counted))
    return {
        "run": run,
        "exit_code": outcome.exit_code,
        "seconds": round(outcome.seconds, 3),
        "left_behind": [f"{each.kind} {each.name}" for each in outcome.left],
        "error": outcome.error.as_dict() if outcome.error else None,
    }
