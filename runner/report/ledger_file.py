"""The file of a retry ledger: made, opened, looked at and set aside; and the words for one that cannot be used."""

import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import count
from pathlib import Path

from runner.errors import SettingsError, find_reason
from runner.report.ledger_sql import FORMAT, SCHEMA
from runner.report.results import keep_out_of_git

BUSY_TIMEOUT = 60.0
"""Seconds to wait for another run that writes."""

NOT_OURS = {sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_ERROR}
"""SQLite's codes for a file that is no database, is damaged, or has other tables than ours."""

NOT_WRITABLE = {sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM}

MOVE_AWAY = "move the file away; a run does so by itself, and begins a new one"


class UnusableLedgerError(SettingsError):
    """A file that holds no ledger which this version of the runner can read."""


def connect(path: Path) -> sqlite3.Connection:
    """A connection to a ledger, which is made where there is none; its folder too, kept out of git like all results.

    Raises:
        UnusableLedgerError: the file holds something else, or a newer format.
        SettingsError: the file cannot be opened, or made.
    """
    make_folder(path.parent)
    with explain(path):
        connection = sqlite3.connect(as_uri(path, "rwc"), timeout=BUSY_TIMEOUT, isolation_level=None, uri=True)
    try:
        with explain(path), connection:
            if is_empty(connection):
                connection.execute("BEGIN IMMEDIATE")
                # Another run may have been first.
                for statement in SCHEMA if is_empty(connection) else ():
                    connection.execute(statement)
            check_format(connection, "main", path)
    except BaseException:
        connection.close()
        raise
    return connection


def as_uri(path: Path, mode: str) -> str:
    """A file as SQLite's URI; modes are `ro`, and `rwc`, which makes the file where there is none."""
    return f"{path.absolute().as_uri()}?mode={mode}"


def check_readable(path: Path) -> None:
    """Look whether a file can be read; SQLite would not say why it cannot."""
    try:
        path.open("rb").close()
    except OSError as error:
        raise SettingsError(f"cannot read the ledger `{path}`", find_reason(error)) from None


def make_folder(folder: Path) -> None:
    """Make the folder of a ledger where there is none."""
    try:
        folder.mkdir(parents=True)
        keep_out_of_git(folder)
    except FileExistsError:
        return
    except OSError as error:
        raise refuse_writing(folder, find_reason(error)) from None


def is_empty(connection: sqlite3.Connection) -> bool:
    """Whether a database holds nothing at all yet."""
    return bool(connection.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,))


def check_format(connection: sqlite3.Connection, schema: str, path: Path, hint: str = MOVE_AWAY) -> None:
    """Look whether a database has the format that this version reads."""
    (found,) = connection.execute(f"PRAGMA {schema}.user_version").fetchone()
    if found > FORMAT:
        cause = f"its format is {found}; this version of the runner knows {FORMAT}"
        raise UnusableLedgerError(f"cannot use the ledger `{path}`", cause, "upgrade the runner")
    if found < FORMAT:
        raise UnusableLedgerError(f"cannot use the ledger `{path}`", "it holds something else", hint)


@contextmanager
def explain(path: Path, hint: str = MOVE_AWAY) -> Iterator[None]:
    """SQLite's errors about a ledger as ours; the hint is for a file that holds no ledger."""
    try:
        yield
    except sqlite3.Error as error:
        # The low byte is the code proper. Text that is not UTF-8 has none.
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF
        what, cause = f"cannot use the ledger `{path}`", str(error)[:1].lower() + str(error)[1:]
        if code in NOT_OURS:
            raise UnusableLedgerError(what, cause, hint) from None
        if code in NOT_WRITABLE:
            raise refuse_writing(path, cause) from None
        raise SettingsError(what, cause) from None


def refuse_writing(path: Path, cause: str) -> SettingsError:
    """The error for a place that cannot be written."""
    hint = "name a folder that can be written: `RUNNER_RESULTS=/tmp/results`"
    return SettingsError(f"cannot write the ledger `{path}`", cause, hint)


@contextmanager
def lock(folder: Path) -> Iterator[None]:
    """Keep other runs from putting a ledger in this folder aside at the same time."""
    with ExitStack() as stack:
        try:
            descriptor = os.open(folder, os.O_RDONLY)
            stack.callback(os.close, descriptor)
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        except OSError as error:
            raise refuse_writing(folder, find_reason(error)) from None
        yield


def set_aside(path: Path) -> Path:
    """Rename a ledger to the first `<name>.damaged-<n>` that is free, and return that.

    Raises:
        SettingsError: the folder cannot be written.
    """
    names = (path.with_name(f"{path.name}.damaged-{number}") for number in count(1))
    target = next(name for name in names if not os.path.lexists(name))
    try:
        return path.rename(target)
    except OSError as error:
        raise refuse_writing(path, find_reason(error)) from None
