"""SQL in blocks with a name each: the overlay of open transactions (by plugin/overlay.py), and pg_dump's. Pure."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

HEAD = re.compile(r"-- ephemeral-runner overlay (?P<token>[0-9a-f]{16,})\b.*\n")

ROWS = "rows of "
"""What the name of a block begins with that changes rows; others make objects."""


@dataclass(frozen=True)
class Block:
    """Statements that belong together, such as the rows of a table."""

    name: str
    sql: str

    @property
    def has_rows(self) -> bool:
        """Whether it changes rows, for which no right may be in the way."""
        return self.name.startswith(ROWS)


def split_overlay(text: str) -> Iterator[Block]:
    """The blocks in order; the first line has a token, so that no row can look like the end of a block.

    A text without one is one block.
    """
    head = HEAD.match(text)
    if head is None:
        if text.strip():
            yield Block("all of it", text)
        return
    for part in text.split(f"\n-- {head['token']} ")[1:]:
        name, _, sql = part.partition("\n")
        yield Block(name, sql)


SECTION = re.compile(
    r"^--\n-- (?:Data for )?Name: (?P<name>.*?); Type: (?P<type>[A-Z ]+); Schema: .*\n--\n", re.MULTILINE
)


def split_dump(text: str) -> tuple[str, list[Block]]:
    """A dump of pg_dump: what it begins with, and a block for each object.

    A row may hold a line that looks like the begin of a section; then both halves fail, and are told of.
    """
    found = [*SECTION.finditer(text)]
    starts = [each.start() for each in found] + [len(text)]
    blocks = [
        Block(f"{each['type'].strip().lower()} {each['name']}", text[each.end() : starts[number + 1]])
        for number, each in enumerate(found)
    ]
    return text[: starts[0]], blocks
