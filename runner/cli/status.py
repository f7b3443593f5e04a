"""`runner status`: how a run is, asked from another terminal, and why it hangs."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from runner.cli.following import wait
from runner.cli.main import app
from runner.cli.options import JsonOption, ProjectOption, RunArgument

if TYPE_CHECKING:
    from runner.cli.living import Containers
    from runner.report.status import Status

CLEAR = "\x1b[H\x1b[2J\x1b[3J"
"""Empties a terminal and what can be scrolled back to."""

EXAMPLES = """\b
Examples:
  runner status                       the run that lives, or else the last one
  runner status --watch 2             again every two seconds, until the run ends
  runner status da683c                the run whose id ends so
  runner status --json | jq -r '.findings[].text'

A test that waits for a lock for a second, or runs for ten, is told with the reason: which of its backends waits for
what, who holds that, and whether it is a deadlock that Postgres cannot see.
"""


@app.command("status", epilog=EXAMPLES)
def status(
    run: RunArgument = "",
    watch: Annotated[
        float | None,
        typer.Option(
            "--watch", "-w", metavar="SECONDS", min=0.1, help="Again and again, until the run ends.", show_default=False
        ),
    ] = None,
    project: ProjectOption = Path(),
    as_json: JsonOption = False,
) -> None:
    """Show what a run does: its tests, its backends in Postgres, and why it hangs."""
    from runner.cli.observing import Observer

    folder = find(project, run)
    if folder is None:
        print(json.dumps(None) if as_json else "no run has left results here; `runner run` makes one")
        return
    observer = Observer(folder)
    try:
        while True:
            now = observer.look()
            show(now, as_json, is_first_of_many=watch is not None)
            if watch is None or not now.is_living:
                return
            wait(watch)
    except KeyboardInterrupt:
        raise typer.Exit(130) from None


def find(project: Path, name: str) -> Path | None:
    """The folder of the run: the named one, else the only one that lives, else the last; None where there is none.

    Raises:
        SettingsError: no run has the name, or more than one lives.
    """
    from runner.cli.living import find_living_runs, find_root
    from runner.core.run_names import choose_living
    from runner.report.run_folders import find_run, list_runs

    root = find_root(project)
    runs = [folder.name for folder in list_runs(root)]
    if name or not runs:
        return find_run(root, name) if name else None
    living = find_living_runs(root, {}) or find_living_runs(root, ask_engine_if_there())
    return root / "runs" / (choose_living("", runs, living) if living else runs[-1])


def ask_engine_if_there() -> "Containers":
    """The containers of living runs; none where there is no engine, which a run that has ended does not need."""
    from runner.cli.living import ask_engine
    from runner.errors import EngineError

    try:
        return ask_engine()
    except EngineError:
        return {}


def show(now: "Status", as_json: bool, is_first_of_many: bool) -> None:
    """Print a status; a terminal shows one at a time."""
    from runner.report.console import make_writable
    from runner.report.status_text import tell_status

    if as_json:
        text = json.dumps(now.as_dict())
    else:
        text = make_writable("\n".join(tell_status(now)), sys.stdout)
        if is_first_of_many:
            text = CLEAR + text if sys.stdout.isatty() else text + "\n"
    print(text, flush=True)
