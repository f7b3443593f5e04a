"""The door to Postgres: the only place that connects, and where its errors become ours."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg import sql

from runner.engines.protocol import ServerAddress
from runner.errors import NotReadyError, PostgresError

Connection = psycopg.Connection[tuple[Any, ...]]

PAUSE = 0.005
"""Seconds between two attempts; the server takes about 0.1 s to boot."""

HEAD_START = 1.0
"""Seconds in which only the likeliest address is tried: another one may swallow packets and cost seconds a try."""


def wait_for_server(
    addresses: Sequence[ServerAddress], limit: float, still_wanted: Callable[[], None]
) -> tuple[Connection, ServerAddress]:
    """A superuser's connection as soon as the server takes one, in autocommit mode, and the address that led to it.

    Args:
        addresses: where the server may be reached, the likeliest first.
        limit: seconds to wait.
        still_wanted: called between attempts; raises to give up.

    Raises:
        NotReadyError: the server did not take a connection in time.
    """
    began = time.monotonic()
    while True:
        waited = time.monotonic() - began
        for address in addresses[: 1 if waited < HEAD_START else None]:
            try:
                return connect(address, "postgres"), address
            except psycopg.OperationalError as error:
                # A password that does not fit yet is part of the start: images/postgres/start.sh sets it.
                reason = str(error).strip().splitlines()[0].removeprefix("connection failed: ")
        still_wanted()
        if waited > limit:
            raise NotReadyError(
                f"Postgres is not ready after {limit:g} s (`startup_timeout`)",
                reason,
                "raise the limit: `RUNNER_STARTUP_TIMEOUT=120`",
            )
        time.sleep(PAUSE)


def connect(address: ServerAddress, database: str) -> Connection:
    """A connection in autocommit mode.

    Raises:
        psycopg.OperationalError: the server refuses, or is not there.
    """
    return psycopg.connect(
        host=address.host,
        port=address.port,
        user=address.user,
        password=address.password,
        dbname=database,
        connect_timeout=2,
        autocommit=True,
        # Both would only add a round trip: the server has no certificate and no Kerberos.
        sslmode="disable",
        gssencmode="disable",
    )


def execute(connection: Connection, statement: str, *names: str, text: str = "") -> None:
    """Run a statement with identifiers in the places {0}, {1} ..., and a text in the place {text}."""
    connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names), text=sql.Literal(text)))


def end_sessions(connection: Connection, database: str) -> None:
    """End all sessions on a database."""
    connection.execute("SELECT pg_terminate_backend(pid, 2000) FROM pg_stat_activity WHERE datname = %s", [database])


@contextmanager
def translate(what: str) -> Iterator[None]:
    """Turn psycopg's errors inside the block into ours; the address is never in the message."""
    try:
        yield
    except psycopg.Error as error:
        raise PostgresError(what, str(error).strip().splitlines()[0]) from None
