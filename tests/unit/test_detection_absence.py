"""Projects without anything of Postgres: what is a sign of it, and what is left of the settings without one."""

import pytest

from runner.core.detection.detectors import detect
from runner.core.snapshot import Snapshot

pytestmark = pytest.mark.unit

TESTS = {"tests/test_a.py": "def test_a(): ...\n"}


def make(texts, *names, **pyproject):
    return Snapshot(pyproject, frozenset({*TESTS, *texts, *names}), TESTS | texts)


def depend(*names):
    return {"project": {"dependencies": ["pytest", *names]}}


def test_a_project_that_knows_no_postgres_has_no_database():
    detected = detect(make({"app.py": "import sqlite3\n"}, **depend("sqlalchemy", "pytest-mock")))
    assert detected.settings == {"database": False}
    assert next(each.found for each in detected.findings if each.subject == "database").startswith("none")


def test_where_nobody_says_what_is_installed_a_driver_may_be():
    assert "database" not in detect(make({"app.py": "import sqlite3\n"})).settings


def test_a_project_without_tests_may_still_get_some():
    assert "database" not in detect(Snapshot(depend("flask"), frozenset({"app.py"}), {})).settings


@pytest.mark.parametrize(
    "name", ["psycopg2-binary", "asyncpg", "aiopg", "pgvector", "django-pghistory", "testcontainers"]
)
def test_a_requirement_is_a_sign(name):
    assert "database" not in detect(make({}, **depend("sqlalchemy", name))).settings


@pytest.mark.parametrize(
    "texts",
    [
        {"tests/conftest.py": "import psycopg\n"},
        {"tests/conftest.py": "def pg():\n    from pg8000 import dbapi\n"},
        {"tests/conftest.py": 'run(["psql", "-c", "SELECT 1"])'},
        {"app/settings.py": 'URL = "postgresql://localhost/shop"'},
        {"tests/conftest.py": 'URL = "postgresql://me@localhost/shop"'},
        {"app/settings.py": 'import os\nHOST = os.getenv("POSTGRES_HOST")\n'},
        {"tests/test_b.py": 'def test_b(c): c.execute("CREATE EXTENSION hstore")'},
        {".github/workflows/a.yml": "jobs:\n  a:\n    services:\n      db:\n        image: postgres:16\n"},
    ],
)
def test_code_and_ci_are_signs(texts):
    assert "database" not in detect(make(texts, **depend())).settings


def test_what_a_text_or_a_dialect_says_is_no_sign():
    texts = {"tests/test_b.py": 'def test_b():\n    """Like psycopg."""\n    create_mock_engine("postgresql://")\n'}
    assert detect(make(texts, **depend())).settings["database"] is False


def test_an_address_that_any_database_may_have_is_left_to_its_default():
    texts = {"app.py": 'import os\nURL = os.getenv("SHOP_DATABASE_URL", "sqlite://")\nMODE = os.environ["MODE"]\n'}
    ci = "jobs:\n  a:\n    steps:\n      - run: pytest\n        env: {MODE: test}\n"
    detected = detect(make(texts | {".github/workflows/a.yml": ci}, **depend("sqlalchemy")))
    assert detected.settings == {"environment": {"MODE": "test"}, "database": False}


def test_django_without_a_driver_has_none_either():
    texts = {"manage.py": "import os\n", "shop/settings.py": 'DATABASES = {"default": {"ENGINE": "sqlite3"}}'}
    settings = detect(make(texts, **depend("django", "pytest-django"))).settings
    assert settings["database"] is False
    assert "isolation" not in settings


def test_servers_of_the_tests_own_leave_nothing_of_the_run_s():
    texts = {"tests/test_b.py": 'def test_b(postgresql): postgresql.execute("CREATE DATABASE x")'}
    settings = detect(make(texts, **depend("pytest-postgresql"))).settings
    assert settings.keys() == {"database", "packages", "pytest_args"}
