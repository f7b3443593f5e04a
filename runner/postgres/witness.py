"""Looks at the slot of a failed test from outside: its statements in the log, its size, transactions that are open."""

from dataclasses import dataclass

from runner.core.statements import Wanted, find_statements, reaches
from runner.engines.protocol import ServerAddress
from runner.postgres.connect import Connection, connect, is_alive, translate

PIECE, FARTHEST = 1 << 20, 16 << 20
"""Bytes of the log that are read at a time, from its end, and at most; images/base/relay.py keeps so many."""

LOG = "current_setting('data_directory') || '/../server.log'"
"""images/postgres/start.sh has it there."""

TABLES = """
    SELECT quote_ident(n.nspname) || '.' || quote_ident(c.relname), locked.relation IS NOT NULL,
        CASE WHEN locked.relation IS NULL THEN pg_total_relation_size(c.oid) ELSE 0 END
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN (
        SELECT DISTINCT relation FROM pg_locks JOIN pg_database d ON d.oid = database
        WHERE granted AND mode = 'AccessExclusiveLock' AND datname = current_database()
    ) locked ON locked.relation = c.oid
    WHERE c.relkind IN ('r', 'm', 'p') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
        AND (%(schemas)s::text[] = '{}' OR n.nspname = ANY (%(schemas)s))
"""

OPEN = """
    SELECT pid, application_name, state, extract(epoch FROM now() - xact_start)::float, left(query, 300)
    FROM pg_stat_activity
    WHERE usename = %(role)s AND (%(name)s = '' OR application_name = %(name)s)
        AND %(database)s::text IN ('', datname::text) AND pid <> ALL (%(known)s::integer[])
        AND (backend_xid IS NOT NULL OR state IN ('active', 'idle in transaction (aborted)'))
    ORDER BY pid
"""

OTHERS = """
    SELECT datname FROM pg_database JOIN pg_roles r ON r.oid = datdba
    WHERE rolname = %(role)s AND datname <> ALL (%(known)s::text[]) ORDER BY datname
"""

ABORTED = "idle in transaction (aborted)"


@dataclass(frozen=True)
class Measured:
    """A database's tables: their bytes, and the names of those that nobody else can read now."""

    size: int
    locked: tuple[str, ...]


class Witness:
    """One connection of its own."""

    def __init__(self, address: ServerAddress) -> None:
        """Connect; the address is a superuser's."""
        self._address = address
        with translate("cannot connect to look at failed tests"):
            self._connection: Connection = connect(address, "postgres")

    def is_connected(self) -> bool:
        """Whether the connection is still there."""
        return is_alive(self._connection)

    def read_statements(self, wanted: Wanted) -> str:
        """The lines of a test in the log, from its end backwards; raises PostgresError."""
        with translate("cannot read the log of Postgres"):
            row = self._connection.execute(f"SELECT size FROM pg_stat_file({LOG})").fetchone()  # noqa: S608 -- constants
            end = start = int(row[0]) if row else 0
            log = b""
            while start and end - start < FARTHEST and len(log) < FARTHEST:
                size = min(PIECE, start)
                start -= size
                log = self._read_log(start, size) + log
                if reaches(log, wanted.since):
                    break
        return find_statements(log.lstrip(b"\0"), wanted)

    def _read_log(self, start: int, size: int) -> bytes:
        row = self._connection.execute(f"SELECT pg_read_binary_file({LOG}, %s, %s)", [start, size]).fetchone()
        return bytes(row[0]) if row else b""

    def measure(self, database: str, schemas: tuple[str, ...]) -> Measured:
        """The tables of a database, or of some of its schemas; raises PostgresError."""
        with translate(f"cannot measure the database `{database}`"), connect(self._address, database) as inside:
            inside.execute("SET lock_timeout = '1s'")
            rows = inside.execute(TABLES, {"schemas": list(schemas)}).fetchall()
        return Measured(sum(int(row[2]) for row in rows), tuple(str(row[0]) for row in rows if row[1]))

    def find_unseen(self, role: str, name: str, known: list[int], database: str = "") -> list[str]:
        """The open transactions that nobody has asked, each in words; raises PostgresError.

        Args:
            role: of the slot.
            name: the connections' application_name, where workers share a role; else empty.
            known: backends that the plugin has looked at.
            database: of the slot, where only that is its own; else empty.
        """
        with translate("cannot look for open transactions"):
            values = {"role": role, "name": name, "known": known, "database": database}
            rows = self._connection.execute(OPEN, values).fetchall()
        return [describe(*row) for row in rows]

    def find_databases(self, role: str, known: list[str]) -> list[str]:
        """The databases that a role has made itself; raises PostgresError."""
        with translate("cannot look for databases"):
            rows = self._connection.execute(OTHERS, {"role": role, "known": known}).fetchall()
        return [str(row[0]) for row in rows]

    def close(self) -> None:
        """Disconnect."""
        self._connection.close()


def describe(pid: int, name: str, state: str, age: float | None, query: str) -> str:
    """An open transaction in words."""
    who = f"pid {pid}" + (f" ({name})" if name else "")
    since = f" for {age:.1f} s" if age is not None else ""
    what = "what its transaction changed, Postgres has rolled back" if state == ABORTED else "what its transaction sees"
    return f"{what}: {who}, {state}{since}; its last statement: {' '.join(query.split())}"
