"""`runner shell`: a shell, or one command, in the environment in which tests run."""

import json
from pathlib import Path
from typing import Annotated

import typer

from runner.cli.main import app
from runner.cli.options import IsolationOption, JsonOption, LockedOption, ProjectOption, VerboseOption
from runner.cli.selecting import PassingCommand

EXAMPLES = """\b
Examples:
  runner shell                                a shell; Ctrl-D leaves it, and removes everything
  runner shell -- pytest -x tests/test_api.py one command; its exit code is the runner's
  runner shell -- psql -c 'table orders'
  runner shell --group security               what tests of that group have, network included
  runner shell --service postgres             in the database's container
  runner shell --root                         to try a package: apt-get update; apt-get install ...
"""


@app.command("shell", cls=PassingCommand, epilog=EXAMPLES)
def shell(
    ctx: typer.Context,
    group: Annotated[str, typer.Option("--group", "-g", help="The environment of this group's tests.")] = "",
    service: Annotated[
        str, typer.Option(metavar="NAME", help="In the container of postgres, or of a service of the project.")
    ] = "",
    copy: Annotated[bool, typer.Option("--copy", help="On a private copy of the project.")] = False,
    root: Annotated[bool, typer.Option("--root", help="As root, who may install packages.")] = False,
    isolation: IsolationOption = None,
    locked: LockedOption = None,
    project: ProjectOption = Path(),
    as_json: JsonOption = False,
    verbose: VerboseOption = False,
) -> None:
    """Stand in the environment of a test run: its image, variables, user and database. COMMAND follows `--`."""
    from runner.cli.loading import load
    from runner.cli.standing import stand
    from runner.shelling import Wish
    from runner.terminal import Terminal

    loaded, sourced = load(project, isolation=isolation, locked=locked)
    command = tuple(ctx.meta.get("pytest_args", ()))
    terminal = Terminal(2 if as_json else 1)
    wish = Wish(loaded.name, command, copy, root, service)
    outcome = stand(loaded, sourced.settings, group, wish, terminal, verbose)
    if as_json:
        print(json.dumps(outcome))
    raise typer.Exit(outcome["exit_code"])
