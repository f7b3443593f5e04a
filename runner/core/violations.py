"""Violations of slots: statements that reached into another worker's slot, found in Postgres's log. Pure."""

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime

from runner.core.slot_names import BY_NAME, FindSlot

LONGEST = 200
"""Characters of a statement that are kept."""

START = re.compile(
    r"(?P<time>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}) \S+ \[(?P<pid>\d+)\] (?P<user>[^@]*)@(?P<place>.*?) "
    r"(?P<kind>DEBUG[1-5]?|LOG|INFO|NOTICE|WARNING|ERROR|FATAL|PANIC|DETAIL|HINT|QUERY|CONTEXT|LOCATION|STATEMENT)"
    r":  (?P<text>.*)"
)
"""A line as `log_line_prefix` in images/postgres/postgresql.conf has it begin, in UTC; others continue with a tab.

`place`: the database, and behind a space the connection's application_name.
"""

PARTS = frozenset({"DETAIL", "HINT", "QUERY", "CONTEXT", "LOCATION", "STATEMENT"})
"""Kinds of lines that go on with a message."""

REFUSAL = re.compile(
    r"(?:permission denied for|permission denied to set|must be owner of) "
    r'(?P<kind>(?:materialized |foreign |event |large )?[a-z]+) "?(?P<name>.+?)"?(?: at character (?P<position>\d+))?'
)
QUALIFIED = re.compile(r'(?<![\w$])"?(?P<slot>gw\d+|master)"?\s*\.\s*(?P<name>"(?:[^"]|"")+"|[\w$]+)', re.IGNORECASE)
PLAIN = re.compile(r'"?([a-z_][a-z0-9_$]*)"?')


@dataclass(frozen=True)
class Violation:
    """A statement that Postgres refused because what it reached for belongs to another slot.

    Attributes:
        slot: whose role sent the statement.
        other: whose slot it reached into.
        object: what it reached for, such as `gw1.items`, or the slot's name alone.
        statement: in one line of at most 200 characters; empty for a connection.
        time: when, in seconds since the epoch.
    """

    slot: str
    other: str
    object: str
    statement: str
    time: float


@dataclass
class Message:
    """One message of the server; each of its fields begins a line of its own, and this is the first."""

    slot: str
    time: float
    refusal: re.Match[str]
    fields: dict[str, str] = field(default_factory=dict)


class LogReader:
    """Reads the log in pieces that may be cut anywhere.

    Args:
        find_slot: tells whose a role or a database is; by default it has the slot's own name.
    """

    def __init__(self, find_slot: FindSlot = BY_NAME) -> None:
        self._find_slot = find_slot
        self._rest = b""
        self._field: re.Match[str] | None = None
        self._lines: list[str] = []
        self._open: dict[str, Message] = {}

    def feed(self, data: bytes) -> list[Violation]:
        """The violations that are complete now: only the next line shows that a statement is."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        return [found for line in lines for found in self._read(line.decode(errors="replace"))]

    def close(self) -> list[Violation]:
        """The violations that the end of the log completes."""
        found = [*self.feed(b"\n"), *self._end_field()]
        found += filter(None, (judge(each, self._find_slot) for each in self._open.values()))
        self._open.clear()
        return found

    def _read(self, line: str) -> Iterator[Violation]:
        if line.startswith("\t"):
            self._lines.append(line[1:])
            return
        yield from self._end_field()
        self._field = START.fullmatch(line)
        self._lines = [self._field["text"]] if self._field else []

    def _end_field(self) -> Iterator[Violation]:
        """Take the field whose last line was read; processes write their messages in between each other's."""
        begun, self._field = self._field, None
        if begun is None:
            return
        text, pid, kind = "\n".join(self._lines), begun["pid"], begun["kind"]
        if kind in PARTS:
            if pid in self._open:
                self._open[pid].fields[kind] = text
        else:
            yield from self._judge(pid)
            self._open_message(begun, text)
        # A statement is the last field; an end of the connection has none.
        if kind in {"STATEMENT", "FATAL"}:
            yield from self._judge(pid)

    def _open_message(self, begun: re.Match[str], text: str) -> None:
        refusal = REFUSAL.fullmatch(text)
        slot = self._find_slot(begun["user"])
        if refusal and begun["kind"] in {"ERROR", "FATAL"} and slot:
            with suppress(ValueError):  # A date that there is not: somebody else's line.
                self._open[begun["pid"]] = Message(slot, find_time(begun), refusal)

    def _judge(self, pid: str) -> Iterator[Violation]:
        message = self._open.pop(pid, None)
        if message and (found := judge(message, self._find_slot)):
            yield found


def find_time(begun: re.Match[str]) -> float:
    """When a line was written, in seconds since the epoch; raises ValueError for a date that there is not."""
    return datetime.fromisoformat(f"{begun['time']}+00:00").timestamp()


def judge(message: Message, find_slot: FindSlot) -> Violation | None:
    """The violation that a refusal is, or None where no other slot is in it."""
    if message.fields.get("CONTEXT", "").partition("\n")[0].endswith(" at RAISE"):
        return None  # The test's own words.
    statement = message.fields.get("STATEMENT", "")
    # Of a function's inner query, to which the position belongs too.
    name, reached = find_object(message.refusal, message.fields.get("QUERY", statement))
    other = find_slot(name)
    if not other or other == message.slot:
        return None
    return Violation(message.slot, other, reached, shorten(statement), message.time)


def find_object(refusal: re.Match[str], statement: str) -> tuple[str, str]:
    """The name by which a refusal tells a slot, and what in it; two empty texts where it tells none."""
    kind, name = refusal["kind"], refusal["name"]
    if kind in {"database", "role"}:
        return name, name
    if qualified := QUALIFIED.fullmatch(name):
        return qualified["slot"], name
    position = int(refusal["position"] or 1) - 1
    for found in [*QUALIFIED.finditer(statement, position), *QUALIFIED.finditer(statement)]:
        slot, last = found["slot"].lower(), fold(found["name"])
        if name == (slot if kind == "schema" else last.strip('"')):
            return slot, f"{slot}.{last}"
    return (name, name) if kind == "schema" else ("", "")


def fold(name: str) -> str:
    """An identifier as Postgres understands it, in quotes only where it needs them."""
    folded = name if name.startswith('"') else name.lower()
    plain = PLAIN.fullmatch(folded)
    return plain[1] if plain else folded


def shorten(statement: str) -> str:
    """A statement in one line of limited length."""
    line = " ".join(statement.split())
    return line if len(line) <= LONGEST else line[: LONGEST - 1] + "…"
