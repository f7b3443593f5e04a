"""`runner config`: every setting, its value, and where the value came from."""

import json
from pathlib import Path

from runner.cli.main import app
from runner.cli.options import ConfigOption, JsonOption, ProjectOption
from runner.cli.table import make_table


@app.command("config")
def config(project: ProjectOption = Path(), beside: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Show every setting, its value, and where the value came from."""
    from msgspec import to_builtins

    from runner.cli.loading import load

    _, sourced = load(project, beside)
    values = to_builtins(sourced.settings)
    if as_json:
        print(json.dumps({name: {"value": values[name], "source": sourced.sources[name]} for name in values}))
        return
    rows = [
        [name, show(values[name]) if name != "groups" else f"{len(values[name])}: see `runner groups`", source]
        for name, source in sourced.sources.items()
    ]
    print(make_table(["setting", "value", "from"], rows))


def show(value: object) -> str:
    """A value as TOML has it, on one line."""
    return json.dumps(value, ensure_ascii=False)
