"""The kept state of a failed test: what the plugin tells of it, and what `failure.json` says. Pure."""

import re
from typing import TypeVar

import msgspec
from msgspec import Struct, field

from runner.core.groups import Isolation

Kind = TypeVar("Kind", bound=Struct)

FORMAT = 1

STATE, OVERLAY = "state.sql", "transaction.sql"
"""What was committed, and what only open transactions saw; of a database of the test's own `<name>.sql`, and
`<name>.transaction.sql`."""

DATABASE = re.compile(r"\w+")
"""What the name of a test's own database looks like: it becomes the name of a file."""

RECORD = "failure.json"
"""Written last: where it is, the folder is whole."""


class Overlay(Struct, frozen=True, kw_only=True):
    """What one open transaction saw, as SQL (core/overlay.py)."""

    database: str
    tables: list[str]
    sql: str


class Told(Struct, frozen=True, kw_only=True):
    """What the plugin writes of a failed attempt (plugin/postmortem.py).

    Attributes:
        began: when the attempt began, in seconds since the epoch.
        traceback: of the failure.
        sections: captured output: titles and texts.
        environment: the process's variables.
        python: version.
        groups: of the test.
        databases: the test's own that are in use.
        overlays: of open transactions.
        pids: of the backends that were looked at.
        unseen: what could not be seen, and why.
    """

    began: float
    traceback: str
    sections: list[tuple[str, str]]
    environment: dict[str, str]
    python: str
    groups: list[str]
    databases: list[str] = []
    overlays: list[Overlay] = []
    pids: list[int] = []
    unseen: list[str] = []


class Failure(Struct, frozen=True, kw_only=True):
    """What `failure.json` says.

    Attributes:
        slot: the worker's; empty where the test had no database.
        role: of the slot, which owns what is in it.
        database: of the slot.
        schemas: of the slot where it is not the whole database.
        preamble: SQL that a superuser runs first, once for a database (extensions).
        time: of the failure, in seconds since the epoch; `began`: of the attempt's start.
        databases: the test's own whose dump is `<name>.sql`.
        unseen: what could not be seen, and why.
        problems: what could not be kept, and why.
    """

    format: int = FORMAT
    test: str
    attempt: int
    phase: str
    worker: str
    slot: str = ""
    isolation: Isolation
    role: str = ""
    database: str = ""
    schemas: list[str] = []
    preamble: str = ""
    pass_: str = field(name="pass")
    groups: list[str]
    seed: int | None
    began: float
    time: float
    python: str
    databases: list[str] = []
    unseen: list[str] = []
    problems: list[str] = []

    def as_json(self) -> bytes:
        """The file."""
        return msgspec.json.format(msgspec.json.encode(self), indent=2) + b"\n"


def parse_told(data: bytes) -> Told | None:
    """What the plugin told, or None where it is nothing of the kind."""
    return parse(data, Told)


def parse_failure(data: bytes) -> Failure | None:
    """What a `failure.json` says, or None where it is none, or one of another format."""
    found = parse(data, Failure)
    is_sound = found is not None and found.format == FORMAT and all(map(DATABASE.fullmatch, found.databases))
    return found if is_sound else None


def parse(data: bytes, kind: type[Kind]) -> Kind | None:
    """An object of a kind, or None."""
    try:
        return msgspec.json.decode(data, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
