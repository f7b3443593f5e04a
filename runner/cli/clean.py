"""`runner clean`: removes objects that have no living owner, and nothing else."""

import json
import os

import typer

from runner.cli.main import app
from runner.cli.options import JsonOption
from runner.errors import LeftBehindError


@app.command("clean")
def clean(as_json: JsonOption = False) -> None:
    """Remove objects that have no living owner; runs that live are not touched."""
    from runner.engines.docker.connect import connect, translate
    from runner.engines.docker.leftovers import has_living_owner, list_objects, sweep

    client = connect(os.environ.get("DOCKER_HOST"))
    with translate("cannot remove objects of dead runs"):
        removed = sweep(client)
        left = [each for each in list_objects(client) if not has_living_owner(each)]
    if as_json:
        print(json.dumps({"removed": [f"{each.kind} {each.name}" for each in removed]}))
    else:
        for each in removed:
            typer.echo(f"removed {each.kind} {each.name}")
        typer.echo(f"{len(removed)} removed")
    if left:
        names = ", ".join(f"{each.kind} `{each.name}`" for each in left)
        raise LeftBehindError(f"could not remove {names}", hint="remove it with the engine's own command")
