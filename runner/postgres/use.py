"""Whether tests used the database at all: what the server has counted since its slots were prepared."""

import time
from collections.abc import Iterable

import psycopg

from runner.engines.protocol import ServerAddress
from runner.postgres.connect import connect

SESSIONS = """
    SELECT coalesce(sum({counter}), 0)::bigint + pg_snapshot_xmax(pg_current_snapshot())::text::bigint
    FROM pg_stat_database
    WHERE datname IS NOT NULL AND datname NOT IN ('template0', 'template1', 'runner_template')
        AND (datname <> 'postgres' OR %(counts_own)s)
"""
"""Sessions of clients in every database but the runner's own, and transactions that wrote anywhere.

A suite may have made databases itself, and dropped them with what was counted there.
"""

COUNTS_SESSIONS, COUNTS_AT_ONCE = 140000, 150000
"""Versions from which the server counts sessions, and from which it does without a process that comes 0.5 s later.

Source: PostgreSQL's release notes of 14 and 15.
"""

LATER = 0.6
"""Seconds after which that process has written what it knows."""


OWN_DATABASE = "postgres"
"""Where the runner's own sessions are."""


class UseWatch:
    """Compares a server's counter at its start with the one at the end of a stage."""

    def __init__(self, address: ServerAddress, counts_own: bool = False) -> None:
        """Read the counter.

        Args:
            address: a superuser's on the server, or on the first one where each slot has its own.
            counts_own: whether tests are sent to the database in which the runner's own sessions are too.
        """
        self._address, self._counts_own = address, counts_own
        self._before = self._count(address)

    def was_used(self, others: Iterable[ServerAddress] = ()) -> bool:
        """Whether any session came since; also where a server cannot tell any more.

        Args:
            others: servers of slots, which had no session when they were started; asked until one has some.
        """
        if self._has_more(self._address, self._before):
            return True
        return any(self._has_more(each, 0) for each in others if each != self._address)

    def _has_more(self, address: ServerAddress, before: int | None) -> bool:
        now = self._count(address, before)
        return before is None or now is None or now > before

    def _count(self, address: ServerAddress, before: int | None = None) -> int | None:
        """A server's counter, None where it does not tell; one that is as `before` may only be late."""
        try:
            with connect(address, OWN_DATABASE) as connection:
                version = connection.info.server_version
                counter = "sessions" if version >= COUNTS_SESSIONS else "xact_commit + xact_rollback"
                statement = SESSIONS.format(counter=counter).encode()
                [(count,)] = connection.execute(statement, {"counts_own": self._counts_own}).fetchall()
                if count == before and version < COUNTS_AT_ONCE:
                    time.sleep(LATER)
                    [(count,)] = connection.execute(statement, {"counts_own": self._counts_own}).fetchall()
                return int(count)
        except psycopg.Error:
            return None
