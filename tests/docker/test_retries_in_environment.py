"""Retries that meet what a failed attempt left open: locks, settings, large objects, sessions of the module."""

import json
from pathlib import Path

import pytest
from commands import Make, run

pytestmark = [pytest.mark.engine, pytest.mark.e2e, pytest.mark.xdist_group("retries")]

TESTS = """
import os, pathlib, psycopg, pytest

KEPT = []
POOL = psycopg.connect(os.environ["TEST_DATABASE_URL"], autocommit=True)

def fail_first(tmp_path_factory, request):
    flag = pathlib.Path(tmp_path_factory.getbasetemp()) / request.node.name
    if not flag.exists():
        flag.touch()
        raise psycopg.errors.SerializationFailure("could not serialize")

@pytest.fixture(scope="session")
def migrated(db_url):
    with psycopg.connect(db_url, autocommit=True) as connection:
        connection.execute("CREATE TABLE migrated (id integer PRIMARY KEY)")
        yield connection

def test_a_lock_in_a_transaction_that_is_left_open(migrated, db_url, tmp_path_factory, request):
    KEPT.append(psycopg.connect(db_url))
    KEPT[-1].execute("LOCK TABLE item IN ACCESS EXCLUSIVE MODE")
    KEPT[-1].execute("LOCK TABLE migrated IN ACCESS EXCLUSIVE MODE")
    fail_first(tmp_path_factory, request)
    KEPT[-1].close()

def test_rows_tables_settings_large_objects_and_advisory_locks(migrated, db_url, tmp_path_factory, request):
    KEPT.append(psycopg.connect(db_url, autocommit=True))
    KEPT[-1].execute("SET lock_timeout = '3s'")
    KEPT[-1].execute("SELECT pg_advisory_lock(7)")
    KEPT[-1].execute("SELECT lo_create(4711)")
    KEPT[-1].execute("INSERT INTO item VALUES (2), (3)")
    KEPT[-1].execute("CREATE TABLE more ()")
    KEPT[-1].execute("ALTER ROLE CURRENT_USER SET work_mem = '1MB'")
    KEPT[-1].execute("ALTER ROLE CURRENT_USER PASSWORD 'other'")
    fail_first(tmp_path_factory, request)
    KEPT[-1].close()

def test_a_session_that_does_nothing_survives(migrated, tmp_path_factory, request):
    assert POOL.execute("SELECT count(*) FROM item").fetchone() == (3,) or request.node.execution_count == 2
    fail_first(tmp_path_factory, request)
    assert POOL.execute("SELECT count(*) FROM item").fetchone() == (1,)
    assert POOL.execute("SELECT count(*) FROM migrated").fetchone() == (0,)
    assert POOL.execute("SELECT to_regclass('more')").fetchone() == (None,)

def test_a_fresh_database_that_a_failed_test_keeps_locked(fresh_database):
    KEPT.append(psycopg.connect(fresh_database))
    KEPT[-1].execute("LOCK TABLE item IN ACCESS EXCLUSIVE MODE")
    assert not KEPT

@pytest.mark.parametrize("number", range(4))
def test_others_get_theirs_in_time(fresh_database, number):
    with psycopg.connect(fresh_database) as connection:
        assert connection.execute("SELECT count(*) FROM item").fetchone() == (1,)
"""

SCHEMA = "CREATE TABLE item (id integer PRIMARY KEY); INSERT INTO item VALUES (1);"


@pytest.mark.parametrize("isolation", ["schema", "database"])
def test_whatever_an_attempt_leaves_open_the_next_one_starts_clean(make_project: Make, isolation: str) -> None:
    settings = f'setup = ["schema.sql"]\nisolation = "{isolation}"\nretry_budget = 1\nreruns_delay = 0'
    project = make_project({"schema.sql": SCHEMA, "test_a.py": TESTS}, settings)
    ended = run(project, "run", "-n", "1", "--json", timeout=120)
    summary = json.loads(ended.stdout)
    assert summary["tests"] == {"rerun": 3, "passed": 7, "failed": 1}, ended.stderr
    folder = Path(summary["results"]) / "failures"
    kept = [path.read_text() for path in folder.glob("*/attempt-*.sql")]
    # What a transaction has locked comes from that transaction.
    kept += ["".join(path.read_text() for path in folder.glob("*/gw0_1_db*.sql"))]
    assert len(kept) == 4
    assert all("CREATE TABLE" in text for text in kept), kept
    assert ended.seconds < 60


def test_a_damaged_snapshot_is_as_none(make_project: Make) -> None:
    project = make_project(
        {"schema.sql": SCHEMA, "test_a.py": "def test_a(db_connection): db_connection.execute('SELECT * FROM item')\n"},
        'setup = ["schema.sql"]',
    )
    assert run(project, "run", CI="").exit_code == 0
    (snapshot,) = (project / ".runner" / "snapshots").iterdir()
    snapshot.write_bytes(snapshot.read_bytes()[:-300])
    again = run(project, "run", CI="")
    assert again.exit_code == 0, again.stderr
    assert "commands run: 1" in again.stderr
    assert "nothing to run" in run(project, "run", CI="").stderr
