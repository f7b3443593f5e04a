"""Makes and drops the databases that single tests ask for, beside everything else."""

import queue
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from runner.core.groups import Isolation
from runner.engines.protocol import Server, ServerAddress
from runner.errors import PostgresError, RunnerError
from runner.postgres.databases import Databases
from runner.report.results import keep_dump

MOST_USED = 8
"""Databases that may wait to be dropped while others are made: each takes 8 MB of memory and more."""

PATIENCE = 10.0
"""Seconds for the last drops at the end of a stage; what they do not reach goes with the container."""


class Desk:
    """Two threads, each with a connection of its own: one makes, one drops."""

    def __init__(
        self,
        address: ServerAddress,
        isolation: Isolation,
        answer: Callable[[str, str], None],
        server: Server,
        results: Path,
    ) -> None:
        """Open.

        Args:
            address: a superuser's.
            isolation: what a slot is.
            answer: tells the test that asked: a name, and a refusal or nothing.
            server: dumps the database of a failed test.
            results: the run's folder, where the dump goes.
        """
        self._making, self._dropping = Databases(address, isolation), Databases(address, isolation)
        self._answer, self._server, self._results = answer, server, results
        self._wanted: queue.Queue[tuple[str, str]] = queue.Queue()
        self._used: queue.Queue[tuple[str, str] | None] = queue.Queue()
        self._fewer = threading.Condition()
        self._count = 0
        self._dropper = threading.Thread(target=self._drop_used, daemon=True)
        for thread in (threading.Thread(target=self._make_wanted, daemon=True), self._dropper):
            thread.start()

    def make(self, name: str, role: str) -> None:
        """Make a database for a role, and answer under its name."""
        self._wanted.put((name, role))

    def give_back(self, name: str, failed_test: str) -> None:
        """Drop a database, after it was kept for the post-mortem of a failed test."""
        with self._fewer:
            self._count += 1
        self._used.put((name, failed_test))

    def close(self) -> None:
        """Keep what is still to be kept."""
        self._used.put(None)
        self._dropper.join(PATIENCE)

    def _make_wanted(self) -> None:
        while True:
            name, role = self._wanted.get()
            self._wait_for_fewer(MOST_USED)
            try:
                self._make(name, role)
            except RunnerError as error:
                self._answer(name, f"{error.what}: {error.cause}")
            except Exception as error:  # noqa: BLE001 -- in a thread nobody would hear of it, and the test would wait
                self._answer(name, f"cannot make the database: {error!r}")
            else:
                self._answer(name, "")

    def _make(self, name: str, role: str) -> None:
        try:
            self._making.make(name, role)
        except PostgresError:
            # Most likely there is no room: wait for all that can go, and try once more.
            self._wait_for_fewer(0)
            self._making.drop(name)
            self._making.make(name, role)

    def _wait_for_fewer(self, most: int) -> None:
        with self._fewer:
            self._fewer.wait_for(lambda: self._count <= most, PATIENCE)

    def _drop_used(self) -> None:
        while (order := self._used.get()) is not None:
            with suppress(Exception):
                self._drop(*order)
            with self._fewer:
                self._count -= 1
                self._fewer.notify_all()

    def _drop(self, name: str, failed_test: str) -> None:
        if failed_test:
            # What the test left open would hold up pg_dump, and everybody who waits for this thread.
            self._dropping.end_sessions(name)
            keep_dump(self._results, failed_test, name, lambda: self._server.dump(name))
        self._dropping.drop(name)
