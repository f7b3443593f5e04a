"""Rows with fixed keys through psycopg, the asynchronous way."""

import asyncio
import os

import psycopg
import pytest

pytestmark = pytest.mark.regression

PAUSE = 0.02


@pytest.mark.parametrize("round_number", range(5))
async def test_insert_is_the_only_row(database_url: str, round_number: int) -> None:
    name = f"{os.getpid()} psycopg async {round_number}"
    async with await psycopg.AsyncConnection.connect(database_url) as connection:
        await connection.execute("INSERT INTO customers (id, email, name) VALUES (1, 'ada@example.com', %s)", [name])
        await asyncio.sleep(PAUSE)
    await asyncio.sleep(PAUSE)
    async with await psycopg.AsyncConnection.connect(database_url) as connection:
        cursor = await connection.execute("SELECT id, name FROM customers")
        assert await cursor.fetchall() == [(1, name)]


async def test_connections_work_side_by_side(database_url: str) -> None:
    async def insert(number: int) -> None:
        async with await psycopg.AsyncConnection.connect(database_url) as connection:
            await connection.execute(
                "INSERT INTO products (id, sku, name, unit_price) VALUES (%s, %s, 'Cup', 1)", [number, f"SKU{number}"]
            )
            await asyncio.sleep(PAUSE)

    await asyncio.gather(*(insert(number) for number in range(1, 5)))
    async with await psycopg.AsyncConnection.connect(database_url) as connection:
        cursor = await connection.execute("SELECT array_agg(id ORDER BY id) FROM products")
        assert await cursor.fetchone() == ([1, 2, 3, 4],)


async def test_uncommitted_row_is_invisible_to_others(database_url: str) -> None:
    async with (
        await psycopg.AsyncConnection.connect(database_url) as writer,
        await psycopg.AsyncConnection.connect(database_url) as reader,
    ):
        await writer.execute("INSERT INTO customers (id, email, name) VALUES (1, 'ada@example.com', 'Ada')")
        cursor = await reader.execute("SELECT count(*) FROM customers")
        assert await cursor.fetchone() == (0,)
