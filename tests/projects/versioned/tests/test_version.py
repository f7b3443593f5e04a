import os
from importlib.metadata import version
from pathlib import Path

import psycopg
import stamped


def test_the_version_is_that_of_the_tag():
    assert stamped.__version__ == version("stamped") == Path("wanted.txt").read_text().strip()


def test_the_database_keeps_it():
    with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
        connection.execute("CREATE TABLE release (version text)")
        connection.execute("INSERT INTO release VALUES (%s)", [stamped.__version__])
        assert connection.execute("SELECT version FROM release").fetchone() == (stamped.__version__,)
