"""Databases for single tests: clones of the template that a slot's role owns, made ahead and dropped afterwards."""

from runner.core.groups import Isolation
from runner.core.slots import TEMPLATE
from runner.engines.protocol import ServerAddress
from runner.postgres.connect import Connection, connect, end_sessions, execute, translate
from runner.postgres.versions import copy_files


class Databases:
    """Makes and drops them, on a connection of its own."""

    def __init__(self, address: ServerAddress, isolation: Isolation) -> None:
        """Connect.

        Args:
            address: a superuser's.
            isolation: what a slot is; in schema mode the template's objects are in a schema.
        """
        with translate("cannot connect for the tests' own databases"):
            self._connection: Connection = connect(address, "postgres")
        self._in_schema = isolation == "schema"
        self._members: set[str] = set()

    def make(self, name: str, role: str) -> None:
        """Clone the template for a role, which has the rights of the objects' owner.

        Raises:
            PostgresError: Postgres refused.
        """
        with translate(f"cannot make the database `{name}`"):
            if role not in self._members:
                execute(self._connection, "GRANT {1} TO {0}", role, TEMPLATE)
                self._members.add(role)
            statement = "CREATE DATABASE {0} OWNER {1} TEMPLATE {2}" + copy_files(self._connection)
            execute(self._connection, statement, name, role, TEMPLATE)
            execute(self._connection, "REVOKE ALL ON DATABASE {0} FROM PUBLIC", name)
            execute(self._connection, "GRANT ALL ON DATABASE {0} TO {1}", name, role)
            if self._in_schema:
                execute(
                    self._connection,
                    "ALTER ROLE {1} IN DATABASE {0} SET search_path = {2}, public",
                    name,
                    role,
                    TEMPLATE,
                )

    def end_sessions(self, name: str) -> None:
        """End all sessions on one."""
        with translate(f"cannot end the sessions on the database `{name}`"):
            end_sessions(self._connection, name)

    def drop(self, name: str) -> None:
        """Drop one, whoever is still in it.

        Raises:
            PostgresError: Postgres refused.
        """
        with translate(f"cannot drop the database `{name}`"):
            execute(self._connection, "DROP DATABASE IF EXISTS {0} WITH (FORCE)", name)
