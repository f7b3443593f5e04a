"""`runner config`: every setting, its value, and where the value came from."""

import json
from pathlib import Path
from typing import Any

from runner.cli.main import app
from runner.cli.options import ConfigOption, JsonOption, ProjectOption
from runner.cli.table import make_table


@app.command("config")
def config(project: ProjectOption = Path(), beside: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Show every setting, its value, and where the value came from."""
    from msgspec import to_builtins

    from runner.cli.loading import load

    _, sourced = load(project, beside)
    values = flatten(to_builtins(sourced.settings))
    if as_json:
        print(json.dumps({name: {"value": values[name], "source": sourced.sources[name]} for name in sourced.sources}))
        return
    rows = [
        [name, show(values[name]) if name != "groups" else f"{len(values[name])}: see `runner groups`", source]
        for name, source in sourced.sources.items()
    ]
    print(make_table(["setting", "value", "from"], rows))


def flatten(values: dict[str, Any]) -> dict[str, Any]:
    """The values by the names that sources have: a table of settings gives one for each of its keys."""
    from runner.core.settings import TABLES

    tables = {f"{name}.{key}": value for name in TABLES for key, value in values[name].items()}
    return {**values, **tables}


def show(value: object) -> str:
    """A value as TOML has it, on one line."""
    return json.dumps(value, ensure_ascii=False)
