"""Carries out a shell at the terminal: like a run, but that it leaves no results."""

import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from runner.cli.loading import make_run, open_engine
from runner.core.events import Event, Listener
from runner.core.plan import Plan, make_shell_plan
from runner.core.settings import Settings
from runner.engines.protocol import Engine
from runner.errors import NotReadyError, PostgresError, SettingsError
from runner.interrupts import Interrupts
from runner.project.load import Project
from runner.report.console import Console, make_last_line, paint_error
from runner.shelling import ShellSession, Wish
from runner.surroundings import Surroundings
from runner.terminal import Terminal

ALL = "."
"""The setting `writable` for all of the project."""

KEEPING = frozenset({NotReadyError.exit_code, PostgresError.exit_code})
"""Exit codes of errors that are explained in the logs."""

MakeShell = Callable[[Plan, Engine, Surroundings, Sequence[Listener], Wish, Terminal], ShellSession]


@dataclass(frozen=True)
class Stand:
    """Where a shell is.

    Attributes:
        project: the project.
        settings: its settings.
        group: whose tests' environment it is; empty for those of no special group.
        sources: other files than those in the project's folder now, as a tar file.
        folders: of the caller's own, that must not outlive the shell.
    """

    project: Project
    settings: Settings
    group: str = ""
    sources: bytes | None = None
    folders: tuple[Path, ...] = ()


def check_terminal(wish: Wish, terminal: Terminal, is_failed: bool = False) -> None:
    """Look whether a shell has a terminal, if it needs one; raises SettingsError."""
    if not wish.command and not terminal.is_interactive:
        raise SettingsError(
            "cannot open a shell without a terminal",
            "standard input or standard output is none",
            f"one command needs none: `runner shell {'--failed ' if is_failed else ''}-- COMMAND`",
        )


def keep_logs(results: Path, root: Path, run: str) -> Path:
    """Keep the logs of a shell that failed, for its error tells of them; where they are."""
    target = root / "shells" / run
    with suppress(OSError):
        shutil.copytree(results, target)
    return target


def stand(
    at: Stand, wish: Wish, terminal: Terminal, verbose: bool, make_shell: MakeShell = ShellSession
) -> Mapping[str, Any]:
    """Open a shell, and leave nothing behind.

    Returns:
        the summary, for `--json`.

    Raises:
        SettingsError: there is no terminal for an interactive shell, or the group is unknown.
    """
    check_terminal(wish, terminal)
    # Whoever stands in there writes where they want; and what fails in there is seen at once.
    settings = replace(at.settings, writable=[*at.settings.writable, ALL], kept_failures=0)
    make_shell_plan(settings, at.group, cpus=1)
    run = make_run()
    with Interrupts() as interrupts, tempfile.TemporaryDirectory(prefix="ephemeral-runner-") as results:
        engine = open_engine(at.project, settings, run, at.sources)
        for folder in (Path(results), *at.folders):
            engine.guard_folder(folder)
        plan = make_shell_plan(settings, at.group, engine.count_cpus())
        console = Console(sys.stderr, verbose)
        around = Surroundings(os.environ, at.project.folder, Path(results), lambda _: None, False, 80)
        console(Event("run-started", 0.0, {"project": wish.project, "run": run}))
        outcome = make_shell(plan, engine, around, [console], wish, terminal).run(interrupts)
        if outcome.error is not None and outcome.error.exit_code in KEEPING:
            console.print(f"  results   {keep_logs(Path(results), at.project.folder / settings.results, run)}")
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
