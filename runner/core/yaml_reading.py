"""Reads YAML of any origin, as far as it can be read: files of CI services and of Compose. Pure."""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

LARGEST = 200_000
"""Characters of a file that is read; those of people are smaller."""

MOST = 20_000
"""Nodes that are looked at, whatever a file's references make of it."""


@cache
def read_yaml(text: str) -> Any:
    """What a text holds; an empty table where it is no YAML."""
    # It takes 0.1 s to import, which projects without such files need not wait for.
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    # The kind that keeps what it reads also takes tags that only some service knows, such as `!reference`.
    reader = YAML(pure=True)
    reader.allow_duplicate_keys = True
    try:
        return reader.load(text[:LARGEST])
    except (YAMLError, ValueError, TypeError, AttributeError, KeyError, IndexError, RecursionError):
        return {}


def walk(node: Any) -> Iterator[Mapping[Any, Any]]:
    """Every table in a document, each once, the outer ones first."""
    waiting, seen = [node], set[int]()
    while waiting and len(seen) < MOST:
        each = waiting.pop(0)
        if id(each) in seen or not isinstance(each, Mapping | list):
            continue
        seen.add(id(each))
        if isinstance(each, Mapping):
            yield each
        waiting += each.values() if isinstance(each, Mapping) else each


def read_pairs(node: Any) -> dict[str, str]:
    """Variables as a table, or as a list of `NAME=value`."""
    if isinstance(node, Mapping):
        return {str(name): write(value) for name, value in node.items() if isinstance(value, str | int | float)}
    items = [each.partition("=") for each in node if isinstance(each, str)] if isinstance(node, list) else []
    return {name: value for name, found, value in items if found}


def write(value: str | float) -> str:
    """A scalar as text, as YAML wrote it."""
    return str(value).lower() if isinstance(value, bool) else str(value)
