"""What is installed, and that the database answers."""

import os
from importlib import metadata

import psycopg

INSTALLED = {"psycopg", "pytest", "six", "requests"}


def test_the_database_answers():
    with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
        assert connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone() == (0,)


def test_what_the_tests_need_is_installed():
    installed = {each.name.lower() for each in metadata.distributions()}
    assert installed >= INSTALLED
