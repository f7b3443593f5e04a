"""`runner ps`: the runs that live, and objects that have no living owner."""

import json
import os

from runner.cli.main import app
from runner.cli.options import JsonOption
from runner.cli.table import make_table


@app.command("ps")
def ps(as_json: JsonOption = False) -> None:
    """Show the runs that live, and objects that have no living owner."""
    from runner.engines.docker.connect import connect, translate
    from runner.engines.docker.leftovers import has_living_owner, list_objects

    client = connect(os.environ.get("DOCKER_HOST"))
    with translate("cannot list the objects of runs"):
        found = [(each, "living" if has_living_owner(each) else "dead") for each in list_objects(client)]
    if as_json:
        keys = ("run", "project", "role", "kind", "name", "status", "created")
        print(json.dumps([{key: getattr(each, key) for key in keys} | {"owner": owner} for each, owner in found]))
        return
    if not found:
        print("no run lives, and nothing is left behind")
        return
    rows = [
        [each.run, each.project, each.role, each.kind, each.status or "-", each.created, owner] for each, owner in found
    ]
    print(make_table(["run", "project", "role", "kind", "status", "created", "owner"], rows))
