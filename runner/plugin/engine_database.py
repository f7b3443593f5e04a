"""What a container of Postgres's image has inside when it has started, on the server of the slot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from .connecting import connect, execute

MAINTENANCE = "postgres"
"""The database that every server has."""

CUT = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
)


class Database:
    """The server of this process's slot, as its superuser."""

    def __init__(self, server: Mapping[str, str]) -> None:
        """Connect nowhere yet.

        Args:
            server: the parts of the slot's address.
        """
        self._server = server
        self._given: set[str] = set()

    @property
    def port(self) -> int:
        """Where the server listens."""
        return int(self._server["port"])

    def give(self, variables: Mapping[str, str]) -> None:
        """Make the role and the database that the image's variables ask for; a second container's is empty again.

        Source: the image's documentation, "Environment Variables".

        Args:
            variables: those of the container.

        Raises:
            ServerError: no connection.
            psycopg.Error: the server refused.
        """
        user, name = find_names(variables)
        password = variables.get("POSTGRES_PASSWORD", "")
        with self._open() as inside:
            self._give_role(inside, user, password)
            if name in self._given and name != MAINTENANCE:
                execute(inside, "DROP DATABASE IF EXISTS {} WITH (FORCE)", name)
            if not inside.execute("SELECT FROM pg_database WHERE datname = %s", [name]).fetchall():
                execute(inside, "CREATE DATABASE {} OWNER {}", name, user)
        self._given.add(name)

    def _give_role(self, inside: Any, user: str, password: str) -> None:
        if user in {self._server["user"], MAINTENANCE}:
            # Its password is the one that the run comes by.
            return
        known = inside.execute("SELECT FROM pg_roles WHERE rolname = %s", [user]).fetchall()
        execute(inside, f"{'ALTER' if known else 'CREATE'} ROLE {{}} SUPERUSER LOGIN", user)
        if password:
            execute(inside, "ALTER ROLE {} PASSWORD {mark}", user, mark=password)

    def run(self, database: str, statements: Sequence[str]) -> str:
        """Run statements one by one, as psql does; returns their rows as text, raises as `give` does."""
        said = ""
        with self._open(database or MAINTENANCE) as inside:
            for statement in statements:
                cursor = inside.execute(statement)
                rows = cursor.fetchall() if cursor.description else []
                said += "".join("|".join(map(show, row)) + "\n" for row in rows)
        return said

    def cut(self) -> None:
        """End all sessions, as a restart does; raises as `give` does."""
        with self._open() as inside:
            inside.execute(CUT)

    def _open(self, database: str = MAINTENANCE) -> Any:
        name, secret = (quote(self._server[each], safe="") for each in ("user", "password"))
        url = f"postgresql://{name}:{secret}@{self._server['host']}:{self._server['port']}/{MAINTENANCE}"
        return connect(url, database, autocommit=True)


def find_names(variables: Mapping[str, str]) -> tuple[str, str]:
    """The role and the database that the image's variables ask for."""
    user = variables.get("POSTGRES_USER") or MAINTENANCE
    return user, variables.get("POSTGRES_DB") or user


def show(value: Any) -> str:
    """A value as psql shows it."""
    return {None: "", True: "t", False: "f"}[value] if value is None or isinstance(value, bool) else str(value)
