"""The template of all slots: a role and a database in which `setup` runs once, and what cannot be copied from it."""

from collections.abc import Mapping

from runner.core.groups import Isolation
from runner.core.script import Script, strip_schema
from runner.core.slots import TEMPLATE, fill_server
from runner.engines.protocol import ServerAddress
from runner.errors import PostgresError
from runner.postgres.base import Base
from runner.postgres.connect import Connection, connect, end_sessions, execute, is_at_least, translate
from runner.postgres.versions import copy_files, give_public

OTHER_SCHEMAS = """
    SELECT 'the schema `' || nspname || '`' FROM pg_namespace
    WHERE nspname NOT IN ('public', 'information_schema', %(template)s) AND nspname !~ '^pg_'
    UNION ALL SELECT 'large objects' WHERE EXISTS (SELECT FROM pg_largeobject_metadata)
    UNION ALL SELECT 'the publication `' || pubname || '`' FROM pg_publication
    UNION ALL SELECT 'the extension `' || extname || '`, which cannot leave its schema'
    FROM pg_extension JOIN pg_namespace ON pg_namespace.oid = extnamespace
    WHERE nspname = %(template)s AND NOT extrelocatable
    UNION ALL SELECT 'the function `' || proname || '`, whose text names its schema'
    FROM pg_proc JOIN pg_namespace ON pg_namespace.oid = pronamespace
    WHERE nspname = %(template)s AND (
        (prosqlbody IS NULL AND strpos(prosrc, %(template)s) > 0) OR strpos(proconfig::text, %(template)s) > 0)
"""
"""What schema mode cannot copy: whatever is not in the one schema, or holds its name as text."""

EXTENSIONS = """
    SELECT extname, nspname FROM pg_extension JOIN pg_namespace ON pg_namespace.oid = extnamespace
    WHERE nspname IN ('public', 'runner_template') ORDER BY pg_extension.oid
"""


class Template:
    """The database that `setup` fills.

    Attributes:
        name: the database's.
        is_made: whether it can be cloned.
        is_whole: whether its script has all that `setup` made.
    """

    def __init__(
        self,
        connection: Connection,
        address: ServerAddress,
        isolation: Isolation,
        server: Mapping[str, str],
        base: Base | None = None,
    ) -> None:
        """Describe the template; `make` makes it from a script, and `open` and `close` around whatever else does.

        Args:
            connection: a superuser's, in autocommit mode.
            address: where it leads.
            isolation: what a slot is; in schema mode the template is a schema too.
            server: the parts of a slot's address, of which the role has the password.
            base: what the database is a clone of.
        """
        self._connection = connection
        self._address = address
        self._in_schema = isolation == "schema"
        self._password = fill_server(server, TEMPLATE)["password"]
        self.name = TEMPLATE
        self.base = base or Base()
        self.is_made = False
        self.is_whole = True
        self._given: list[str] = []

    def make(self, script: Script | None) -> None:
        """Make the template as a script has it, or empty, ready to be cloned."""
        self.open()
        if script is not None:
            self._load(script)
        self.close()

    def open(self) -> None:
        """Make the role, which may log in, and its database."""
        with translate("cannot make the template for the slots"):
            execute(self._connection, "CREATE ROLE {0} LOGIN PASSWORD {text}", TEMPLATE, text=self._password)
            statement = "CREATE DATABASE {0} OWNER {0} TEMPLATE {1}" + copy_files(self._connection)
            execute(self._connection, statement, TEMPLATE, self.base.name)
            execute(self._connection, "REVOKE ALL ON DATABASE {0} FROM PUBLIC", TEMPLATE)
            with connect(self._address, TEMPLATE) as inside:
                if self._in_schema:
                    self._given = self._find_others(inside)
                    execute(inside, "CREATE SCHEMA {0} AUTHORIZATION {0}", TEMPLATE)
                    execute(inside, "ALTER ROLE {0} SET search_path = {0}, public", TEMPLATE)
                else:
                    give_public(inside, TEMPLATE)

    def _load(self, script: Script) -> None:
        """Make the template from a script instead of by `setup`."""
        with translate("cannot load the snapshot of the template"), connect(self._address, TEMPLATE) as inside:
            if script.preamble:
                inside.execute(script.preamble.encode())
            run_as(inside, TEMPLATE, strip_schema(script.body, TEMPLATE))

    def run(self, name: str, statements: bytes) -> None:
        """Run a file of SQL as the template's own role.

        Raises:
            PostgresError: Postgres refused; in its own words.
        """
        own = ServerAddress(self._address.host, self._address.port, TEMPLATE, self._password)
        with translate(f"`{name}` (`setup`) was refused"), connect(own, TEMPLATE) as inside:
            inside.execute(statements)

    def close(self) -> Script:
        """End the work on the template, so that it can be cloned; the preamble of its script.

        Raises:
            PostgresError: schema mode cannot copy what `setup` made.
        """
        extensions: list[str] = []
        with translate("cannot finish the template"), connect(self._address, TEMPLATE) as inside:
            if self._in_schema:
                self._check(inside)
                extensions = self._move_extensions(inside)
        with translate("cannot finish the template"):
            # Sessions would keep the database from being cloned, and nobody else needs to log in as this role.
            execute(self._connection, "ALTER ROLE {0} NOLOGIN", TEMPLATE)
            end_sessions(self._connection, TEMPLATE)
            execute(self._connection, "ALTER DATABASE {0} OWNER TO postgres", TEMPLATE)
        self.is_made = True
        statement = 'CREATE EXTENSION IF NOT EXISTS "{}" WITH SCHEMA public;\n'
        return Script("".join(statement.format(name.replace('"', '""')) for name in extensions))

    def _check(self, inside: Connection) -> None:
        if found := [each for each in self._find_others(inside) if each not in self._given]:
            raise PostgresError(
                f"`setup` made what a slot that is a schema cannot have: {', '.join(found)}",
                "schema mode copies one schema, under another name",
                'set `isolation = "database"`',
            )

    @staticmethod
    def _find_others(inside: Connection) -> list[str]:
        statement = OTHER_SCHEMAS if is_at_least(inside, 14) else OTHER_SCHEMAS.replace("prosqlbody IS NULL AND ", "")
        return [str(row[0]) for row in inside.execute(statement.encode(), {"template": TEMPLATE})]

    def _move_extensions(self, inside: Connection) -> list[str]:
        """Extensions serve all slots from the schema public."""
        rows = inside.execute(EXTENSIONS).fetchall()
        for name, schema in rows:
            if schema == TEMPLATE:
                execute(inside, "ALTER EXTENSION {0} SET SCHEMA public", name)
        return [str(name) for name, _ in rows]


def run_as(connection: Connection, role: str, script: str) -> None:
    """Run SQL as a role, in one transaction, and leave the session as it was."""
    with connection.transaction():
        execute(connection, "SET LOCAL ROLE {0}", role)
        if script:
            connection.execute(script.encode())
        # In a transaction around this one, the role would last until that one ends.
        connection.execute("RESET ROLE")
    # pg_dump's output sets a session's search_path among others.
    connection.execute("RESET ALL")
