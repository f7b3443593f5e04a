"""A worker that dies in the middle leaves nothing to the worker that replaces it."""

import os

import psycopg
import pytest
from sqlalchemy import Engine, inspect

from orders.models import Base

pytestmark = pytest.mark.crash

# A key that no other test uses, because the tables are deliberately not emptied before.
KEY = 4711


@pytest.fixture
def crashing(tmp_path_factory: pytest.TempPathFactory) -> bool:
    """Tell whether this is a worker and no worker of the run has crashed yet."""
    if "PYTEST_XDIST_WORKER" not in os.environ:
        return False
    # Workers share only the parent of their base directories. With --dist=loadscope the replacement gets the crashed
    # test once more, and if it crashed as well, the tests after it would never run.
    flag = tmp_path_factory.getbasetemp().parent / "worker-has-crashed"
    try:
        flag.touch(exist_ok=False)
    except FileExistsError:
        return False
    return True


def test_worker_dies_after_a_commit(migrated_engine: Engine, crashing: bool) -> None:
    with psycopg.connect(os.environ["TEST_DATABASE_URL"], autocommit=True) as connection:
        connection.execute("CREATE TABLE crash_marker (id integer PRIMARY KEY)")
        connection.execute("INSERT INTO crash_marker VALUES (1)")
        connection.execute("INSERT INTO customers (id, email, name) VALUES (%s, 'crash@example.com', 'Ada')", [KEY])
        if crashing:
            os._exit(17)
        connection.execute("DROP TABLE crash_marker")
        connection.execute("DELETE FROM customers WHERE id = %s", [KEY])


def test_table_of_the_dead_worker_is_not_visible() -> None:
    with psycopg.connect(os.environ["TEST_DATABASE_URL"]) as connection:
        assert connection.execute("SELECT to_regclass('crash_marker')").fetchone() == (None,)


def test_row_of_the_dead_worker_is_not_visible(migrated_engine: Engine) -> None:
    with psycopg.connect(os.environ["TEST_DATABASE_URL"]) as connection:
        assert connection.execute("SELECT email FROM customers WHERE id = %s", [KEY]).fetchall() == []


def test_schema_holds_only_tables_of_the_application(migrated_engine: Engine) -> None:
    assert set(inspect(migrated_engine).get_table_names()) == {*Base.metadata.tables, "alembic_version"}


def test_key_of_the_dead_worker_is_free(database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute("INSERT INTO customers (id, email, name) VALUES (%s, 'ada@example.com', 'Ada')", [KEY])
    with psycopg.connect(database_url) as connection:
        assert connection.execute("SELECT id, email FROM customers").fetchall() == [(KEY, "ada@example.com")]


def test_user_is_the_one_given_to_this_worker() -> None:
    with psycopg.connect(os.environ["TEST_DATABASE_URL"]) as connection:
        assert connection.execute("SELECT current_user").fetchone() == (os.environ["PGUSER"],)
