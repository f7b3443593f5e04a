"""Quarantine: tests whose failure does not fail a run, each until a day. Pure."""

import re
from collections.abc import Collection, Sequence
from datetime import date

from msgspec import Struct


class Quarantined(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One entry.

    Attributes:
        test: a node id, or the beginning of some: a file, a class, or a function with all its parameters. Only `*` is
            special, for any text; brackets are those of node ids.
        until: the last day on which the entry counts.
        reason: why, and who repairs it.
    """

    test: str
    until: date
    reason: str = ""


def find_expired(entries: Sequence[Quarantined], today: date) -> list[Quarantined]:
    """The entries whose last day is over; they protect nothing any more."""
    return [entry for entry in entries if entry.until < today]


def is_quarantined(test: str, entries: Sequence[Quarantined], today: date) -> bool:
    """Whether an entry that counts today matches the test."""
    return any(matches(entry.test, test) for entry in entries if entry.until >= today)


def matches(pattern: str, test: str) -> bool:
    """Whether a pattern is the test's node id or stands for something that the test lies in."""
    anything = ".*".join(re.escape(part) for part in pattern.split("*"))
    return re.fullmatch(rf"{anything}((::|\[|@).*)?", test, re.DOTALL) is not None


def decide(failed: Collection[str], entries: Sequence[Quarantined], today: date) -> tuple[list[str], list[str]]:
    """The failures that count, and those that do not because the test is in quarantine; each in the order given."""
    excused = {test for test in failed if is_quarantined(test, entries, today)}
    return [test for test in failed if test not in excused], [test for test in failed if test in excused]
