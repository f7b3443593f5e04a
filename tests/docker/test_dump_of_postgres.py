"""Dumps of a real database, run again by a driver."""

from collections.abc import Iterator

import pytest
from commands import SMALL
from environment import Environment

from runner.errors import PostgresError
from runner.postgres.connect import Connection, connect

pytestmark = [pytest.mark.engine, pytest.mark.regression]

ODD = [
    "plain",
    "ünï",
    "two\nlines",
    "\\restrict abc",
    "a\n\\restrict abc\nb",
    "\\.\n\\connect x",
    "'; DROP",
    "%s",
    None,
]

TABLES = """
CREATE EXTENSION pg_trgm;
CREATE SCHEMA one; CREATE SCHEMA "Two.x|y";
CREATE TYPE one.mood AS ENUM ('good', 'bad');
CREATE TABLE one.odd (id integer GENERATED ALWAYS AS IDENTITY, said text, mood one.mood DEFAULT 'good');
CREATE TABLE "Two.x|y".many AS SELECT n, n * 2 AS twice FROM generate_series(1, 2500) n;
CREATE FUNCTION one.f() RETURNS text LANGUAGE sql AS $$SELECT 'a;b'
$$;
CREATE VIEW one.v AS SELECT said, one.f() FROM one.odd;
CREATE INDEX ON one.odd USING gin (said gin_trgm_ops);
"""


@pytest.fixture(scope="module")
def started() -> Iterator[tuple[Environment, Connection]]:
    environment = Environment(SMALL)
    try:
        environment.start(egress=False)
        superuser, environment.address = environment.start_postgres()
        superuser.execute("CREATE DATABASE source")
        with connect(environment.address, "source") as source:
            source.execute(TABLES)
            for text in ODD:
                source.execute("INSERT INTO one.odd (said) VALUES (%s)", [text])
        yield environment, superuser
        superuser.close()
    finally:
        assert environment.engine.remove_run() == []


@pytest.fixture
def restored(started) -> Iterator[Connection]:
    """A connection to an empty database."""
    environment, superuser = started
    superuser.execute("CREATE DATABASE restored")
    with connect(environment.address, "restored") as connection:
        yield connection
    superuser.execute("DROP DATABASE restored WITH (FORCE)")


def list_schemas(connection: Connection) -> list[str]:
    rows = connection.execute("SELECT nspname FROM pg_namespace WHERE oid > 16383 ORDER BY 1")
    return [name for (name,) in rows]


@pytest.mark.smoke
def test_a_dump_is_run_by_a_driver_as_one_query_and_makes_the_same_rows(started, restored: Connection) -> None:
    restored.execute(started[0].server.dump("source"))
    assert [text for (text,) in restored.execute("SELECT said FROM one.odd ORDER BY id")] == ODD
    assert restored.execute("SELECT one.f(), count(*) FROM one.v").fetchone() == ("a;b", len(ODD))
    assert restored.execute('SELECT count(*), sum(twice) FROM "Two.x|y".many').fetchone() == (2500, 6252500)
    # The next one of an identity column goes on where the source stood.
    restored.execute("INSERT INTO one.odd (said) VALUES ('next')")
    assert restored.execute("SELECT max(id) FROM one.odd").fetchone() == (len(ODD) + 1,)


def test_a_dump_without_rows_makes_empty_tables(started, restored: Connection) -> None:
    restored.execute(started[0].server.dump("source", data=False))
    assert list_schemas(restored) == ["Two.x|y", "one"]
    assert restored.execute("SELECT count(*) FROM one.odd").fetchone() == (0,)


def test_a_dump_of_a_schema_has_that_schema_only(started, restored: Connection) -> None:
    restored.execute(started[0].server.dump("source", ["Two.x|y"]))
    assert list_schemas(restored) == ["Two.x|y"]
    assert restored.execute('SELECT count(*) FROM "Two.x|y".many').fetchone() == (2500,)


def test_a_dump_names_neither_owners_nor_rights(started) -> None:
    environment, superuser = started
    superuser.execute("CREATE ROLE somebody")
    with connect(environment.address, "source") as source:
        source.execute('ALTER TABLE "Two.x|y".many OWNER TO somebody; GRANT USAGE ON SCHEMA "Two.x|y" TO somebody')
        assert "somebody" not in environment.server.dump("source")
        source.execute(
            'DROP OWNED BY somebody; CREATE TABLE "Two.x|y".many AS SELECT n, n * 2 AS twice '
            "FROM generate_series(1, 2500) n"
        )
    superuser.execute("DROP ROLE somebody")


@pytest.mark.parametrize(
    ("database", "schemas", "reason"),
    [
        ("nowhere", [], 'database "nowhere" does not exist'),
        ("source", ["one", "missing"], "no matching schemas were found"),
        ("source", ["ONE"], "no matching schemas were found"),
        ("source host=/nowhere", [], 'database "source host=/nowhere" does not exist'),
    ],
)
def test_what_pg_dump_refuses_is_told_in_its_words(started, database: str, schemas: list[str], reason: str) -> None:
    with pytest.raises(PostgresError) as caught:
        started[0].server.dump(database, schemas)
    assert caught.value.what == f"cannot dump the database `{database}`"
    assert caught.value.cause.startswith("pg_dump: error: ")
    assert reason in caught.value.cause


def test_an_odd_name_of_a_database_is_taken_as_it_is(started) -> None:
    environment, superuser = started
    superuser.execute("""CREATE DATABASE "it's = \\ odd" """)
    assert "CREATE" not in environment.server.dump("it's = \\ odd")
    superuser.execute("""DROP DATABASE "it's = \\ odd" """)
