"""Breaks the rule "no shared rows": a test writes into the slot of another worker."""

import os

import psycopg
import pytest


@pytest.fixture
def connection():
    with psycopg.connect(os.environ["TEST_DATABASE_URL"]) as connection:
        yield connection


def test_writes_into_another_slot(connection):
    worker = os.environ["PYTEST_XDIST_WORKER"]
    other = "gw1" if worker == "gw0" else "gw0"
    connection.execute(f"INSERT INTO {other}.orders VALUES (1)")


def test_writes_into_another_slot_and_takes_no_notice(connection):
    with pytest.raises(psycopg.Error):
        connection.execute("INSERT INTO master.orders VALUES (1)")


@pytest.mark.crosses_slots
def test_means_to_be_refused(connection):
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute("SELECT * FROM master.orders")


def test_writes_into_its_own_slot(connection):
    connection.execute("CREATE TABLE orders (id integer)")
    connection.execute("INSERT INTO orders VALUES (1)")
