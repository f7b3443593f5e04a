"""What every server of a slot starts with: the tests' role and database, and what `setup` makes in them."""

from collections.abc import Mapping, Sequence

from runner.core.groups import Right
from runner.core.script import Script
from runner.core.settings_postgres_rules import OWN_ROLE as SUPERUSER
from runner.engines.protocol import ServerAddress
from runner.postgres.base import Base, fill
from runner.postgres.connect import Connection, connect, execute, translate
from runner.postgres.template import run_as
from runner.postgres.versions import copy_files

PRESENT = ("postgres", "template1")
"""Databases that every server has, and a suite may call its own."""

OTHERS = """
    SELECT 1 FROM pg_roles WHERE rolname <> ALL (%(roles)s) AND rolname !~ '^pg_'
    UNION ALL SELECT 1 FROM pg_database WHERE datname <> ALL (%(databases)s)
    UNION ALL SELECT 1 FROM pg_tablespace WHERE spcname !~ '^pg_'
"""
"""What is in no database's dump."""


class Origin:
    """The first server, as `runner.postgres.template.Template` is the database that `setup` fills; it has its methods.

    Attributes:
        name: of the database that the address of a slot names.
        base: what the databases begin with; empty until it is set.
        is_made: whether it can be copied.
        is_whole: whether the database's script has all that `setup` made.
    """

    def __init__(
        self,
        connection: Connection,
        address: ServerAddress,
        parts: Mapping[str, str],
        rights: Sequence[Right],
    ) -> None:
        """Describe it; `make_names` comes first, then the base is made and set, for `init_sql` may know these names.

        Args:
            connection: a superuser's, in autocommit mode.
            address: where it leads.
            parts: of a slot's address: user, password, and all that begin with dbname.
            rights: the role's; none named makes it a superuser, as a server's first role is elsewhere.
        """
        self._connection, self._address, self.base = connection, address, Base()
        self._user, self._password, self.name = parts["user"], parts["password"], parts["dbname"]
        self._databases = [text for part, text in parts.items() if part.startswith("dbname")]
        self._rights = " ".join(each.upper() for each in rights or ("superuser",))
        self.is_made, self.is_whole = False, True

    def make(self, script: Script | None) -> None:
        """Make it as a script has it, or empty."""
        self.open()
        if script is not None:
            with translate("cannot load the snapshot of the template"), connect(self._address, self.name) as inside:
                run_as(inside, self._user, script.body)
        self.close()

    def make_names(self) -> None:
        """Make the role and its databases, with nothing in them, where Postgres does not have them from the start."""
        with translate("cannot make the role and the databases of the tests"):
            if self._user == SUPERUSER:
                # What tests do under this name is logged.
                execute(self._connection, "ALTER ROLE {0} RESET log_statement", self._user)
            else:
                statement = f"CREATE ROLE {{0}} LOGIN {self._rights} PASSWORD {{text}}"
                execute(self._connection, statement, self._user, text=self._password)
            for name in self._databases:
                if name not in PRESENT:
                    statement = "CREATE DATABASE {0}" + copy_files(self._connection)
                    execute(self._connection, statement, name)
                execute(self._connection, "ALTER DATABASE {0} OWNER TO {1}", name, self._user)

    def open(self) -> None:
        """Make in each database what all begin with."""
        for name in self._databases:
            with translate(f"cannot prepare the database `{name}`"), connect(self._address, name) as inside:
                fill(inside, self.base)

    def run(self, name: str, statements: bytes) -> None:
        """Run a file of SQL as the tests' role.

        Raises:
            PostgresError: Postgres refused; in its own words.
        """
        own = ServerAddress(self._address.host, self._address.port, self._user, self._password)
        with translate(f"`{name}` (`setup`) was refused"), connect(own, self.name) as inside:
            inside.execute(statements)

    def close(self) -> Script:
        """End the work on it; nothing has to be prepared before its script.

        Raises:
            PostgresError: Postgres refused.
        """
        known = {
            "roles": [SUPERUSER, self._user],
            "databases": [*PRESENT, "template0", self.base.name, *self._databases],
        }
        with translate("cannot finish the template"):
            self.is_whole = self._connection.execute(OTHERS, known).fetchone() is None and len(self._databases) == 1
        self.is_made = True
        return Script("")
