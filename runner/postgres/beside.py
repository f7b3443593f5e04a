"""What a slot's role has made beside its slot: databases and roles, where it has the right to."""

from collections.abc import Collection, Sequence

from runner.core.names import is_database_of
from runner.engines.protocol import ServerAddress
from runner.postgres.ages import find_older_databases
from runner.postgres.connect import Connection, connect, execute

DATABASES = "SELECT datname FROM pg_database JOIN pg_roles ON pg_roles.oid = datdba WHERE rolname = %s"

ROLES = """
    SELECT member.rolname FROM pg_auth_members JOIN pg_roles AS member ON member.oid = roleid
    WHERE pg_auth_members.member = (SELECT oid FROM pg_roles WHERE rolname = %s) AND admin_option
"""
"""Since 16 whoever makes a role may pass it on, and is entered here."""


class Beside:
    """The databases and roles that tests make beside one slot; those of `fresh_database` are none of them."""

    def __init__(
        self, connection: Connection, address: ServerAddress, slot: str, role: str, own: Sequence[str]
    ) -> None:
        """Describe the slot.

        Args:
            connection: a superuser's, in autocommit mode.
            address: where it leads.
            slot: its name.
            role: its role.
            own: its own databases.
        """
        self._connection, self._address, self._slot, self._role, self._own = connection, address, slot, role, own

    def find_databases(self) -> list[str]:
        """Those that there are."""
        names = [name for (name,) in self._connection.execute(DATABASES, [self._role]).fetchall()]
        return [name for name in names if name not in self._own and not is_database_of(name, self._slot)]

    def find_older(self, moment: float) -> list[str]:
        """The databases that were made before a moment, in seconds since 1970."""
        older = find_older_databases(self._connection, moment)
        return sorted(name for name in self.find_databases() if name in older)

    def drop(self, kept: Collection[str]) -> None:
        """Drop all databases but those that are kept; and the roles, unless databases are kept that may be theirs."""
        for name in self.find_databases():
            if name not in kept:
                execute(self._connection, "DROP DATABASE {0} WITH (FORCE)", name)
        for (name,) in () if kept else self._connection.execute(ROLES, [self._role]).fetchall():
            for database in self._own:
                with connect(self._address, database) as inside:
                    execute(inside, "DROP OWNED BY {0} CASCADE", name)
            execute(self._connection, "DROP ROLE {0}", name)
