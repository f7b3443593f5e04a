"""The database and the installation that the tests run on are the ones they were given."""

import os
from importlib.metadata import version

import psycopg
import pytest
from alembic.runtime.migration import MigrationContext
from flask.testing import FlaskClient
from sqlalchemy import Engine, make_url, text

from orders import migrate

pytestmark = pytest.mark.smoke


def test_installed_version() -> None:
    assert version("orders") == "1.4.2"


def test_current_user_is_the_given_one(engine: Engine) -> None:
    with engine.connect() as connection:
        assert connection.execute(text("SELECT current_user")).scalar_one() == os.environ["PGUSER"]


def test_current_database_is_the_given_one(engine: Engine) -> None:
    with engine.connect() as connection:
        assert connection.execute(text("SELECT current_database()")).scalar_one() == os.environ["PGDATABASE"]


def test_user_owns_the_schema_or_the_database(engine: Engine) -> None:
    query = text(
        "SELECT pg_get_userbyid(nspowner), pg_get_userbyid(datdba) FROM pg_namespace, pg_database"
        " WHERE nspname = current_schema() AND datname = current_database()"
    )
    with engine.connect() as connection:
        schema_owner, database_owner = connection.execute(query).one()
    assert os.environ["PGUSER"] in (schema_owner, database_owner)


def test_tables_are_in_the_current_schema(engine: Engine) -> None:
    query = text("SELECT schemaname, tableowner FROM pg_tables WHERE tablename = 'order_lines' AND tableowner = :owner")
    with engine.connect() as connection:
        tables = connection.execute(query, {"owner": os.environ["PGUSER"]}).all()
        schema = connection.execute(text("SELECT current_schema()")).scalar_one()
    assert tables == [(schema, os.environ["PGUSER"])]


@pytest.mark.parametrize("variable", ["TEST_DATABASE_URL", "DATABASE_URL", "SQLALCHEMY_URL"])
def test_urls_agree_with_the_parameters(variable: str) -> None:
    url = make_url(os.environ[variable])
    assert (url.username, url.password, url.host, str(url.port), url.database) == tuple(
        os.environ[name] for name in ("PGUSER", "PGPASSWORD", "PGHOST", "PGPORT", "PGDATABASE")
    )


def test_connection_without_arguments_reaches_the_same_rows(database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute("INSERT INTO customers (id, email, name) VALUES (1, 'ada@example.com', 'Ada')")
    with psycopg.connect() as connection:
        assert connection.execute("SELECT id, name FROM customers").fetchall() == [(1, "Ada")]


def test_database_is_at_the_newest_revision(engine: Engine) -> None:
    with engine.connect() as connection:
        assert MigrationContext.configure(connection).get_current_revision() == migrate.head() == "0004"


def test_service_is_healthy(client: FlaskClient) -> None:
    response = client.get("/healthz")
    assert (response.status_code, response.get_json()) == (200, {"status": "ok"})
