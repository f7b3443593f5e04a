"""Whether tests used the database at all: what the server has counted since its slots were prepared."""

import time
from collections.abc import Iterable
from dataclasses import dataclass

import psycopg

from runner.engines.protocol import ServerAddress
from runner.postgres.connect import Connection, connect

SEEN = """
    SELECT coalesce(sum({counter}), 0)::bigint, pg_snapshot_xmax(pg_current_snapshot())::text::bigint
    FROM pg_stat_database
    WHERE datname IS NOT NULL AND datname NOT IN ('template0', 'template1', 'runner_template')
        AND (datname <> 'postgres' OR %(counts_own)s)
"""
"""Sessions of clients in every database but the runner's own, and the number of the next transaction that writes.

A suite may have made databases itself, and dropped them with what was counted there: that takes transactions.
"""

COUNTS_SESSIONS, COUNTS_AT_ONCE = 140000, 150000
"""Versions from which the server counts sessions, and from which it does without a process that comes 0.5 s later.

Source: PostgreSQL's release notes of 14 and 15.
"""

LATER = 0.6
"""Seconds after which that process has written what it knows."""

OWN_DATABASE = "postgres"
"""Where the runner's own sessions are."""


@dataclass(frozen=True)
class Seen:
    """What a server has counted.

    Attributes:
        sessions: of tests.
        transaction: the number of the next one that writes, whoever does.
    """

    sessions: int
    transaction: int

    def is_after(self, before: "Seen") -> bool:
        """Whether anybody came in between."""
        return self.sessions > before.sessions or self.transaction > before.transaction


class UseWatch:
    """Compares what a server has counted at its start with what it has at the end of a stage."""

    def __init__(self, address: ServerAddress, counts_own: bool = False) -> None:
        """Read what it has counted.

        Args:
            address: a superuser's on the server, or on the first one where each slot has its own.
            counts_own: whether tests are sent to the database in which the runner's own sessions are too.
        """
        self._address, self._counts_own = address, counts_own
        self._before = self._look(address)

    def was_used(self, others: Iterable[ServerAddress] = ()) -> bool:
        """Whether anybody came since; also where a server cannot tell any more.

        Args:
            others: servers of slots, which began as copies of the first one, without any session; asked until one
                has had some.
        """
        if self._has_more(self._address, self._before):
            return True
        copied = self._before and Seen(0, self._before.transaction)
        return any(self._has_more(each, copied) for each in others if each != self._address)

    def _has_more(self, address: ServerAddress, before: Seen | None) -> bool:
        now = self._look(address, before)
        return before is None or now is None or now.is_after(before)

    def _look(self, address: ServerAddress, before: Seen | None = None) -> Seen | None:
        """What a server has counted, None where it does not tell; one that says the same may only be late."""
        try:
            with connect(address, OWN_DATABASE) as connection:
                version = connection.info.server_version
                counter = "sessions" if version >= COUNTS_SESSIONS else "xact_commit + xact_rollback"
                seen = self._ask(connection, counter)
                if seen == before and version < COUNTS_AT_ONCE:
                    time.sleep(LATER)
                    seen = self._ask(connection, counter)
                return seen
        except psycopg.Error:
            return None

    def _ask(self, connection: Connection, counter: str) -> Seen:
        statement, arguments = SEEN.format(counter=counter).encode(), {"counts_own": self._counts_own}
        [(sessions, transaction)] = connection.execute(statement, arguments).fetchall()
        return Seen(sessions, transaction)
