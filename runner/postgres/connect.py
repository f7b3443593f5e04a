"""The door to Postgres: the only place that connects, and where its errors become ours."""

import socket
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any, LiteralString

import psycopg
from psycopg import sql

from runner.engines.protocol import ServerAddress
from runner.errors import NotReadyError, PostgresError, find_reason

Connection = psycopg.Connection[tuple[Any, ...]]

OURS = "ephemeral-runner"
"""What the runner's own sessions are called in pg_stat_activity."""

FREE = " ".join(
    f"-c {each}"
    for each in (
        "default_transaction_read_only=off",
        "idle_in_transaction_session_timeout=0",
        "lock_timeout=0",
        "password_encryption=scram-sha-256",
        "statement_timeout=0",
    )
)
"""What holds for the runner's own sessions, whatever the suite's settings say."""

PAUSE = 0.005
"""Seconds between two attempts; the server takes about 0.1 s to boot."""

HEAD_START = 1.0
"""Seconds after which the next address is tried too; the server needs less than that to boot."""

PATIENCE = 1.0
"""Seconds for a host that is not this machine to take a connection: a packet filter may swallow it without a word."""


class Candidates:
    """Addresses, asked for one by one: the next when those known had their chance, or one is a dead end."""

    def __init__(self, addresses: Iterable[ServerAddress]) -> None:
        self._rest = iter(addresses)
        self._due = 0.0
        self.known: list[ServerAddress] = []

    def advance(self) -> None:
        """Ask for the next address where it is time to."""
        if time.monotonic() >= self._due and (following := next(self._rest, None)):
            self.known.append(following)
            self._due = time.monotonic() + HEAD_START

    def drop(self, address: ServerAddress) -> None:
        """Forget a host that does not answer. A socket of this machine is slow at worst."""
        if not address.host.startswith("/"):
            self.known.remove(address)
            self._due = 0.0


def wait_for_server(
    addresses: Iterable[ServerAddress], limit: float, still_wanted: Callable[[], None]
) -> tuple[Connection, ServerAddress]:
    """A superuser's connection as soon as the server takes one, and the address that led to it.

    An address that refuses leads to a server that is not ready, or to another one: the next is tried beside it.

    Args:
        addresses: where the server may be reached, the likeliest first; each is asked for only when it is needed.
        limit: seconds to wait.
        still_wanted: called between attempts; raises to give up.

    Raises:
        NotReadyError: the server did not take a connection in time.
    """
    began, candidates, reason = time.monotonic(), Candidates(addresses), ""
    while True:
        candidates.advance()
        for number, address in enumerate(tuple(candidates.known)):
            try:
                return prefer(candidates.known[:number], open_first(address), address)
            except psycopg.OperationalError as error:
                # A password that does not fit yet is part of the start: images/postgres/start.sh sets it.
                reason = str(error).strip().splitlines()[0].removeprefix("connection failed: ")
                if isinstance(error, psycopg.errors.ConnectionTimeout):
                    candidates.drop(address)
        still_wanted()
        if time.monotonic() - began > limit:
            raise NotReadyError(
                f"Postgres is not ready after {limit:g} s (`startup_timeout`)",
                reason,
                "raise the limit: `RUNNER_STARTUP_TIMEOUT=120`",
            )
        time.sleep(PAUSE)


def open_first(address: ServerAddress) -> Connection:
    """The superuser's connection. Whether a host beyond this machine answers at all is found out before.

    libpq waits at least two seconds for one that does not.

    Raises:
        psycopg.errors.ConnectionTimeout: the host does not answer.
        psycopg.OperationalError: the server refuses, or is not there.
    """
    if not address.host.startswith(("/", "127.")):
        try:
            socket.create_connection((address.host, address.port), PATIENCE).close()
        except ConnectionRefusedError as error:
            raise psycopg.OperationalError(f"{address.host}: {find_reason(error)}") from None
        except OSError as error:
            raise psycopg.errors.ConnectionTimeout(f"{address.host}: {find_reason(error)}") from None
    return connect(address, "postgres")


def prefer(
    before: Sequence[ServerAddress], connection: Connection, address: ServerAddress
) -> tuple[Connection, ServerAddress]:
    """An earlier address where it leads to the server too, now that this is known to be up: a tunnel is slower."""
    for better in before:
        with suppress(psycopg.OperationalError):
            found = open_first(better)
            connection.close()
            return found, better
    return connection, address


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
        application_name=OURS,
        options=FREE,
        # Both sides prove that they know the password: a server that is not ours gets neither it nor our commands.
        require_auth="scram-sha-256",
        autocommit=True,
        # Both would only add a round trip: the server has no certificate and no Kerberos.
        sslmode="disable",
        gssencmode="disable",
    )


def execute(connection: Connection, statement: str, *names: str, text: str = "") -> None:
    """Run a statement with identifiers in the places {0}, {1} ..., and a text in the place {text}."""
    connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names), text=sql.Literal(text)))


def write_log(connection: Connection, text: str) -> None:
    """Let the server write a line into its log; where it cannot, nobody misses the line."""
    with suppress(psycopg.Error):
        execute(connection, "DO $$BEGIN RAISE LOG {text}; END$$", text=text)


def reopen(connection: Connection, address: ServerAddress) -> Connection:
    """The connection, or another in place of one that was closed; a server that refuses leaves it closed."""
    if connection.closed:
        with suppress(psycopg.Error):
            return connect(address, "postgres")
    return connection


def is_alive(connection: Connection) -> bool:
    """Whether a session is still there."""
    with suppress(psycopg.Error):
        connection.execute("SELECT")
        return True
    return False


def is_at_least(connection: Connection, major: int) -> bool:
    """Whether the server is of a major version, or newer."""
    return connection.info.server_version >= major * 10000


def end_sessions(connection: Connection, database: str) -> None:
    """End all sessions on a database."""
    end_where(connection, "datname = %(database)s", {"database": database})


def end_where(connection: Connection, condition: LiteralString, values: Mapping[str, Any]) -> None:
    """End the sessions that a condition on pg_stat_activity holds for; only since 14 the server can wait for that."""
    ended = "pg_terminate_backend(pid, 2000)" if is_at_least(connection, 14) else "pg_terminate_backend(pid)"
    connection.execute(f"SELECT {ended} FROM pg_stat_activity WHERE {condition}", values)  # noqa: S608 -- constants


@contextmanager
def translate(what: str, hint: str = "") -> Iterator[None]:
    """Turn psycopg's errors inside the block into ours; the address is never in the message."""
    try:
        yield
    except psycopg.Error as error:
        raise PostgresError(what, str(error).strip().splitlines()[0], hint) from None
