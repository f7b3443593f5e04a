"""The variables that CI gives to the tests, with each value that its matrices have for them. Pure."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from runner.core.snapshot import dig, dig_list
from runner.core.yaml_reading import read_pairs, walk

ENVIRONMENTS = ("env", "environment", "variables")
"""Keys of tables of variables."""

WHOLE = re.compile(
    r"\s*(?:\$\{\{\s*matrix\.(?P<github>[\w-]+)(?:\.(?P<inner>[\w-]+))?\s*\}\}"
    r"|<<\s*(?:matrix|parameters)\.(?P<circle>[\w-]+)\s*>>)\s*"
)
"""A text that is nothing but a reference, as GitHub and CircleCI write them."""


def list_given(table: Mapping[Any, Any], document: Any) -> Iterator[tuple[str, str]]:
    """The variables that one table of a document sets, with each of their values."""
    for name, text in [each for key in ENVIRONMENTS for each in read_pairs(table.get(key)).items()]:
        yield from ((name, value) for value in list_values(text, document))
    # GitLab's matrix is of variables.
    for row in dig_list(table, "matrix"):
        for name, values in row.items() if isinstance(row, Mapping) else ():
            items = values if isinstance(values, list) else [values]
            yield from ((str(name), each) for each in items if isinstance(each, str))


def list_values(text: str, document: Any) -> tuple[str, ...]:
    """Each value that a text may have by the matrices of its file; the text itself where it refers to none."""
    reference = WHOLE.fullmatch(text)
    if reference is None:
        return (text,)
    keys = [reference["inner"]] if reference["inner"] else []
    found = [dig(each, *keys) for each in find_items(reference["github"] or reference["circle"], document)]
    return tuple(dict.fromkeys(each for each in found if isinstance(each, str)))


def find_items(key: str, document: Any) -> Iterator[Any]:
    """The items of each list under a key, and what GitHub's `include` adds to them."""
    for table in walk(document):
        yield from dig_list(table, key)
        yield from (each[key] for each in dig_list(table, "include") if isinstance(each, Mapping) and key in each)
