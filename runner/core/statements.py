"""The lines of one test in Postgres's log, found by role, by the name of its connections, and by time. Pure."""

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

from runner.core.violations import PARTS, START, find_time

OWN = "/* ephemeral-runner */"
"""What the plugin's own statements begin with (plugin/overlay.py)."""

OWN_STATEMENT = re.compile(rf"(?:statement|execute [^:]*): {re.escape(OWN)}")

LONGEST = 1_000_000
"""Characters of a test's lines that are kept; the last ones led to its failure."""

TICK = 0.001
"""Seconds: the log has no smaller parts."""


@dataclass(frozen=True)
class Wanted:
    """Whose lines.

    Attributes:
        role: of the connections.
        name: their application_name, where several workers share a role; empty for any.
        since: in seconds since the epoch.
        database: of the connections, where only that is a worker's own; empty for any.
    """

    role: str
    name: str
    since: float
    database: str = ""

    def fits(self, begun: re.Match[str]) -> bool:
        """Whether the message that a line begins is one of these."""
        if begun["user"] != self.role or OWN_STATEMENT.match(begun["text"]):
            return False
        place, _, name = begun["place"].partition(" ")
        if (self.name and name != self.name) or (self.database and place != self.database):
            return False
        with suppress(ValueError):  # A date that there is not: somebody else's line.
            return find_time(begun) >= self.since - TICK
        return False


def find_statements(log: bytes, wanted: Wanted) -> str:
    """The lines of one test, in order, each message with all its fields.

    Args:
        log: the end of the log; its first line may be cut.
        wanted: whose.
    """
    text = "\n".join(choose(log.decode(errors="replace").split("\n"), wanted))
    return text if len(text) <= LONGEST else "...\n" + text[-LONGEST:].partition("\n")[2]


def choose(lines: list[str], wanted: Wanted) -> Iterator[str]:
    """The lines of wanted messages: the server writes all fields of one at once."""
    fits = False
    for line in lines:
        if begun := None if line.startswith("\t") else START.fullmatch(line):
            fits = fits if begun["kind"] in PARTS else wanted.fits(begun)
        if fits and line:
            yield line


def reaches(log: bytes, since: float) -> bool:
    """Whether a piece of the log begins before a moment, so that no earlier piece is needed."""
    if log.startswith(b"\0"):  # Where the oldest lines were given back, the file reads as zeros.
        return True
    for line in log.split(b"\n")[1:]:
        if begun := START.fullmatch(line.decode(errors="replace")):
            with suppress(ValueError):
                return find_time(begun) < since - TICK
    return False
