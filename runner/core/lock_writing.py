"""The text of a `runner.lock`: the same for the same lock, one value a line, so that a diff can be read. Pure."""

from typing import Any

import tomlkit
from msgspec import to_builtins
from tomlkit.items import Array, Table

from runner.core.lock import Lock

HEADER = (
    "What the images of this project are made of, to the byte. `runner lock` writes this file, every run builds",
    "images by it, and `runner run --locked` refuses any other. Commit it; do not edit it.",
)

LONG = 60
"""Letters of a list from which on each item gets a line of its own."""


def make_text(lock: Lock) -> str:
    """The file's text."""
    document = tomlkit.document()
    for line in HEADER:
        document.add(tomlkit.comment(line))
    document.add(tomlkit.nl())
    for key, value in to_builtins(lock).items():
        if isinstance(value, list):
            tables = tomlkit.aot()
            for each in value:
                tables.append(make_table(each))
            if value:
                document.add(key, tables)
        else:
            document.add(key, make_table(value) if isinstance(value, dict) else value)
    return tomlkit.dumps(document)


def make_table(values: dict[str, Any]) -> Table:
    """A table; tables in it come last, as TOML wants them."""
    table = tomlkit.table()
    for key, value in sorted(values.items(), key=lambda item: isinstance(item[1], dict)):
        if isinstance(value, dict):
            table.add(key, make_table(value))
        else:
            table.add(key, make_array(value) if isinstance(value, list) else value)
    return table


def make_array(values: list[str]) -> Array:
    """A list on one line, or a long one with one item a line."""
    array = tomlkit.array()
    array.extend(values)
    return array.multiline(sum(map(len, values)) > LONG)
