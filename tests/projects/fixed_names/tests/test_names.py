"""Databases, roles and templates under fixed names, and what else belongs to the whole server."""

import os
import time

import psycopg
import pytest


def connect(**changes):
    return psycopg.connect(os.environ["DATABASE_URL"], autocommit=True, **changes)


@pytest.fixture
def warehouse():
    """A database that always has the same name; it is made anew for each test."""
    with connect() as outside:
        outside.execute("DROP DATABASE IF EXISTS warehouse WITH (FORCE)")
        outside.execute("CREATE DATABASE warehouse")
    return connect(dbname="warehouse")


@pytest.mark.parametrize("number", range(4))
def test_a_database_of_a_fixed_name_is_the_tests_own(warehouse, number):
    with warehouse:
        warehouse.execute("CREATE TABLE item (number integer)")
        warehouse.execute("INSERT INTO item VALUES (%s)", [number])
        time.sleep(0.1)
        assert warehouse.execute("SELECT number FROM item").fetchall() == [(number,)]


@pytest.mark.parametrize("number", range(4))
def test_a_role_of_a_fixed_name_is_the_tests_own(number):
    with connect() as outside:
        outside.execute("CREATE ROLE clerk LOGIN PASSWORD 'secret'")
        time.sleep(0.1)
        with connect(user="clerk", password="secret") as own:
            assert own.execute("SELECT current_user").fetchone() == ("clerk",)
        outside.execute("DROP ROLE clerk")


@pytest.mark.parametrize("size", ["4MB", "5MB", "6MB"])
def test_a_parameter_of_the_server_is_the_tests_own(size):
    with connect() as outside:
        outside.execute(f"ALTER SYSTEM SET work_mem = '{size}'")
        outside.execute("SELECT pg_reload_conf()")
        time.sleep(0.2)
        with connect() as other:
            assert other.execute("SHOW work_mem").fetchone() == (size,)


def test_all_other_sessions_can_be_ended():
    with connect() as outside, connect() as other:
        ended = outside.execute(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
            " WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'"
        ).fetchone()
        assert ended == (1,)
        with pytest.raises(psycopg.OperationalError):
            other.execute("SELECT 1")


def test_the_server_has_nothing_that_is_not_the_tests_own():
    with connect() as outside:
        names = {row[0] for row in outside.execute("SELECT datname FROM pg_database")}
        assert names - {"warehouse"} == {"postgres", "template0", "template1", outside.info.dbname}
