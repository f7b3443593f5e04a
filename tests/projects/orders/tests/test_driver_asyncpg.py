"""Rows with fixed keys through asyncpg."""

import asyncio
import os
from collections.abc import AsyncIterator

import asyncpg
import pytest
import pytest_asyncio

pytestmark = pytest.mark.regression

PAUSE = 0.02


@pytest_asyncio.fixture
async def connection(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    """Return a connection to the empty database."""
    connection = await asyncpg.connect(database_url)
    yield connection
    await connection.close()


@pytest.mark.parametrize("round_number", range(5))
async def test_insert_is_the_only_row(connection: asyncpg.Connection, round_number: int) -> None:
    name = f"{os.getpid()} asyncpg {round_number}"
    async with connection.transaction():
        await connection.execute("INSERT INTO customers (id, email, name) VALUES (1, 'ada@example.com', $1)", name)
        await asyncio.sleep(PAUSE)
    await asyncio.sleep(PAUSE)
    assert [tuple(row) for row in await connection.fetch("SELECT id, name FROM customers")] == [(1, name)]


async def test_pool_reaches_the_same_rows(connection: asyncpg.Connection, database_url: str) -> None:
    await connection.execute("INSERT INTO customers (id, email, name) VALUES (1, 'ada@example.com', 'Ada')")
    async with asyncpg.create_pool(database_url, min_size=2, max_size=2) as pool:
        names = await asyncio.gather(*(pool.fetchval("SELECT name FROM customers WHERE id = 1") for _ in range(4)))
    assert names == ["Ada"] * 4


async def test_failed_transaction_leaves_nothing(connection: asyncpg.Connection) -> None:
    insert = "INSERT INTO customers (id, email, name) VALUES (1, $1, 'Ada')"
    transaction = connection.transaction()
    await transaction.start()
    await connection.execute(insert, "ada@example.com")
    with pytest.raises(asyncpg.UniqueViolationError):
        await connection.execute(insert, "other@example.com")
    await transaction.rollback()
    assert await connection.fetchval("SELECT count(*) FROM customers") == 0


async def test_user_is_the_given_one(connection: asyncpg.Connection) -> None:
    assert await connection.fetchval("SELECT current_user") == os.environ["PGUSER"]
