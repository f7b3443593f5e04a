"""`runner shell`: a shell, or one command, in the environment in which tests run."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from runner.cli.main import app
from runner.cli.options import ConfigOption, IsolationOption, JsonOption, LockedOption, ProjectOption, VerboseOption
from runner.cli.selecting import PassingCommand

EXAMPLES = """\b
Examples:
  runner shell                                a shell; Ctrl-D leaves it, and removes everything
  runner shell -- pytest -x tests/test_api.py one command; its exit code is the runner's
  runner shell -- psql -c 'table orders'
  runner shell --group security               what tests of that group have, network included
  runner shell --service postgres             in the database's container
  runner shell --failed                       in the state in which the last run's test failed
  runner shell --failed test_pay -- psql -c 'table orders'
  runner shell --failed --from bundle.tar.zst
  runner shell --root                         to try a package: apt-get update; apt-get install ...
"""


@app.command("shell", cls=PassingCommand, epilog=EXAMPLES)
def shell(
    ctx: typer.Context,
    test: Annotated[
        str, typer.Argument(metavar="[TEST] [-- COMMAND]", help="With --failed: a test's id, or a part of it.")
    ] = "",
    failed: Annotated[bool, typer.Option("--failed", help="As a failed test left it, database included.")] = False,
    run: Annotated[
        str, typer.Option("--run", metavar="RUN", help="With --failed: of this run; the latest by default.")
    ] = "",
    source: Annotated[
        Path | None,
        typer.Option(
            "--from", metavar="FILE", help="With --failed: out of a file of `runner bundle`, or a folder of results."
        ),
    ] = None,
    group: Annotated[str, typer.Option("--group", "-g", help="The environment of this group's tests.")] = "",
    service: Annotated[
        str, typer.Option(metavar="NAME", help="In the container of postgres, or of a service of the project.")
    ] = "",
    copy: Annotated[bool, typer.Option("--copy", help="On a private copy of the project.")] = False,
    root: Annotated[bool, typer.Option("--root", help="As root, who may install packages.")] = False,
    isolation: IsolationOption = None,
    locked: LockedOption = None,
    project: ProjectOption = Path(),
    config: ConfigOption = None,
    as_json: JsonOption = False,
    verbose: VerboseOption = False,
) -> None:
    """Stand in the environment of a test run: its image, variables, user and database. COMMAND follows `--`."""
    from runner.cli.loading import load
    from runner.cli.standing import Stand, stand
    from runner.errors import SettingsError
    from runner.shelling import Wish
    from runner.terminal import Terminal

    wish = Wish("", tuple(ctx.meta.get("pytest_args", ())), None, root, service)
    terminal = Terminal(2 if as_json else 1)
    if failed:
        from runner.cli.postmortem import revive

        told = revive(project, run, source, test, wish, terminal, copy, verbose)
    elif test or run or source:
        what = f"`{test}`" if test else "`--run`" if run else "`--from`"
        raise SettingsError(f"{what} goes with `--failed`", hint="one command follows `--`: `runner shell -- COMMAND`")
    else:
        loaded, sourced = load(project, config, isolation=isolation, locked=locked)
        wish = replace(wish, project=loaded.name, mount=None if copy else loaded.folder)
        told = stand(Stand(loaded, sourced.settings, group), wish, terminal, verbose)
    if as_json:
        print(json.dumps(told))
    raise typer.Exit(told["exit_code"])
