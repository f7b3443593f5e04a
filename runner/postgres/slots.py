"""Slots: a role for each worker, and a schema or a database that the role owns.

The role carries the isolation: its search_path makes the schema the default for every driver without an option in
the address, and it has no rights on another slot, so Postgres itself refuses what crosses slots.
"""

from runner.core.groups import Isolation
from runner.core.script import Script, strip_schema
from runner.core.slots import SUITE_DATABASE, TEMPLATE, make_password
from runner.engines.protocol import ServerAddress
from runner.postgres.connect import Connection, connect, execute, translate
from runner.postgres.template import run_as

PATIENCE = "5s"
"""How long restoring a slot waits for a lock, when all that was open is ended."""

OPEN_SESSIONS = """
    SELECT pg_terminate_backend(pid, 2000) FROM pg_stat_activity
    WHERE usename = %s AND (state <> 'idle' OR pid IN (SELECT pid FROM pg_locks WHERE locktype = 'advisory'))
"""


class Slots:
    """Makes slots on one server; a slot is made once."""

    def __init__(
        self,
        connection: Connection,
        address: ServerAddress,
        isolation: Isolation,
        password: str,
        script: Script | None = None,
    ) -> None:
        """Prepare the server.

        Args:
            connection: a superuser's, in autocommit mode.
            address: where it leads.
            isolation: what a slot is.
            password: the run's; that of each role is made from it, so the address of a slot is known beforehand.
            script: what each slot holds from the start; in database mode the database `runner_template` holds it too.
        """
        self._connection = self._inside = connection
        self._address = address
        self._isolation = isolation
        self._password = password
        self._script = script or Script()
        self._template = TEMPLATE if script and isolation != "schema" else "template1"
        self.made: list[str] = []
        if isolation == "none":
            return
        with translate("cannot prepare the database for the slots"):
            # A session on the template would keep new databases from being made; neither is any slot's business.
            for database in ("template1", "postgres"):
                execute(self._connection, "REVOKE CONNECT ON DATABASE {0} FROM PUBLIC", database)
            if isolation == "schema":
                execute(self._connection, "CREATE DATABASE {0} STRATEGY file_copy", SUITE_DATABASE)
                # Slots live in one database: nobody may make objects where all can see them.
                execute(self._connection, "REVOKE ALL ON DATABASE {0} FROM PUBLIC", SUITE_DATABASE)
                execute(self._connection, "GRANT CONNECT, TEMPORARY ON DATABASE {0} TO PUBLIC", SUITE_DATABASE)
                self._inside = connect(address, SUITE_DATABASE)
                if self._script.preamble:
                    self._inside.execute(self._script.preamble.encode())

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
                    self._make_role(slot)
                    self._make_schema(slot)
                case "database":
                    self._make_role(slot)
                    self._make_database(slot)
                case "none":
                    self._make_shared_database()
        self.made.append(slot)

    def find_place(self, slot: str) -> tuple[str, tuple[str, ...]]:
        """The database of a slot, and its schemas where it is not all of the database."""
        database = slot if self._isolation == "database" else SUITE_DATABASE
        return database, (slot,) if self._isolation == "schema" else ()

    def find_role(self, slot: str) -> str:
        """The role of a slot."""
        return SUITE_DATABASE if self._isolation == "none" else slot

    def end_transactions(self, slot: str) -> None:
        """End the sessions that a failed attempt left in a transaction, or with a lock of its own; idle ones stay.

        Their locks would hold up whoever looks at the slot, and restoring it.
        """
        with translate(f"cannot end what is open in the slot `{slot}`"):
            self._connection.execute(OPEN_SESSIONS, [self.find_role(slot)])

    def restore(self, slot: str) -> None:
        """Make the slot as it was at its start, under the same address; `end_transactions` comes first.

        Without isolation there is nothing that belongs to one slot, and nothing happens.

        Raises:
            PostgresError: Postgres refused.
        """
        with translate(f"cannot restore the slot `{slot}`"):
            match self._isolation:
                case "schema":
                    self._empty(self._inside, slot)
                    self._set_role(slot)
                    self._make_schema(slot)
                case "database":
                    with connect(self._address, slot) as inside:
                        self._empty(inside, slot)
                        self._set_role(slot)
                        inside.execute("CREATE SCHEMA IF NOT EXISTS public AUTHORIZATION pg_database_owner")
                        inside.execute("GRANT USAGE ON SCHEMA public TO PUBLIC")
                        execute(self._connection, "GRANT ALL ON DATABASE {0} TO {0}", slot)
                        run_as(inside, slot, self._script.body)

    def _empty(self, inside: Connection, slot: str) -> None:
        """Drop all that the role owns in one database, large objects included."""
        execute(inside, "SET lock_timeout = {text}", text=PATIENCE)
        execute(inside, "DROP OWNED BY {0} CASCADE", slot)
        inside.execute("RESET lock_timeout")

    def _set_role(self, slot: str) -> None:
        """Give the role the settings and the password that a test may have changed."""
        password = make_password(self._password, slot, self._isolation)
        execute(self._connection, "ALTER ROLE {0} PASSWORD {text}", slot, text=password)
        execute(self._connection, "ALTER ROLE {0} RESET ALL", slot)
        if self._isolation == "schema":
            # Extensions live in public, where slots may read but not make anything.
            execute(self._connection, "ALTER ROLE {0} SET search_path = {0}, public", slot)

    def _make_role(self, slot: str, rights: str = "") -> None:
        execute(self._connection, "CREATE ROLE {0} LOGIN " + rights, slot)
        self._set_role(slot)

    def _make_schema(self, slot: str) -> None:
        """Make the slot's schema; the script does it under the template's name, and everything follows the new one."""
        if not self._script.body:
            execute(self._inside, "CREATE SCHEMA {0} AUTHORIZATION {0}", slot)
            return
        with self._inside.transaction():
            execute(self._inside, "CREATE SCHEMA {0} AUTHORIZATION {1}", TEMPLATE, slot)
            run_as(self._inside, slot, strip_schema(self._script.body, TEMPLATE))
            execute(self._inside, "ALTER SCHEMA {0} RENAME TO {1}", TEMPLATE, slot)

    def _make_database(self, slot: str) -> None:
        self._clone(slot)
        execute(self._connection, "REVOKE ALL ON DATABASE {0} FROM PUBLIC", slot)
        execute(self._connection, "GRANT ALL ON DATABASE {0} TO {0}", slot)

    def _make_shared_database(self) -> None:
        if not self.made:
            self._make_role(SUITE_DATABASE, "CREATEDB CREATEROLE")
            self._clone(SUITE_DATABASE)

    def _clone(self, name: str) -> None:
        """Make a database of the template for the role of the same name, which owns all that is in it."""
        execute(self._connection, "CREATE DATABASE {0} OWNER {0} TEMPLATE {1} STRATEGY file_copy", name, self._template)
        if self._template == TEMPLATE:
            with connect(self._address, name) as inside:
                execute(inside, "REASSIGN OWNED BY {0} TO {1}", TEMPLATE, name)
