"""The state of failed tests through the real engine: what is kept, when, and what it costs nobody."""

import json
from pathlib import Path

import pytest
from commands import Make, run

from runner.report.failures import Kept, read_failures

pytestmark = [pytest.mark.engine, pytest.mark.e2e, pytest.mark.xdist_group("kept")]

SCHEMA = "CREATE TABLE item (id integer PRIMARY KEY, name text);"

IN_THE_MIDDLE = """
import pytest
from orders.models import Customer

@pytest.fixture
def guest(session_factory):
    with session_factory.begin() as session:
        session.add(Customer(name="Guest", email="guest@example.org"))
    yield
    with session_factory.begin() as session:
        session.query(Customer).delete()

def test_in_the_middle(guest, session, session_factory):
    session.add(Customer(name="Open", email="open@example.org"))
    session.flush()
    with session_factory.begin() as other:
        other.add(Customer(name="Committed", email="committed@example.org"))
    assert session.query(Customer).count() == 2
"""


def find(summary: dict, name: str = "") -> Kept:
    found = [each for each in read_failures(Path(summary["results"])) if name in each.failure.test]
    assert len(found) == 1, [each.failure.test for each in found]
    return found[0]


@pytest.mark.parametrize("isolation", ["schema", "database"])
def test_a_test_that_fails_in_the_middle_of_its_work_keeps_what_it_saw(orders: Path, isolation: str) -> None:
    (orders / "tests" / "test_middle.py").write_text(IN_THE_MIDDLE)
    ended = run(orders, "run", "tests/test_middle.py", "-n", "2", "--isolation", isolation, "--json")
    assert ended.exit_code == 1, ended.stderr
    kept = find(json.loads(ended.stdout))
    assert (kept.failure.isolation, kept.failure.phase, kept.failure.problems) == (isolation, "call", [])
    state, overlay = kept.scripts["state.sql"], kept.scripts["transaction.sql"]
    assert "guest@example.org" in state, "rows of a fixture are kept before it removes them"
    assert "committed@example.org" in state
    assert "open@example.org" not in state
    assert "open@example.org" in overlay
    statements = kept.read("statements.log")
    assert "INSERT INTO customers" in statements
    assert "Committed" in statements
    assert "ephemeral-runner" not in statements
    assert "assert" in kept.read("traceback.txt")
    (line,) = json.loads(ended.stdout)["kept"]
    assert line.startswith(f"failures/{kept.folder.name}: `runner shell --failed")
    assert f"  kept      {line}" in ended.stderr


TESTS = """
import os, psycopg, pytest

@pytest.mark.parametrize("x", ["a/b", "[1]", "two words", "\\U0001f600"])
def test_odd(x, db_url):
    with psycopg.connect(db_url, autocommit=True) as connection:
        connection.execute("INSERT INTO item VALUES (1, %s) ON CONFLICT (id) DO UPDATE SET name = excluded.name", [x])
    assert not x

@pytest.mark.xfail
def test_expected():
    assert 0

def test_secrets(db_url):
    print("said", os.environ["API_TOKEN"], "AKIAIOSFODNN7EXAMPLE")
    with psycopg.connect(db_url, autocommit=True) as connection:
        connection.execute("INSERT INTO item VALUES (7, %s)", [os.environ["API_TOKEN"]])
        with connection.transaction(force_rollback=True):
            connection.execute("ALTER ROLE CURRENT_USER PASSWORD 'a-secret-of-sql'")
    raise ValueError(f"postgresql://user:pass-of-url@host/db {os.environ['API_TOKEN']}")

def test_fresh(fresh_database):
    with psycopg.connect(fresh_database, autocommit=True) as connection:
        connection.execute("INSERT INTO item VALUES (8, 'of a fresh database')")
    KEEP.append(psycopg.connect(fresh_database))
    KEEP[-1].execute("INSERT INTO item VALUES (10, 'left open')")
    assert 0

KEEP = []
"""


def test_odd_names_secrets_and_databases_of_single_tests(make_project: Make) -> None:
    project = make_project(
        {"schema.sql": SCHEMA, "test_a.py": TESTS},
        'setup = ["schema.sql"]\npass_environment = ["API_TOKEN"]',
    )
    secret = "planted-Secret-4711"
    ended = run(project, "run", "-n", "2", "--json", API_TOKEN=secret)
    summary = json.loads(ended.stdout)
    assert summary["tests"] == {"failed": 6, "xfailed": 1}, ended.stderr
    results = Path(summary["results"])
    kept = {each.failure.test: each for each in read_failures(results)}
    assert len(kept) == 6
    for name, said in {"a/b": "a/b", "[1]": "[1]", "two words": "two words", "U0001f600": "\U0001f600"}.items():
        (one,) = [each for test, each in kept.items() if name in test]
        assert f"VALUES\n\t(1, '{said}')" in one.scripts["state.sql"]
    for path in results.glob("failures/*/*"):
        content = path.read_bytes().decode()
        for each in (secret, "AKIAIOSFODNN7EXAMPLE", "a-secret-of-sql", "pass-of-url"):
            assert each not in content, (path, each)
    secrets = find(summary, "test_secrets")
    assert json.loads(secrets.read("environment.json"))["API_TOKEN"] == "[redacted]"
    assert "ALTER ROLE CURRENT_USER PASSWORD '[redacted]'" in secrets.read("statements.log")
    assert "(7, '[redacted]')" in secrets.scripts["state.sql"]
    fresh = find(summary, "test_fresh")
    (name,) = fresh.failure.databases
    assert "of a fresh database" in fresh.scripts[f"{name}.sql"]
    assert "left open" not in fresh.scripts[f"{name}.sql"]
    assert "left open" in fresh.scripts[f"{name}.transaction.sql"]


MANY = """
import psycopg, pytest

@pytest.mark.parametrize("n", range(4))
def test_many(n, db_url):
    with psycopg.connect(db_url, autocommit=True) as connection:
        connection.execute(f"CREATE TABLE t{n} AS SELECT n, repeat('x', 100) FROM generate_series(1, 20000) n")
    assert 0
"""


def test_a_database_over_the_limit_and_more_failures_than_are_kept(make_project: Make) -> None:
    project = make_project({"test_a.py": MANY}, "kept_megabytes = 4\nkept_failures = 3")
    ended = run(project, "run", "-n", "0", "--json")
    summary = json.loads(ended.stdout)
    kept = read_failures(Path(summary["results"]))
    assert [sorted(each.scripts) for each in kept] == [["state.sql"], [], []]
    assert all((each.folder / "traceback.txt").is_file() for each in kept)
    for each in kept[1:]:
        (problem,) = each.failure.problems
        assert problem.startswith("the database is not kept: it has ")
        assert "of 4 MB (`kept_megabytes`)" in problem
    assert summary["kept"][-1] == "state kept of 3 of 4 failed tests (`kept_failures`)"


CRASH = """
import os, psycopg

def test_crash(db_url):
    psycopg.connect(db_url).execute("CREATE TABLE lost ()")
    os._exit(1)

def test_after(db_url):
    with psycopg.connect(db_url, autocommit=True) as connection:
        connection.execute("CREATE TABLE found ()")
    assert 0
"""


def test_a_worker_that_crashes_keeps_nothing_and_harms_nothing(make_project: Make) -> None:
    ended = run(make_project({"test_a.py": CRASH}), "run", "-n", "1", "--json")
    summary = json.loads(ended.stdout)
    assert summary["tests"] == {"failed": 2}, ended.stderr
    kept = find(summary)
    assert kept.failure.test.endswith("test_after")
    assert "found" in kept.scripts["state.sql"]
    assert "lost" not in kept.scripts["state.sql"]


def test_without_a_database_all_else_is_kept(make_project: Make) -> None:
    tests = "import pytest\n@pytest.mark.unit\ndef test_a():\n    print('said')\n    assert 0\n"
    project = make_project({"test_a.py": tests}, "[tool.runner.groups.unit]\ndatabase = false")
    summary = json.loads(run(project, "run", "-g", "unit", "-n", "0", "--json").stdout)
    kept = find(summary)
    assert (kept.failure.slot, kept.failure.pass_, kept.failure.groups) == ("", "unit", ["unit"])
    assert (dict(kept.scripts), kept.failure.problems) == ({}, [])
    assert "said" in kept.read("output.txt")


RETRIED = """
import psycopg, pytest

@pytest.mark.flaky(reruns=1)
def test_a(db_url, request):
    with psycopg.connect(db_url, autocommit=True) as connection:
        connection.execute(f"CREATE TABLE of_attempt_{request.node.execution_count} ()")
        assert 0
"""


def test_of_several_attempts_the_last_one_s_state_is_kept(make_project: Make) -> None:
    project = make_project({"test_a.py": RETRIED}, "retry_budget = 1\nreruns_delay = 0")
    summary = json.loads(run(project, "run", "-n", "0", "--json").stdout)
    kept = find(summary)
    assert kept.failure.attempt == 2
    assert "of_attempt_2" in kept.scripts["state.sql"]
    assert "of_attempt_1" not in kept.scripts["state.sql"]
    assert "of_attempt_1" in kept.read("attempt-1.sql")


SHARED = """
import psycopg, pytest

@pytest.mark.parametrize("n", range(2))
def test_a(n, db_url):
    with psycopg.connect(db_url, autocommit=True) as connection:
        connection.execute("CREATE DATABASE made_by_a_test") if n == 0 else None
        connection.execute(f"CREATE TABLE t{n} AS SELECT {n}")
        assert 0
"""


@pytest.mark.parametrize("statements", ["all", "none"])
def test_without_isolation_connections_have_the_worker_s_name(make_project: Make, statements: str) -> None:
    project = make_project(
        {"test_a.py": SHARED}, f'isolation = "none"\nkept_statements = "{statements}"\ndist = "load"'
    )
    summary = json.loads(run(project, "run", "-n", "2", "--json").stdout)
    kept = read_failures(Path(summary["results"]))
    assert len(kept) == 2
    for each in kept:
        number = each.failure.test[-2]
        own = f"CREATE TABLE t{number}" in each.read("statements.log")
        assert own is (statements == "all")
        assert f"CREATE TABLE t{1 - int(number)}" not in each.read("statements.log")
        assert f" {each.failure.worker} " in each.read("statements.log") or statements == "none"
    assert any("the database `made_by_a_test`, which tests made" in each.failure.unseen for each in kept)


def test_where_nothing_is_to_be_kept_nothing_is(make_project: Make) -> None:
    project = make_project({"test_a.py": "def test_a(): assert 0\n"}, "kept_failures = 0")
    summary = json.loads(run(project, "run", "-n", "0", "--json").stdout)
    assert summary["kept"] == []
    assert not (Path(summary["results"]) / "failures").exists()
