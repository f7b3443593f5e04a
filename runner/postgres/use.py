"""Whether tests used the database at all: what the server has counted since its slots were prepared."""

import time
from collections.abc import Iterable

import psycopg

from runner.engines.protocol import ServerAddress
from runner.postgres.connect import connect

SESSIONS = """
    SELECT coalesce(sum({counter}), 0)::bigint FROM pg_stat_database
    WHERE datname IS NOT NULL AND datname NOT IN ('template0', 'template1', 'runner_template')
        AND (datname <> 'postgres' OR %(counts_postgres)s)
"""
"""Sessions of clients in every database but the runner's own; a suite may have made some itself."""

COUNTS_SESSIONS, COUNTS_AT_ONCE = 140000, 150000
"""Versions from which the server counts sessions, and from which it does without a process that comes 0.5 s later.

Source: PostgreSQL's release notes of 14 and 15.
"""

LATER = 0.6
"""Seconds after which that process has written what it knows."""


class UseWatch:
    """Compares the servers' counters at its start with those at the end of a stage."""

    def __init__(self, addresses: Iterable[ServerAddress], counts_postgres: bool = False) -> None:
        """Read the counters.

        Args:
            addresses: a superuser's, on each server.
            counts_postgres: whether tests are sent to the database `postgres`, where the runner's own sessions are too.
        """
        self._addresses = tuple(dict.fromkeys(addresses))
        self._counts_postgres = counts_postgres
        self._before = [self._count(each) for each in self._addresses]

    def was_used(self) -> bool:
        """Whether any session came since; also where a server cannot tell any more."""
        return any(map(self._has_more, self._addresses, self._before))

    def _has_more(self, address: ServerAddress, before: int | None) -> bool:
        now = self._count(address, before)
        return before is None or now is None or now > before

    def _count(self, address: ServerAddress, before: int | None = None) -> int | None:
        """A server's counter, None where it does not tell; one that is as `before` may only be late."""
        try:
            with connect(address, "postgres") as connection:
                version = connection.info.server_version
                counter = "sessions" if version >= COUNTS_SESSIONS else "xact_commit + xact_rollback"
                statement = SESSIONS.format(counter=counter).encode()
                arguments = {"counts_postgres": self._counts_postgres}
                [(count,)] = connection.execute(statement, arguments).fetchall()
                if count == before and version < COUNTS_AT_ONCE:
                    time.sleep(LATER)
                    [(count,)] = connection.execute(statement, arguments).fetchall()
                return int(count)
        except psycopg.Error:
            return None
