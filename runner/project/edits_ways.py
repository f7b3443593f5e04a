"""Ways to add values to a table of a TOML file; whoever takes one looks at what the file means afterwards. Pure."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from runner.project.edits_text import end_line, make_gap

Table = Mapping[str, Any]

LONGEST = 90
"""Characters of a list that stays on one line."""


def below_header(text: str, keys: Sequence[str], values: Table) -> str:
    """The values right below the table's header, where no comment of another line can come to stand before them."""
    name = r"\s*\.\s*".join(map(re.escape, keys))
    header = re.search(rf"^[ \t]*\[\s*{name}\s*\][^\n]*(?:\n|\Z)", text, re.MULTILINE)
    if header is None:
        raise KeyError(keys[-1])
    plain = {name: value for name, value in values.items() if not isinstance(value, dict)}
    text = end_line(text[: header.end()]) + write(plain) + text[header.end() :]
    for key, table in values.items():
        if isinstance(table, dict):
            try:
                text = below_header(text, [*keys, key], table)
            except KeyError:
                text = append(text, [*keys, key], table)
    return text


def write(values: Table) -> str:
    """The lines of values that are no tables."""
    return "".join(f"{name} = {make_item(value).as_string()}\n" for name, value in values.items())


def append(text: str, keys: Sequence[str], values: Table) -> str:
    """A table of its own at the end of the file."""
    plain = {name: value for name, value in values.items() if not isinstance(value, dict)}
    text += f"{make_gap(text)}[{'.'.join(keys)}]\n{write(plain)}"
    for name, table in values.items():
        if isinstance(table, dict):
            text = append(text, [*keys, name], table)
    return text


def insert(text: str, keys: Sequence[str], values: Table) -> str:
    """The values in the table where it stands."""
    import tomlkit

    document = tomlkit.parse(text)
    table: Any = document
    for key in keys:
        table = table[key]
    for name, value in values.items():
        put(table, name, value)
    return tomlkit.dumps(document)


def put(table: Any, name: str, value: Any) -> None:
    """One value into a table; what is there already grows."""
    from tomlkit.items import InlineTable

    if isinstance(value, dict) and name in table:
        for each in value:
            put(table[name], each, value[each])
    elif isinstance(value, list) and name in table:
        table[name].extend(value) if "\n" not in table[name].as_string() else extend_lines(table[name], value)
    elif isinstance(table, InlineTable):
        table[name] = make_item(value, multiline=False)
    else:
        table[name] = make_item(value)


def extend_lines(array: Any, values: Sequence[str]) -> None:
    """Add items to an array that has lines, each on a line of its own, in front as the last one is."""
    text = array.as_string()
    lines = text.splitlines()
    indent = next((line[: len(line) - len(line.lstrip())] for line in lines[1:-1] if line.strip()), "    ")
    for value in values:
        array.add_line(value, indent=indent)
    if not re.search(r"\n\s*\]$", text):
        array.add_line(indent="")


def make_item(value: Any, multiline: bool = True) -> Any:
    """A value as TOML writes it: a long list one item a line, a table on one line where that is asked for."""
    import tomlkit

    if isinstance(value, dict) and not multiline:
        table = tomlkit.inline_table()
        table.update(value)
        return table
    item: Any = tomlkit.item(value)
    if isinstance(value, list) and multiline and len(str(value)) > LONGEST:
        item.multiline(True)
    return item
