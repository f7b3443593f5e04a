"""The retry ledger: every run of a project and every attempt of every test, in `ledger.sqlite` beside the results.

Ledgers of other machines can be merged into it. Nothing is ever deleted.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Self

from runner.core.attempts import Attempt
from runner.core.failing import find_plain
from runner.core.runs import Run, RunRecord
from runner.report import ledger_sql as sql
from runner.report.ledger_file import (
    UnusableLedgerError,
    as_uri,
    check_format,
    check_readable,
    connect,
    explain,
    lock,
    set_aside,
)

MERGE_HINT = "name a file that `runner ledger path` shows in another checkout"


class Ledger:
    """An open ledger; a context manager that closes it. Every method raises SettingsError where the file fails."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self._path = path
        self._connection = connection

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def record(self, run: RunRecord, attempts: Sequence[Attempt]) -> None:
        """Add a run; of attempts with the same test and number, the last one counts."""
        counting = {(each.test, each.number): each for each in attempts}.values()
        with self._transaction("IMMEDIATE") as connection:
            connection.execute(sql.ADD_RUN, sql.make_run_row(run))
            connection.executemany(sql.ADD_TEST, [[sql.clean(each.test)] for each in counting])
            connection.executemany(sql.ADD_ATTEMPT, [sql.make_attempt_row(run.run, each) for each in counting])

    def read(self, last: int) -> list[Run]:
        """The newest `last` runs, the oldest first; attempts by test and number, without messages and texts."""
        with self._transaction() as connection:
            tests = dict(connection.execute(sql.TESTS))
            rows = connection.execute(sql.NEWEST_RUNS, (max(last, 0),)).fetchall()
            return [(sql.read_run(row), self._read_attempts(row[-1], tests)) for row in reversed(rows)]

    def _read_attempts(self, run: int, tests: dict[int, str]) -> list[Attempt]:
        rows = self._connection.execute(sql.ATTEMPTS, (run,))
        return sorted((sql.read_attempt(row, tests) for row in rows), key=lambda each: (each.test, each.number))

    def read_durations(self, last: int) -> dict[str, float]:
        """For each test the mean seconds of its last attempts in the newest `last` runs.

        A test whose last attempt was to be tried again, since its run was cut short, did not finish there.
        """
        with self._transaction() as connection:
            return dict(connection.execute(sql.DURATIONS, (max(last, 0),)))

    def read_failed(self, last: int) -> dict[str, tuple[str, ...]]:
        """The tests that failed in the newest of `last` runs that did not skip them, each with its groups.

        Those of the newest run come first. A test whose last attempt was to be tried again, since its run was cut
        short, failed.
        """
        with self._transaction() as connection:
            connection.create_function("plain", 1, find_plain, deterministic=True)
            return {test: tuple(groups.split()) for test, groups in connection.execute(sql.FAILED, (max(last, 0),))}

    def read_names(self) -> list[str]:
        """The ids of all tests of all runs."""
        with self._transaction() as connection:
            return [test for (test,) in connection.execute(sql.NAMES)]

    def count_tests(self, selection: str) -> int | None:
        """How many tests the newest run with this selection had; None where there is no such run."""
        with self._transaction() as connection:
            run = connection.execute(sql.NEWEST_RUN_OF_SELECTION, (sql.clean(selection),)).fetchone()
            return None if run is None else int(connection.execute(sql.COUNT_TESTS, run).fetchone()[0])

    def merge(self, other: Path) -> tuple[int, int]:
        """Add all that another ledger holds, or nothing; `merge_runs` says what counts where both hold the same.

        Returns:
            how many runs, and how many attempts, were not here before.

        Raises:
            SettingsError: the other file cannot be read, or is no ledger.
        """
        check_readable(other)
        if other.samefile(self._path):
            return (0, 0)
        with explain(other, MERGE_HINT):
            self._connection.execute("ATTACH ? AS other", (as_uri(other, "ro"),))
            try:
                check_format(self._connection, "other", other, MERGE_HINT)
                return self._merge_attached(other)
            finally:
                self._connection.execute("DETACH other")

    def _merge_attached(self, other: Path) -> tuple[int, int]:
        with self._transaction("IMMEDIATE") as connection, explain(other, MERGE_HINT):
            runs, attempts = connection.execute(sql.SIZE).fetchone()
            for statement in sql.MERGE:
                connection.execute(statement)
            all_runs, all_attempts = connection.execute(sql.SIZE).fetchone()
        return (all_runs - runs, all_attempts - attempts)

    @contextmanager
    def _transaction(self, kind: str = "DEFERRED") -> Iterator[sqlite3.Connection]:
        with explain(self._path), self._connection:
            self._connection.execute(f"BEGIN {kind}")
            yield self._connection


def find_ledger(folder: Path, results: str) -> Path:
    """Where the ledger of a project is: its folder, and the setting `results`."""
    return (folder / results).resolve() / "ledger.sqlite"


def open_ledger(path: Path) -> Ledger:
    """Open a ledger, which is made where there is none.

    Raises:
        UnusableLedgerError: the file holds something else, or a newer format.
        SettingsError: the file cannot be opened, or made.
    """
    return Ledger(path, connect(path))


def record_run(path: Path, run: RunRecord, attempts: Sequence[Attempt]) -> Path | None:
    """Add a run to a ledger. One that is damaged or newer is set aside, for `merge` to bring back, and a new one begun.

    Returns:
        where the old ledger is now, or None when nothing had to be set aside.

    Raises:
        SettingsError: nothing can be written, which need not fail a run.
    """

    def record() -> None:
        with open_ledger(path) as ledger:
            ledger.record(run, attempts)

    with suppress(UnusableLedgerError):
        record()
        return None
    with lock(path.parent):
        # Another run may have begun a new one meanwhile.
        with suppress(UnusableLedgerError):
            record()
            return None
        aside = set_aside(path)
        record()
    return aside
