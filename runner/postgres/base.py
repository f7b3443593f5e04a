"""The database that all others begin as, where a suite expects more than an empty one: `extensions` and `init_sql`."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from runner.engines.protocol import ServerAddress
from runner.postgres.connect import Connection, connect, execute, translate
from runner.postgres.versions import copy_files

EMPTY = "template1"
"""Of every server; what tests make of it themselves stays as they expect it."""

NAME = "runner_base"

LIST = "/usr/lib/ephemeral-runner/extensions"
"""Names of the extensions that the image has for the suite; images/postgres/extensions.sh writes it."""

READ = "SELECT pg_read_file(%s, 0, 100000, true)"
"""NULL where there is no such file."""


@dataclass(frozen=True)
class Base:
    """What to clone.

    Attributes:
        name: of the database.
        extensions: those in it that the settings name.
        scripts: what has filled it beside them, by the name that an error has for each.
    """

    name: str = EMPTY
    extensions: tuple[str, ...] = field(default=())
    scripts: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing in it."""
        return self.name == EMPTY

    def repair(self, inside: Connection) -> None:
        """Make the extensions again in a clone where a test has dropped them."""
        for each in self.extensions:
            execute(inside, "CREATE EXTENSION IF NOT EXISTS {0} CASCADE", each)


def make_base(connection: Connection, address: ServerAddress, scripts: Mapping[str, str]) -> Base:
    """Make it, once for each server, before any database of the suite; no session stays on it.

    Args:
        connection: a superuser's, in autocommit mode.
        address: where it leads.
        scripts: SQL by the name that an error has for it.

    Raises:
        PostgresError: Postgres refused; in its own words.
    """
    extensions = read_extensions(connection)
    if not extensions and not scripts:
        return Base()
    with translate("cannot make the database that all others begin as"):
        execute(connection, "CREATE DATABASE {0}" + copy_files(connection), NAME)
        inside = connect(address, NAME)
    base = Base(NAME, extensions, scripts)
    with inside:
        fill(inside, base)
    execute(connection, "REVOKE ALL ON DATABASE {0} FROM PUBLIC", NAME)
    return base


def fill(inside: Connection, base: Base) -> None:
    """Make what is in it in an empty database; raises PostgresError."""
    for each in base.extensions:
        hint = f'one that the server loads at its start needs `settings = {{shared_preload_libraries = "{each}"}}`'
        with translate(f"cannot create the extension `{each}` (`postgres.extensions`)", hint):
            execute(inside, "CREATE EXTENSION IF NOT EXISTS {0} CASCADE", each)
    for name, script in base.scripts.items():
        with translate(f"`{name}` (`postgres.init_sql`) was refused"):
            inside.execute(script.encode())


def read_extensions(connection: Connection) -> tuple[str, ...]:
    """The extensions that the image has for the suite, by the names that Postgres knows them by."""
    row = connection.execute(READ, [LIST]).fetchone()
    return tuple((row[0] or "").split()) if row else ()
