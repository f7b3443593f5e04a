"""The transactions that this process holds open on its slot: found among all objects, when a test has failed.

Statements are sent beside the driver's own cursors, so that its factories, its prepared statements and its notices
play no part; rows come as text.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from typing import Any, Protocol

Rows = list[tuple[Any, ...]]  # Texts and None; Python 3.9 has no `|` for types.

IN_TRANSACTION = 2
"""libpq's PQTRANS_INTRANS: idle, in a transaction that works."""

STATES = {1: "in the middle of a statement", 3: "aborted: Postgres has rolled back what it changed"}


class StatementError(Exception):
    """Postgres refused a statement; the text is its first line."""


class Transaction(Protocol):
    """An open transaction, or one that cannot be asked."""

    database: str
    pid: int
    busy: str

    def run(self, statements: str) -> Rows:
        """Run statements and return the last one's rows; raises StatementError."""

    def close(self) -> None:
        """Let others use the connection again."""


class Psycopg:
    """Of psycopg 3, through libpq; the connection's lock is held meanwhile."""

    def __init__(self, connection: Any) -> None:
        self._connection, self._libpq = connection, connection.pgconn
        self.database, self.pid = self._libpq.db.decode(), self._libpq.backend_pid
        self._is_locked = connection.lock.acquire(blocking=False)
        self.busy = STATES.get(int(self._libpq.transaction_status), "")
        if not self._is_locked:
            self.busy = "in use by another thread"
        elif self._libpq.pipeline_status:
            self.busy = "in pipeline mode"

    def run(self, statements: str) -> Rows:
        """Run statements and return the last one's rows; raises StatementError."""
        result = self._libpq.exec_(statements.encode())
        if result.status not in {1, 2}:  # PGRES_COMMAND_OK, PGRES_TUPLES_OK
            raise StatementError(result.error_message.decode(errors="replace").partition("\n")[0])
        columns = range(result.nfields)
        return [tuple(decode(result.get_value(row, each)) for each in columns) for row in range(result.ntuples)]

    def close(self) -> None:
        """Let others use the connection again."""
        if self._is_locked:
            self._connection.lock.release()


class Psycopg2:
    """Of psycopg2, through a plain cursor."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self.database, self.pid = connection.info.dbname, connection.info.backend_pid
        self.busy = "asynchronous" if connection.async_ else STATES.get(connection.get_transaction_status(), "")

    def run(self, statements: str) -> Rows:
        """Run statements and return the last one's rows; raises StatementError."""
        module = sys.modules["psycopg2"]
        kind = sys.modules["psycopg2.extensions"].cursor
        try:
            with self._connection.cursor(cursor_factory=kind) as cursor:
                cursor.execute(statements)
                return cursor.fetchall() if cursor.description else []
        except module.Error as error:
            raise StatementError(str(error).partition("\n")[0]) from None

    def close(self) -> None:
        """Nothing is held."""


KINDS: tuple[tuple[str, str, type[Any]], ...] = (
    ("psycopg", "Connection", Psycopg),
    ("psycopg2.extensions", "connection", Psycopg2),
)


def decode(value: bytes | None) -> str | None:
    """A column's text; NULL is None."""
    return None if value is None else value.decode(errors="replace")


def find_transactions(server: Mapping[str, str], databases: Collection[str]) -> Iterator[Transaction]:
    """The open transactions of this process in its slot; each connection is free again when the next is asked for.

    Args:
        server: the parts of the slot's address.
        databases: those of the slot and of the test.
    """
    for connection, kind in list(find_connections(server)):
        with suppress(Exception):  # It may be closed by now.
            found: Transaction = kind(connection)
            try:
                if found.database in databases:
                    yield found
            finally:
                found.close()


def find_connections(server: Mapping[str, str]) -> Iterator[tuple[Any, type[Any]]]:
    """The connections of known drivers that are in a transaction on this process's server, with its slot's role."""
    known = [(getattr(sys.modules[name], cls), kind) for name, cls, kind in KINDS if name in sys.modules]
    for each in gc.get_objects() if known else ():
        # `isinstance` would ask proxies, which may do anything.
        for cls, kind in known:
            if issubclass(type(each), cls) and is_open(each, server):
                yield each, kind


def is_open(connection: Any, server: Mapping[str, str]) -> bool:
    """Whether a connection is in a transaction, with the slot's role."""
    with suppress(Exception):  # Not connected yet, or closed.
        if connection.closed:
            return False
        info = connection.info
        own = info.user == server["user"] and str(info.port) == server["port"]
        return own and int(info.transaction_status) != 0
    return False
