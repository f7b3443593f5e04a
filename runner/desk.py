"""Makes and drops the databases that single tests ask for, beside everything else."""

import queue
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from runner.core.groups import Isolation
from runner.engines.protocol import Server, ServerAddress
from runner.errors import RunnerError
from runner.postgres.databases import Databases
from runner.report.results import keep_dump

MAKE, DROP, CLOSE = 0, 1, 2
"""In the order of urgency: a test waits for a database, nobody for the end of one."""


class Desk:
    """One thread with one connection."""

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
        self._databases = Databases(address, isolation)
        self._answer, self._server, self._results = answer, server, results
        self._orders: queue.PriorityQueue[tuple[int, int, str, str]] = queue.PriorityQueue()
        self._count = 0
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def make(self, name: str, role: str) -> None:
        """Make a database for a role, and answer under its name."""
        self._order(MAKE, name, role)

    def give_back(self, name: str, failed_test: str) -> None:
        """Drop a database, after it was kept for the post-mortem of a failed test."""
        self._order(DROP, name, failed_test)

    def close(self) -> None:
        """Keep what is still to be kept; the rest goes with the container."""
        self._order(CLOSE, "", "")
        self._thread.join(timeout=10)

    def _order(self, kind: int, name: str, detail: str) -> None:
        self._count += 1
        self._orders.put((kind, self._count, name, detail))

    def _serve(self) -> None:
        while True:
            kind, _, name, detail = self._orders.get()
            if kind == CLOSE:
                return
            if kind == DROP:
                with suppress(RunnerError):
                    self._drop(name, detail)
                continue
            try:
                self._databases.make(name, detail)
                self._answer(name, "")
            except RunnerError as error:
                self._answer(name, f"{error.what}: {error.cause}")
            except Exception as error:  # noqa: BLE001 -- in a thread nobody would hear of it, and the test would wait
                self._answer(name, f"cannot make the database: {error!r}")

    def _drop(self, name: str, failed_test: str) -> None:
        if failed_test:
            # What the test left open would hold up pg_dump, and everybody who waits for this thread.
            self._databases.end_sessions(name)
            keep_dump(self._results, failed_test, name, lambda: self._server.dump(name))
        self._databases.drop(name)
