"""Slots: a role for each worker, and a schema or a database that the role owns.

The role carries the isolation: its search_path makes the schema the default for every driver without an option in
the address, and it has no rights on another slot, so Postgres itself refuses what crosses slots.
"""

from collections.abc import Mapping, Sequence

import psycopg

from runner.core.groups import Isolation, Right
from runner.core.script import Script, strip_schema
from runner.core.settings_postgres import SUITE_DATABASE
from runner.core.settings_postgres_rules import has_slot
from runner.core.slots import TEMPLATE, fill_server
from runner.engines.protocol import ServerAddress
from runner.postgres.base import Base
from runner.postgres.beside import Beside
from runner.postgres.connect import Connection, connect, end_where, execute, is_at_least, translate
from runner.postgres.template import run_as
from runner.postgres.versions import copy_files, give_public

PATIENCE = "5s"
"""How long restoring a slot waits for a lock, when all that was open is ended."""

OPEN_SESSIONS = """
    usename = %(role)s AND (datname = ANY (%(databases)s) OR %(databases)s::text[] = '{}')
        AND (state <> 'idle' OR pid IN (SELECT pid FROM pg_locks WHERE locktype = 'advisory'))
"""


class Slots:
    """Makes slots on one server; a slot is made once.

    Attributes:
        made: those that there are.
        has_own_role: whether no two slots have the same role.
    """

    def __init__(
        self,
        connection: Connection,
        address: ServerAddress,
        isolation: Isolation,
        server: Mapping[str, str],
        script: Script | None = None,
        rights: Sequence[Right] = (),
        base: Base | None = None,
    ) -> None:
        """Prepare the server.

        Args:
            connection: a superuser's, in autocommit mode.
            address: where it leads.
            isolation: what a slot is.
            server: the parts of a slot's address, from `core.slots.make_server`, so that it is known beforehand.
            script: what each slot holds from the start; in database mode the database `runner_template` holds it too.
            rights: what the role of a slot may do beside its own.
            base: what databases are clones of that `setup` has not filled.
        """
        self._connection = self._inside = connection
        self._address = address
        self._isolation = isolation
        self._server = server
        self._rights = make_rights(isolation, rights)
        self.has_own_role = has_slot(server["user"])
        self._script = script or Script()
        self._base = base or Base()
        self._template = TEMPLATE if script and isolation != "schema" else self._base.name
        self.made: list[str] = []
        if isolation == "none":
            return
        with translate("cannot prepare the database for the slots"):
            # A session on the template would keep new databases from being made; neither is any slot's business, but
            # whoever makes databases may have to begin in `postgres`.
            closed = ("template1",) if "createdb" in rights else ("template1", "postgres")
            for database in closed:
                execute(connection, "REVOKE CONNECT ON DATABASE {0} FROM PUBLIC", database)
            if isolation == "schema":
                self._inside = self._make_common_database()

    def _make_common_database(self) -> Connection:
        """The database of all slots that are schemas: nobody may make objects where all can see them."""
        statement = "CREATE DATABASE {0} TEMPLATE {1}" + copy_files(self._connection)
        execute(self._connection, statement, SUITE_DATABASE, self._base.name)
        execute(self._connection, "REVOKE ALL ON DATABASE {0} FROM PUBLIC", SUITE_DATABASE)
        execute(self._connection, "GRANT CONNECT, TEMPORARY ON DATABASE {0} TO PUBLIC", SUITE_DATABASE)
        inside = connect(self._address, SUITE_DATABASE)
        inside.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
        if self._script.preamble:
            inside.execute(self._script.preamble.encode())
        return inside

    def ensure(self, *slots: str) -> None:
        """Make the slots that are not there yet.

        Raises:
            PostgresError: Postgres refused.
        """
        for slot in slots:
            if slot not in self.made:
                self._make(slot)

    def _make(self, slot: str) -> None:
        with translate(f"cannot make the slot `{slot}`"):
            if self.has_own_role or not self.made:
                self._make_role(slot)
            if self._isolation == "schema":
                self._make_schema(slot)
            elif self._isolation == "database" or not self.made:
                self._make_databases(slot)
        self.made.append(slot)

    def find_place(self, slot: str) -> tuple[str, tuple[str, ...]]:
        """The database of a slot, and its schemas where it is not all of the database."""
        return fill_server(self._server, slot)["dbname"], (slot,) if self._isolation == "schema" else ()

    @staticmethod
    def answers(slot: str) -> bool:
        """Whether the server is there; the run ends with the one that all slots share."""
        del slot
        return True

    @staticmethod
    def reach(slot: str) -> None:
        """All slots are on the first server."""

    def find_role(self, slot: str) -> str:
        """The role of a slot."""
        return fill_server(self._server, slot)["user"]

    def find_databases(self, slot: str) -> list[str]:
        """All databases of a slot; the one that its address names comes first."""
        return [name for part, name in fill_server(self._server, slot).items() if part.startswith("dbname")]

    def end_transactions(self, slot: str) -> None:
        """End the sessions that a failed attempt left in a transaction, or with a lock of its own; idle ones stay.

        Their locks would hold up whoever looks at the slot, and restoring it.
        """
        with translate(f"cannot end what is open in the slot `{slot}`"):
            # Where slots share a role, their databases tell whose a session is.
            databases = [] if self.has_own_role else self.find_databases(slot)
            end_where(self._connection, OPEN_SESSIONS, {"role": self.find_role(slot), "databases": databases})

    def find_older(self, slot: str, began: float) -> list[str]:
        """The databases that a slot's role has made before a moment, in seconds since 1970.

        Asked when the fixtures of all scopes are torn down: nobody would make them again.
        """
        with translate(f"cannot look into the slot `{slot}`"):
            return self._find_beside(slot).find_older(began) if self.has_own_role and self._rights else []

    def _find_beside(self, slot: str) -> Beside:
        return Beside(self._connection, self._address, slot, self.find_role(slot), self.find_databases(slot))

    def restore(self, slot: str, older: Sequence[str] = ()) -> None:
        """Make the slot as it was at its start, under the same address; `end_transactions` comes first.

        Without isolation there is nothing that belongs to one slot, and nothing happens.

        Args:
            slot: its name.
            older: databases beside the slot that stay, from `find_older`.

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
                    self._set_role(slot)
                    for name in self.find_databases(slot):
                        try:
                            self._restore_database(name, slot)
                        except psycopg.Error:
                            # A test has dropped what is not its role's: a new clone has all, but ends every session.
                            execute(self._connection, "DROP DATABASE {0} WITH (FORCE)", name)
                            self._clone(name, self.find_role(slot), self._choose_template(name, slot))
            if self.has_own_role and self._rights:
                self._find_beside(slot).drop(older)

    def _restore_database(self, name: str, slot: str) -> None:
        role = self.find_role(slot)
        with connect(self._address, name) as inside:
            self._empty(inside, slot)
            give_public(inside, role)
            self._base.repair(inside)
            execute(self._connection, "GRANT ALL ON DATABASE {0} TO {1}", name, role)
            if name == self.find_place(slot)[0]:
                run_as(inside, role, self._script.body)

    def _empty(self, inside: Connection, slot: str) -> None:
        """Drop all that the role owns in one database, large objects included."""
        execute(inside, "SET lock_timeout = {text}", text=PATIENCE)
        execute(inside, "DROP OWNED BY {0} CASCADE", self.find_role(slot))
        inside.execute("RESET lock_timeout")

    def _set_role(self, slot: str) -> None:
        """Give the role the rights, the settings and the password that a test may have changed."""
        parts = fill_server(self._server, slot)
        role = parts["user"]
        execute(
            self._connection, f"ALTER ROLE {{0}} LOGIN {self._rights} PASSWORD {{text}}", role, text=parts["password"]
        )
        execute(self._connection, "ALTER ROLE {0} RESET ALL", role)
        if self._isolation == "schema":
            # Extensions live in public, where slots may read but not make anything.
            execute(self._connection, "ALTER ROLE {0} SET search_path = {0}, public", role)

    def _make_role(self, slot: str) -> None:
        execute(self._connection, "CREATE ROLE {0}", self.find_role(slot))
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

    def _make_databases(self, slot: str) -> None:
        """Make the databases of a slot, or those that all slots share."""
        for name in self.find_databases(slot):
            self._clone(name, self.find_role(slot), self._choose_template(name, slot))

    def _choose_template(self, name: str, slot: str) -> str:
        """What a database of a slot is a clone of: `setup` fills the first one only."""
        return self._template if name == self.find_place(slot)[0] else self._base.name

    def _clone(self, name: str, role: str, template: str) -> None:
        """Make a database of a template for a role, which owns all that is in it."""
        statement = "CREATE DATABASE {0} OWNER {1} TEMPLATE {2}" + copy_files(self._connection)
        execute(self._connection, statement, name, role, template)
        if self._isolation == "database":
            execute(self._connection, "REVOKE ALL ON DATABASE {0} FROM PUBLIC", name)
            execute(self._connection, "GRANT ALL ON DATABASE {0} TO {1}", name, role)
        if template == TEMPLATE:
            with connect(self._address, name) as inside:
                execute(inside, "REASSIGN OWNED BY {0} TO {1}", TEMPLATE, role)
        elif not is_at_least(self._connection, 15):
            with connect(self._address, name) as inside:
                give_public(inside, role)


def make_rights(isolation: Isolation, rights: Sequence[Right]) -> str:
    """The rights as options of a role; without isolation it may make more databases and roles in any case."""
    given = {*rights, *(("createdb", "createrole") if isolation == "none" else ())}
    return " ".join(right.upper() for right in sorted(given))
