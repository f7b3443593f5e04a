"""Rows with fixed keys through psycopg, the synchronous way."""

import os
import time

import psycopg
import pytest
from psycopg.rows import dict_row

pytestmark = pytest.mark.regression

# Long enough for another worker to get in between if it shared the tables.
PAUSE = 0.02


@pytest.mark.parametrize("round_number", range(5))
def test_insert_is_the_only_row(database_url: str, round_number: int) -> None:
    name = f"{os.getpid()} psycopg {round_number}"
    with psycopg.connect(database_url) as connection:
        connection.execute("INSERT INTO customers (id, email, name) VALUES (1, 'ada@example.com', %s)", [name])
        time.sleep(PAUSE)
    time.sleep(PAUSE)
    with psycopg.connect(database_url) as connection:
        assert connection.execute("SELECT id, name FROM customers").fetchall() == [(1, name)]


def test_copy_fills_the_table(database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        with connection.cursor().copy("COPY products (id, sku, name, unit_price) FROM STDIN") as copy:
            for number in range(1, 101):
                copy.write_row((number, f"SKU{number}", "Cup", "1.50"))
        time.sleep(PAUSE)
    with psycopg.connect(database_url, row_factory=dict_row) as connection:
        row = connection.execute("SELECT count(*) AS products, sum(unit_price) AS value FROM products").fetchone()
    assert row is not None
    assert (row["products"], str(row["value"])) == (100, "150.00")


def test_rollback_leaves_nothing(database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute("INSERT INTO customers (id, email, name) VALUES (1, 'ada@example.com', 'Ada')")
        connection.rollback()
        assert connection.execute("SELECT count(*) FROM customers").fetchone() == (0,)


def test_duplicate_key_is_refused(database_url: str) -> None:
    insert = "INSERT INTO customers (id, email, name) VALUES (1, %s, 'Ada')"
    with psycopg.connect(database_url) as connection:
        connection.execute(insert, ["ada@example.com"])
    with (
        psycopg.connect(database_url) as connection,
        pytest.raises(psycopg.errors.UniqueViolation, match="pk_customers"),
    ):
        connection.execute(insert, ["other@example.com"])
