"""One transient failure, one failed assertion, one test that is known to be unsteady; the first attempts fail."""

import os
from pathlib import Path

import psycopg
import pytest


@pytest.fixture
def connection():
    with psycopg.connect(os.environ["TEST_DATABASE_URL"], autocommit=True) as connection:
        yield connection


def is_first_attempt(tmp_path_factory, name):
    """Outside the slot, which a retry finds clean."""
    path = Path(tmp_path_factory.getbasetemp()) / name
    first = not path.exists()
    path.touch()
    return first


def test_a_transaction_meets_another(connection, tmp_path_factory):
    rows = connection.execute("SELECT to_regclass('leftover')").fetchone()
    assert rows == (None,), "the second attempt sees what the first one left"
    connection.execute("CREATE TABLE leftover (id integer)")
    if is_first_attempt(tmp_path_factory, "serialization"):
        connection.execute("DO $$ BEGIN RAISE EXCEPTION 'could not serialize' USING ERRCODE = '40001'; END $$")


def test_a_sum_is_wrong(connection):
    assert connection.execute("SELECT 1 + 1").fetchone() == (3,)


@pytest.mark.flaky(reruns=3, reruns_delay=0.1)
def test_a_device_answers_the_second_time(tmp_path_factory):
    if is_first_attempt(tmp_path_factory, "device"):
        raise RuntimeError("no answer")


def test_steady():
    assert True
