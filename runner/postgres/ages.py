"""When the databases of a server were made: what is older than a test is none of what it left."""

from collections.abc import Iterator
from pathlib import PurePosixPath

from runner.postgres.connect import Connection, execute

LIST = "stat -c '%n %.9Y' base/*/PG_VERSION pg_tblspc/*/PG_*/*/PG_VERSION > ages 2> /dev/null || true"
"""Run in the data directory; a database's file of this name is written when it is made, and never again."""

READ = "SELECT pg_read_file('ages')"

NAMES = "SELECT oid::text, datname FROM pg_database"


def find_older_databases(inside: Connection, moment: float) -> set[str]:
    """The databases made before a moment, in seconds since 1970.

    SQL has only whole seconds of it (pg_stat_file), within which several tests run.
    """
    execute(inside, "COPY (SELECT WHERE false) TO PROGRAM {text}", text=LIST)
    [(text,)] = inside.execute(READ).fetchall()
    names: dict[str, str] = dict(inside.execute(NAMES).fetchall())
    return {names[oid] for oid, seconds in parse_ages(text) if seconds < moment and oid in names}


def parse_ages(text: str) -> Iterator[tuple[str, float]]:
    """A database's OID, and the second at which it was made, from each line."""
    for line in text.splitlines():
        path, _, seconds = line.rpartition(" ")
        yield PurePosixPath(path).parent.name, float(seconds)
