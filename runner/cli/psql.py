"""`runner psql`: psql in the server of a living run, from the host."""

import json
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from runner.cli.main import app
from runner.cli.options import JsonOption, ProjectOption, RunArgument
from runner.cli.selecting import PassingCommand

EXAMPLES = """\b
Examples:
  runner psql                                 as the superuser, in the only run that lives
  runner psql --slot gw1                      as that worker's role, where its tests are
  runner psql -- -Atc 'select count(*) from gw0.orders'
  runner psql --slot gw0 < query.sql
  runner psql --json | jq -r '.slots[]'

psql runs in the container of the database, so none is needed here, and files that it names are there.
"""


@app.command("psql", cls=PassingCommand, epilog=EXAMPLES)
def psql(
    ctx: typer.Context,
    run: RunArgument = "",
    slot: Annotated[str, typer.Option("--slot", metavar="WORKER", help="Log in as a worker's role: gw0, gw1 ...")] = "",
    project: ProjectOption = Path(),
    as_json: JsonOption = False,
) -> None:
    """Open psql in the database of a run that lives; its arguments follow `--`. --json only says where it would be."""
    from runner.cli.living import ask_engine, find_living_run, find_root
    from runner.cli.visiting import Visit

    containers = ask_engine()
    found = find_living_run(find_root(project), run, containers)
    with Visit(found, containers.get(found, {}), slot) as visit:
        user, database = visit.logins.find(slot)
        if as_json:
            where = {"run": found, "container": visit.container, "user": user, "database": database}
            print(json.dumps({**where, "slots": visit.logins.slots}))
            return
        arguments = ctx.meta.get("pytest_args", ())
        if not slot and not arguments and sys.stdin.isatty():
            typer.echo(f"run {found}, database {database}; {visit.logins.describe()}", err=True)
        raise typer.Exit(visit.open_psql(user, database, arguments, os.environ.get("TERM", "")))
