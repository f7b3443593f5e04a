"""What this suite has in its text, and what it expects to find in its database."""

import os

import psycopg
import pytest

ATTEMPTS = []


def connect(database=None):
    """The address that the tests have in their text, but for the database."""
    name = database or os.environ["PGDATABASE"]
    return psycopg.connect(
        host="localhost", port=5444, user="shop", password="p@ss{word}", dbname=name, autocommit=True
    )


def ask(statement, database=None):
    with connect(database) as connection:
        return connection.execute(statement).fetchone()[0]


def test_names_and_password_are_those_in_the_text():
    assert os.environ["PGDATABASE"] == "shop_" + os.environ["PYTEST_XDIST_WORKER"]
    assert ask("SELECT current_user") == "shop"
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(os.environ["DATABASE_URL"], password="other")


def test_the_server_is_as_it_should_be():
    assert ask("SHOW server_version").startswith(os.environ.get("WANTED", "17."))
    for name, value in {"wal_level": "logical", "max_prepared_transactions": "4", "TimeZone": "Europe/Berlin"}.items():
        assert ask(f"SHOW {name}") == value
    assert ask("SELECT 'a' < 'B'"), "en_US.UTF-8 sorts as people do"
    assert ask("SELECT datcollate FROM pg_database WHERE datname = current_database()") == "en_US.UTF-8"


@pytest.mark.flaky(reruns=1)
def test_a_restored_slot_has_all_of_it_again():
    ATTEMPTS.append(1)
    with connect() as connection:
        assert connection.execute("SELECT count(*) FROM items").fetchone() == (0,)
        assert connection.execute("SELECT name FROM audit.kinds").fetchall() == [("sale",)]
        connection.execute("INSERT INTO items VALUES ('tea', 'well', 'a=>1')")
        if len(ATTEMPTS) == 1:
            connection.execute("DROP SCHEMA public CASCADE; DROP TABLE audit.sales")
    assert len(ATTEMPTS) > 1


def test_a_further_database_has_what_all_begin_with():
    with psycopg.connect(os.environ["LOGS_URL"]) as connection:
        assert connection.execute("SELECT 'well'::mood, 'a=>1'::hstore -> 'a'").fetchone() == ("well", "1")
        assert connection.execute("SELECT to_regclass('items')").fetchone() == (None,)


def test_a_copy_of_the_own_database_can_be_made():
    name = os.environ["PGDATABASE"]
    with connect("postgres") as connection:
        connection.execute(f"CREATE DATABASE copy_of_{name} TEMPLATE {name}")
    assert ask("SELECT count(*) FROM audit.sales", f"copy_of_{name}") == 0


def test_vectors_have_a_distance():
    assert ask("SELECT '[1,2,3]'::vector <-> '[1,2,5]'") == 2
