"""The plugin's door to Postgres: the only place that connects; what goes wrong is told without the address.

Imports psycopg, the suite's own if it has it, when something connects: most processes never do.
"""

from __future__ import annotations

import re
import sys
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any

from .address import for_libpq

DRIVER = Path(sys.prefix, "lib", "ephemeral-runner")
"""Where images have psycopg for suites without it, which do not see it: images/suite/install.sh."""

TIMEOUT = 5
"""Seconds to wait for a connection."""


class ServerError(Exception):
    """The server did not do what was asked; the text says why, and never holds the address."""


def connect(url: str, database: str | None = None, **options: Any) -> Any:
    """A psycopg connection to the database of the address, or to another on its server.

    Args:
        url: as SQLAlchemy or libpq take it.
        database: its name, where it is another.
        options: psycopg's own.

    Raises:
        ServerError: no connection, or psycopg is not installed.
    """
    psycopg = load_psycopg()
    known = frozenset(each.keyword.decode() for each in psycopg.pq.Conninfo.get_defaults())
    place = {} if database is None else {"dbname": database}
    try:
        return psycopg.connect(for_libpq(url, known), **{"connect_timeout": TIMEOUT, **place, **options})
    except psycopg.Error as error:
        reason = explain(str(error))
    # Outside the block: an error's context would show the address.
    raise ServerError(reason)


def load_psycopg() -> Any:
    """The suite's psycopg, or ours; from then on this process imports it as any other.

    Raises:
        ServerError: there is none.
    """
    with suppress(ImportError):
        return import_module("psycopg")
    if not DRIVER.is_dir():
        raise ServerError("psycopg is not installed")
    sys.path.append(str(DRIVER))
    return import_module("psycopg")


def explain(text: str) -> str:
    """Why there is no connection, in the server's or the system's words; psycopg's own may repeat the address."""
    first = text.partition("\n")[0]
    if found := re.search(r"connection to server (?:at|on) .* failed: (?:FATAL: +)?(.*)", first):
        return found[1]
    if "timeout" in first:
        return f"no answer within {TIMEOUT} s"
    return "its host is unknown" if re.search("(resolve|translate) host", first) else "the address is malformed"


def execute(connection: Any, statement: str, *names: str, mark: str = "") -> None:
    """Run a statement with names and a comment's text in their places."""
    from psycopg import sql

    connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names), mark=sql.Literal(mark)))
