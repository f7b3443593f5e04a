"""A Postgres server that the suite was given, and the databases and schemas that the plugin makes on it.

Postgres 13 or newer: an older one cannot drop a database while sessions are on it.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cached_property
from typing import Any

from . import ownership
from .connecting import ServerError, connect, execute

LAG = 0.05
"""Seconds in which a session that was closed is over on the server too."""

PLACE = """
SELECT current_database(), current_schema(), (SELECT rolcreatedb OR rolsuper FROM pg_roles WHERE rolname = current_user)
"""
SESSIONS = "SELECT count(*) FROM pg_stat_activity WHERE datname = %s AND usesysid IS NOT NULL"
"""Without autovacuum's, which are no user's and end for a clone. Other columns are not for every role to see."""

DATABASES = "SELECT datname, shobj_description(oid, 'pg_database') FROM pg_database"
SCHEMAS = "SELECT nspname, obj_description(oid, 'pg_namespace') FROM pg_namespace"

EXTENSIONS = """
SELECT DISTINCT n.nspname FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
WHERE n.nspname <> 'pg_catalog' AND NOT EXISTS (
    SELECT FROM pg_class c WHERE c.relnamespace = n.oid AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
    AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')
) ORDER BY 1
"""


class Server:
    """The server of an address, and what its role makes there."""

    def __init__(self, url: str, pid: int) -> None:
        """Ask which database it is.

        Args:
            url: an address on the server.
            pid: the process with which what is made ends.

        Raises:
            ServerError: no connection.
        """
        self._url = url
        self._pid = pid
        with self.open() as connection:
            found: tuple[str, str | None, bool] = connection.execute(PLACE).fetchone()
            self.of, self.schema, self.creates = found
            self.variables = {
                "PGHOST": connection.info.host,
                "PGPORT": str(connection.info.port),
                "PGUSER": connection.info.user,
            }

    @contextmanager
    def open(self, database: str | None = None) -> Iterator[Any]:
        """A connection in autocommit mode to the address's or another database; raises ServerError, also inside.

        For one deed only: a session that stays is in the way of those who clone the database.
        """
        connection = connect(self._url, database, autocommit=True)
        import psycopg

        try:
            yield connection
        except psycopg.Error as error:
            raise ServerError(error.diag.message_primary or str(error).partition("\n")[0]) from None
        finally:
            connection.close()

    @cached_property
    def beside(self) -> str:
        """A database from where others are made and dropped: not the suite's, as a clone's source has to be idle."""
        for name in ("postgres", "template1"):
            with suppress(ServerError):
                if name != self.of:
                    with self.open(name):
                        return name
        return self.of

    def find_extensions(self) -> list[str]:
        """Schemas of extensions' functions and types, without those that hold tables of somebody's."""
        with self.open() as connection:
            found = [name for (name,) in connection.execute(EXTENSIONS)]
        return [name for name in found if re.fullmatch("[a-z_][a-z0-9_]*", name)]

    def create_database(self, name: str, template: str | None) -> None:
        """Make a database as a copy of another, or, without one, as the server makes new ones.

        Raises:
            ServerError: the server refused, or there is a session on the other one.
        """
        with self.open(self.beside) as connection:
            if template is None:
                execute(connection, "CREATE DATABASE {}", name)
            else:
                wait_until_idle(connection, template)
                execute(connection, "CREATE DATABASE {} TEMPLATE {}", name, template)
            execute(connection, "COMMENT ON DATABASE {} IS {mark}", name, mark=ownership.make_mark(self.of, self._pid))

    def create_schema(self, name: str) -> None:
        """Make a schema in the address's database; raises ServerError."""
        with self.open() as connection, connection.transaction():
            execute(connection, "CREATE SCHEMA {}", name)
            execute(connection, "COMMENT ON SCHEMA {} IS {mark}", name, mark=ownership.make_mark(self.of, self._pid))

    def drop_database(self, name: str) -> None:
        """Drop a database that may be there, and end all sessions on it; raises ServerError."""
        with self.open(self.beside) as connection:
            execute(connection, "DROP DATABASE IF EXISTS {} WITH (FORCE)", name)

    def drop_schema(self, name: str) -> None:
        """Drop a schema that may be there, and all in it; raises ServerError."""
        with self.open() as connection:
            execute(connection, "DROP SCHEMA IF EXISTS {} CASCADE", name)

    def sweep(self) -> None:
        """Drop what dead processes left; raises ServerError only where their list cannot be read."""
        with self.open() as connection:
            databases = connection.execute(DATABASES).fetchall()
            schemas = connection.execute(SCHEMAS).fetchall()
        for drop, made in ((self.drop_database, databases), (self.drop_schema, schemas)):
            for name, mark in made:
                if ownership.is_dead(mark or "", self.of):
                    # Another session may do the same at this moment, or another role may have made it.
                    with suppress(ServerError):
                        drop(name)


def wait_until_idle(connection: Any, database: str) -> None:
    """Make sure that nobody is on a database: Postgres itself would wait for 5 s.

    Raises:
        ServerError: there are sessions.
    """
    deadline = time.monotonic() + LAG
    while count := connection.execute(SESSIONS, [database]).fetchone()[0]:
        if time.monotonic() > deadline:
            raise ServerError(f"`{database}` is in use by {count} {'session' if count == 1 else 'sessions'}")
        time.sleep(LAG / 10)
