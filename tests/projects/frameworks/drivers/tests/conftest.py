"""One connection for each driver, made from what the environment says in that driver's own way."""

import os

import asyncpg
import pg8000.dbapi
import psycopg2
import pytest
import pytest_asyncio


@pytest.fixture(params=["psycopg2", "pg8000"])
def connection(request):
    if request.param == "psycopg2":
        made = psycopg2.connect(os.environ["POSTGRES_DSN"])
    else:
        made = pg8000.dbapi.connect(
            user=os.environ["DB_USER"],
            password=os.environ["DB_PASSWORD"],
            host=os.environ.get("DB_HOST", "localhost"),
            port=int(os.environ.get("DB_PORT", "5432")),
            database=os.environ["DB_NAME"],
        )
    yield made
    made.close()


@pytest_asyncio.fixture
async def pool():
    async with asyncpg.create_pool(os.environ["POSTGRES_DSN"], min_size=1, max_size=2) as made:
        yield made
