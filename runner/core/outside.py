"""Files outside a project's folder that its build or its tests name: path dependencies, a workspace. Pure."""

import posixpath
import re
from collections.abc import Iterator, Mapping
from typing import Any

from runner.core.fingerprint import IRRELEVANT_TOOLS
from runner.core.snapshot import dig, dig_list, normalize

NAMED = re.compile(r"(?:^|[\s\"'=:@(])((?:\.\./)+[^\s\"',;}\[\])#]*|\.\.(?=[\"'\s]|$))", re.MULTILINE)
"""A path that leads out of the folder, in a lock file, in requirements, or alone in a value."""

READ_BY_TESTS = frozenset({"pytest"})


def find_in_tables(pyproject: Mapping[str, Any]) -> set[str]:
    """Relative paths that lead out of the folder of a pyproject.toml, but for those that only linters read."""
    tools = dig(pyproject, "tool")
    kept = {name: each for name, each in tools.items() if name not in IRRELEVANT_TOOLS - READ_BY_TESTS}
    return {
        path for text in list_texts({**pyproject, "tool": kept}) for path in find_in_text(text) if text.count("\n") == 0
    }


def list_texts(value: Any) -> Iterator[str]:
    """Every text in nested tables and lists."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from list_texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from list_texts(each)


def find_in_text(text: str) -> set[str]:
    """Relative paths that lead out of the folder of a lock file or requirements."""
    return {posixpath.normpath(found) for found in NAMED.findall(text)}


def list_siblings(pyproject: Mapping[str, Any]) -> set[str]:
    """Normalized names of the workspace's members that a member asks for, as uv's sources say."""
    sources = dig(pyproject, "tool", "uv").get("sources")
    found = sources.items() if isinstance(sources, Mapping) else ()
    return {normalize(name) for name, source in found if dig(source, "workspace") is True}


def list_members(pyproject: Mapping[str, Any]) -> tuple[list[str], list[str]] | None:
    """The patterns of the members of a uv workspace, and of what they leave out; None where it is no workspace."""
    workspace = dig(pyproject, "tool", "uv").get("workspace")
    if not isinstance(workspace, Mapping):
        return None
    included, excluded = (dig_list(workspace, name) for name in ("members", "exclude"))
    return [str(each) for each in included], [str(each) for each in excluded]
