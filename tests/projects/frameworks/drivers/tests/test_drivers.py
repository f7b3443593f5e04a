"""Every driver has the worker's own tables, and leaves nothing to the next test."""

import os
import unittest

import asyncpg
import psycopg2
import pytest


@pytest.mark.parametrize("number", range(2))
def test_a_table_that_is_not_committed_is_the_connections_own(connection, number):
    cursor = connection.cursor()
    cursor.execute("CREATE TABLE orders (number integer)")
    cursor.execute("INSERT INTO orders VALUES (%s)", (number,))
    cursor.execute("SELECT number FROM orders")
    assert [*map(tuple, cursor.fetchall())] == [(number,)]


@pytest.mark.asyncio
async def test_a_pool(pool):
    assert await pool.fetchval("SELECT current_setting('server_version_num')::int") >= 130000


class OrderTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.connection = psycopg2.connect(os.environ["POSTGRES_DSN"])
        cls.connection.autocommit = True
        cls.connection.cursor().execute("CREATE TABLE shelf (number integer)")

    @classmethod
    def tearDownClass(cls):
        cls.connection.cursor().execute("DROP TABLE shelf")
        cls.connection.close()

    def test_the_table_of_the_class_is_there(self):
        for number in range(2):
            with self.subTest(number=number), self.connection.cursor() as cursor:
                cursor.execute("INSERT INTO shelf VALUES (%s) RETURNING number", [number])
                assert cursor.fetchone() == (number,)


class AsyncOrderTest(unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self):
        self.connection = await asyncpg.connect(os.environ["POSTGRES_DSN"])
        self.addAsyncCleanup(self.connection.close)

    async def test_one_is_one(self):
        assert await self.connection.fetchval("SELECT 1") == 1
