"""Additions to TOML files that leave comments, order and spelling of the rest as they are."""

import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from runner.core.snapshot import dig, dig_table
from runner.errors import SettingsError
from runner.project.edits_text import declare_one
from runner.project.edits_ways import Table, append, below_header, insert


def add_settings(text: str, settings: Table, path: Path) -> str:
    """Add to `[tool.runner]` the settings that it does not have; the table is made in any case.

    Raises:
        SettingsError: the file's TOML leaves no place for them.
    """
    keys = ("tool", "runner")
    present = dig_table(parse(text, path), *keys)
    given = {name.replace("-", "_") for name in present}
    missing = {name: value for name, value in settings.items() if name not in given}
    if "environment" in given and isinstance(present["environment"], dict):
        variables = settings.get("environment", {})
        lacking = {name: value for name, value in variables.items() if name not in present["environment"]}
        missing |= {"environment": lacking} if lacking else {}
    if "runner" in dig_table(parse(text, path), "tool") and not missing:
        return text
    return add(text, keys, missing, path)


def add_marks(text: str, keys: Sequence[str], marks: Mapping[str, str], path: Path) -> str:
    """Declare marks in a table of pytest's settings, whose `markers` may be a list, or text of lines.

    Raises:
        SettingsError: the file's TOML leaves no place for them.
    """
    declared = [declare_one(name, each) for name, each in marks.items()]
    if isinstance(present := dig(parse(text, path), *keys, "markers"), str):
        indent = re.search(r"(?:^|\n)([ \t]*)[^\n]*\s*$", present)
        lines = [present.rstrip(), *((indent[1] if indent else "") + each for each in declared)]
        return replace_markers(text, keys, "\n".join(lines) + "\n", path)
    return add(text, keys, {"markers": declared}, path)


def parse(text: str, path: Path) -> dict[str, Any]:
    """TOML as a dict."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        cause = str(error)
        raise SettingsError(f"cannot read `{path}`", cause[:1].lower() + cause[1:]) from None


def add(text: str, keys: Sequence[str], values: Table, path: Path) -> str:
    """Add values to a table, in the first way that makes the file mean what it should."""
    wanted = merge(parse(text, path), nest(keys, values))
    ways: tuple[Callable[[str, Sequence[str], Table], str], ...] = (below_header, append, insert)
    for way in ways:
        try:
            after = way(text, keys, values)
            if tomllib.loads(after) == wanted:
                return after
        except (tomllib.TOMLDecodeError, ValueError, KeyError, TypeError, AttributeError):
            continue
    lines = append("", keys, values).strip().splitlines()
    hint = "add it by hand: " + "; ".join(line for line in lines if line)
    raise SettingsError(
        f"cannot add to `[{'.'.join(keys)}]` in `{path}`", "it is written in a way that is not known", hint
    )


def nest(keys: Sequence[str], values: Table) -> dict[str, Any]:
    """Values as the innermost of nested tables."""
    nested: dict[str, Any] = dict(values)
    for key in reversed(keys):
        nested = {key: nested}
    return nested


def merge(old: Any, new: Any) -> Any:
    """What a file has to mean afterwards: tables are joined, lists follow each other."""
    if isinstance(old, dict) and isinstance(new, dict):
        return {**old, **{key: merge(old[key], new[key]) if key in old else new[key] for key in new}}
    return [*old, *new] if isinstance(old, list) and isinstance(new, list) else new


def replace_markers(text: str, keys: Sequence[str], markers: str, path: Path) -> str:
    """Marks that are one text of lines, with more of them."""
    import tomlkit

    document = tomlkit.parse(text)
    table: Any = document
    for key in keys:
        table = table[key]
    escaped = markers.replace("\\", "\\\\").replace('"', '\\"')
    table["markers"] = tomlkit.value(f'"""\n{escaped}"""')
    after = tomlkit.dumps(document)
    if dig(parse(after, path), *keys, "markers") != markers:
        raise SettingsError(f"cannot add marks to `{path}`", "its `markers` is written in a way that is not known")
    return after
