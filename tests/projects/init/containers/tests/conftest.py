"""A suite that starts its Postgres in a container."""

import psycopg
import pytest
from testcontainers.postgres import PostgresContainer


@pytest.fixture(scope="session")
def postgres():
    with PostgresContainer("postgres:16", username="shop", password="secret", dbname="shop", driver=None) as container:
        yield container


@pytest.fixture
def connection(postgres):
    with psycopg.connect(postgres.get_connection_url()) as inside:
        yield inside
