"""`runner logs`: what a run has written, while it lives and afterwards."""

import json
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated

import typer

from runner.cli.following import PAUSE, has_ended_now, make_end, wait
from runner.cli.main import app
from runner.cli.options import JsonOption, ProjectOption, RunArgument
from runner.errors import RunnerError, SettingsError

SERVICES_PAUSE = 1.0
"""Seconds between two questions to the engine for the logs of services."""

EXAMPLES = """\b
Examples:
  runner logs                          what the tests of the newest run printed
  runner logs --follow                 from another terminal, until the run ends
  runner logs da683c --postgres        the server's log of the run whose id ends so
  tail -f "$(runner logs --json | jq -r .postgres)"
"""


@app.command("logs", epilog=EXAMPLES)
def logs(
    run: RunArgument = "",
    suite: Annotated[bool, typer.Option("--suite", help="What the tests printed; the default.")] = False,
    postgres: Annotated[bool, typer.Option("--postgres", help="The log of Postgres.")] = False,
    services: Annotated[bool, typer.Option("--services", help="The logs of the project's own services.")] = False,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on until the run ends.")] = False,
    project: ProjectOption = Path(),
    as_json: JsonOption = False,
) -> None:
    """Print a log of a run that lives, or has ended."""
    from runner.cli.living import find_root
    from runner.report.run_folders import find_run

    folder = find_run(find_root(project), run)
    which = choose(suite=suite, postgres=postgres, services=services)
    if as_json:
        print(json.dumps(describe(folder)))
        return
    try:
        show(read_log(folder, which, make_end(folder) if follow else has_ended_now))
    except KeyboardInterrupt:
        raise typer.Exit(130) from None


def choose(**flags: bool) -> str:
    """The log that the flags name.

    Raises:
        SettingsError: they name more than one.
    """
    wanted = [name for name, is_wanted in flags.items() if is_wanted] or ["suite"]
    if len(wanted) > 1:
        flags_text = " and ".join(f"`--{name}`" for name in wanted)
        raise SettingsError(f"cannot show {flags_text} at once", hint="one log at a time; each can be followed")
    return wanted[0]


def describe(folder: Path) -> dict[str, str | None]:
    """The run and the paths of its logs; None for one that there is not."""
    from runner.report.run_files import LOGS

    paths = {name: folder / file for name, file in LOGS.items()}
    return {"run": folder.name} | {name: str(path) if path.is_file() else None for name, path in paths.items()}


def read_log(folder: Path, which: str, has_ended: Callable[[], bool]) -> Iterator[bytes]:
    """The log in pieces, until `has_ended`.

    Raises:
        SettingsError: the run has no such log.
    """
    from runner.report.run_files import LOGS, follow

    if which == "services":
        yield from read_services(folder, has_ended)
        return
    path = folder / LOGS[which]
    if has_ended():
        check(path, folder.name)
    yield from follow(path, has_ended, lambda: wait(PAUSE))


def check(path: Path, run: str) -> None:
    """Refuse a log that there is not. Raises SettingsError."""
    if not path.is_file():
        raise SettingsError(f"the run `{run}` has no `{path.name}`", hint="`runner logs --json` shows which there are")


def read_services(folder: Path, has_ended: Callable[[], bool]) -> Iterator[bytes]:
    """The logs of the services: those that are kept, and of those that run what the engine has.

    They are kept once their stage of the run ends. Each line has its service and its time, so it is like no other.
    """
    from runner.report.run_files import LOGS

    path, seen = folder / LOGS["services"], set[bytes]()
    while True:
        is_last = has_ended()
        kept = path.read_bytes() if path.is_file() else b""
        lines = kept.splitlines(keepends=True) + ask_services(folder)
        if is_last and not lines:
            check(path, folder.name)
        new = [line for line in lines if line not in seen]
        seen.update(new)
        yield b"".join(new)
        if is_last:
            return
        wait(SERVICES_PAUSE)


def ask_services(folder: Path) -> list[bytes]:
    """What the services of a living run have written, as the engine has it; nothing where it cannot be asked."""
    from runner.engines.docker.connect import connect
    from runner.engines.docker.service_states import read_logs
    from runner.report.run_files import is_held

    if not is_held(folder):
        return []
    try:
        return read_logs(connect(os.environ.get("DOCKER_HOST")), folder.name).splitlines(keepends=True)
    except RunnerError:
        return []


def show(pieces: Iterator[bytes]) -> None:
    """Write to standard output; without a terminal that wants colours, without a terminal's escape sequences."""
    from runner.core.escapes import EscapeFilter
    from runner.report.console import wants_colour

    escapes = None if wants_colour(sys.stdout) else EscapeFilter()
    for data in pieces:
        sys.stdout.buffer.write(escapes.feed(data) if escapes else data)
        sys.stdout.buffer.flush()
    sys.stdout.buffer.write(escapes.end() if escapes else b"")
