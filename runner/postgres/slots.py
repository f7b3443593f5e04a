"""Slots: a role for each worker, and a schema or a database that the role owns.

The role carries the isolation: its search_path makes the schema the default for every driver without an option in
the address, and it has no rights on another slot, so Postgres itself refuses what crosses slots.
"""

from psycopg import sql

from runner.core.settings import Isolation
from runner.core.slots import SUITE_DATABASE, make_password
from runner.engines.protocol import ServerAddress
from runner.postgres.connect import Connection, connect, translate


class Slots:
    """Makes slots on one server; a slot is made once."""

    def __init__(self, connection: Connection, address: ServerAddress, isolation: Isolation, password: str) -> None:
        """Prepare the server.

        Args:
            connection: a superuser's, in autocommit mode.
            address: where it leads.
            isolation: what a slot is.
            password: the run's; that of each role is made from it, so the address of a slot is known beforehand.
        """
        self._connection = self._inside = connection
        self._isolation = isolation
        self._password = password
        self.made: list[str] = []
        if isolation == "none":
            return
        with translate("cannot prepare the database for the slots"):
            # A session on the template would keep new databases from being made; neither is any slot's business.
            for database in ("template1", "postgres"):
                self._execute("REVOKE CONNECT ON DATABASE {0} FROM PUBLIC", database)
            if isolation == "schema":
                self._execute("CREATE DATABASE {0} STRATEGY file_copy", SUITE_DATABASE)
                # Slots live in one database: nobody may make objects where all can see them.
                self._execute("REVOKE ALL ON DATABASE {0} FROM PUBLIC", SUITE_DATABASE)
                self._execute("GRANT CONNECT, TEMPORARY ON DATABASE {0} TO PUBLIC", SUITE_DATABASE)
                self._inside = connect(address, SUITE_DATABASE)

    def ensure(self, slot: str) -> None:
        """Make the slot if it is not there yet.

        Raises:
            PostgresError: Postgres refused.
        """
        if slot in self.made:
            return
        with translate(f"cannot make the slot `{slot}`"):
            match self._isolation:
                case "schema":
                    self._make_schema(slot)
                case "database":
                    self._make_database(slot)
                case "none":
                    self._make_shared_database()
        self.made.append(slot)

    def _make_role(self, slot: str, rights: str = "") -> None:
        statement = "CREATE ROLE {0} LOGIN PASSWORD {1} " + rights
        self._connection.execute(
            sql.SQL(statement).format(
                sql.Identifier(slot), sql.Literal(make_password(self._password, slot, self._isolation))
            )
        )

    def _make_schema(self, slot: str) -> None:
        self._make_role(slot)
        self._inside.execute(sql.SQL("CREATE SCHEMA {0} AUTHORIZATION {0}").format(sql.Identifier(slot)))
        # Extensions live in public, where slots may read but not make anything.
        self._execute("ALTER ROLE {0} SET search_path = {0}, public", slot)

    def _make_database(self, slot: str) -> None:
        self._make_role(slot)
        self._execute("CREATE DATABASE {0} OWNER {0} STRATEGY file_copy", slot)
        self._execute("REVOKE ALL ON DATABASE {0} FROM PUBLIC", slot)
        self._execute("GRANT ALL ON DATABASE {0} TO {0}", slot)

    def _make_shared_database(self) -> None:
        if self.made:
            return
        self._make_role(SUITE_DATABASE, "CREATEDB CREATEROLE")
        self._execute("CREATE DATABASE {0} OWNER {0} STRATEGY file_copy", SUITE_DATABASE)

    def _execute(self, statement: str, name: str) -> None:
        self._connection.execute(sql.SQL(statement).format(sql.Identifier(name)))
