"""The address comes as an option, which only the command line in CI tells."""

import psycopg
import pytest


def pytest_addoption(parser):
    parser.addoption("--dsn", help="where the database is")


@pytest.fixture
def connection(request):
    with psycopg.connect(request.config.getoption("--dsn")) as connection:
        yield connection
