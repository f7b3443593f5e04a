"""Plain pytest on a real server, without the runner: slots for workers, databases for tests, and what stays behind."""

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import psycopg
import pytest
from project_folder import LEAN, make_environ

from runner.plugin import ownership
from runner.plugin.server import Server
from runner.plugin.worker_slots import WorkerSlots

pytestmark = [pytest.mark.engine, pytest.mark.regression, pytest.mark.xdist_group("server")]

PASSWORD = "p@ss/word"
QUOTED = "p%40ss%2Fword"

CONFTEST = """
import json, os, pathlib

WORKER = os.environ.get("PYTEST_XDIST_WORKER", "master")
NAMES = [name for name in os.environ if name.startswith(("PG", "TEST_DATABASE", "DATABASE", "EPHEMERAL"))]
pathlib.Path(f"environ-{WORKER}.json").write_text(json.dumps({name: os.environ[name] for name in NAMES}))
"""
"""Keeps the environment as it is when a conftest is imported."""

WRITES = """
import os
import psycopg, pytest

@pytest.mark.parametrize("number", range(6))
def test_has_the_place_to_itself(number):
    with psycopg.connect(os.environ["TEST_DATABASE_URL"]) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS mine (pid integer)")
        connection.execute("INSERT INTO mine VALUES (%s)", [os.getpid()])
        pids = {pid for (pid,) in connection.execute("SELECT pid FROM mine")}
    assert pids == {os.getpid()}
"""


@dataclass(frozen=True)
class Plain:
    """A folder with a suite, a database, and the roles that may use it."""

    folder: Path
    superuser: object
    database: str

    def url(self, role, scheme="postgresql"):
        address = self.superuser.address
        return f"{scheme}://{role}:{QUOTED}@{address.host}:{address.port}/{self.database}"

    def start(self, role, tests, *args, **environment):
        (self.folder / "conftest.py").write_text(CONFTEST)
        (self.folder / "test_suite.py").write_text(tests)
        (self.folder / "pytest.ini").write_text("[pytest]\nfilterwarnings = error\n")
        environment = {"TEST_DATABASE_URL": self.url(role), **environment}
        return subprocess.Popen(
            [sys.executable, "-m", "pytest", *LEAN.split(), *args],
            cwd=self.folder,
            env=make_environ(environment),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, role, tests, *args, **environment):
        process = self.start(role, tests, *args, **environment)
        output, _ = process.communicate(timeout=90)
        assert PASSWORD not in output
        return process.returncode, output

    def environ(self, worker):
        return json.loads((self.folder / f"environ-{worker}.json").read_text())

    def execute(self, statement, user=None):
        """Run a statement in the suite's database, as the superuser or as a role."""
        address = self.superuser.address
        user, password = (user, PASSWORD) if user else (address.user, address.password)
        with self.superuser.connect_as(user, password, self.database) as connection:
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def left(self):
        """Databases and schemas beside the suite's own and the server's."""
        databases = self.execute(f"SELECT datname FROM pg_database WHERE datname LIKE '{self.database}_%'")
        return [name for (name,) in databases] + self.schemas()

    def schemas(self):
        found = self.execute("SELECT nspname FROM pg_namespace WHERE nspname !~ '^(pg_|information_schema|public)'")
        return [name for (name,) in found]


@pytest.fixture
def plain(superuser, tmp_path):
    """The database `app` of `maker`, a role that may create databases; `plain` may create schemas, `nobody` nothing."""
    execute = superuser.connection.execute
    for role, right in (("maker", "CREATEDB"), ("stranger", "CREATEDB"), ("plain", ""), ("nobody", "")):
        execute(f"CREATE ROLE {role} LOGIN PASSWORD '{PASSWORD}' {right}")
    execute("CREATE DATABASE app OWNER maker")
    execute("GRANT CREATE ON DATABASE app TO plain")
    # As on a server of a project's own; the tests of slots take it away on theirs.
    for database in ("postgres", "template1"):
        execute(f"GRANT CONNECT ON DATABASE {database} TO PUBLIC")
    made = Plain(tmp_path, superuser, "app")
    made.execute("CREATE TABLE parcels (id integer)", user="maker")
    yield made
    for (name,) in execute("SELECT datname FROM pg_database WHERE datname LIKE 'app%'").fetchall():
        execute(f'DROP DATABASE "{name}" WITH (FORCE)')
    for role in ("maker", "stranger", "plain", "nobody"):
        execute(f"DROP ROLE {role}")


def header(output):
    return next((line for line in output.splitlines() if line.startswith("slots: ")), "")


def test_workers_get_clones_of_the_database(plain):
    code, output = plain.run("maker", WRITES + SEES_PARCELS, "-n", "2", DATABASE_URL=plain.url("maker"))
    assert code == 0, output
    assert header(output) == "slots: a database for each worker, cloned from `app`"
    names = {worker: plain.environ(worker)["PGDATABASE"] for worker in ("gw0", "gw1")}
    for worker, name in names.items():
        assert re.fullmatch(f"app_{worker}_[0-9a-f]{{8}}", name)
        environ = plain.environ(worker)
        assert environ["TEST_DATABASE_URL"] == environ["DATABASE_URL"] == plain.url("maker").replace("/app", f"/{name}")
        assert (environ["PGUSER"], environ["PGPASSWORD"]) == ("maker", PASSWORD)
        assert environ["PGPORT"] == str(plain.superuser.address.port)
    assert plain.environ("master")["TEST_DATABASE_URL"] == plain.url("maker")
    assert plain.left() == []


SEES_PARCELS = """
def test_sees_the_original_tables(db_connection):
    assert db_connection.execute("SELECT count(*) FROM parcels").fetchone() == (0,)
"""

SEES_NO_PARCELS = """
def test_sees_no_original_tables(db_connection):
    assert db_connection.execute("SELECT to_regclass('parcels')").fetchone() == (None,)
"""


def test_a_driver_s_name_in_the_address_stays(plain):
    url = plain.url("maker", "postgresql+psycopg")
    tests = (
        f"import os\ndef test_a(db_connection): assert os.environ['TEST_DATABASE_URL'].startswith({url!r} + '_gw0_')"
    )
    code, output = plain.run("maker", tests, "-n", "1", TEST_DATABASE_URL=url)
    assert code == 0, output


def test_a_database_in_use_is_not_cloned(plain):
    address = plain.superuser.address
    with plain.superuser.connect_as(address.user, address.password, "app"):
        code, output = plain.run("maker", WRITES + SEES_NO_PARCELS, "-n", "2")
    assert code == 0, output
    assert header(output) == "slots: an empty database for each worker: `app` is in use by 1 session"
    assert plain.left() == []


def test_somebody_elses_database_is_not_cloned(plain):
    code, output = plain.run("stranger", WRITES + SEES_NO_PARCELS, "-n", "2")
    assert code == 0, output
    assert header(output) == 'slots: an empty database for each worker: permission denied to copy database "app"'
    assert plain.left() == []


def test_a_role_that_may_create_no_database_gets_schemas(plain):
    code, output = plain.run("plain", WRITES + SEES_NO_PARCELS, "-n", "2", PGOPTIONS="-cjit=off")
    assert code == 0, output
    assert header(output) == "slots: an empty schema in `app` for each worker: permission denied to create database"
    environ = plain.environ("gw1")
    assert environ["PGDATABASE"] == "app"
    assert re.fullmatch(r"-cjit=off -csearch_path=gw1_[0-9a-f]{8}", environ["PGOPTIONS"])
    assert plain.left() == []


def test_in_a_schema_extensions_are_reached_where_no_table_would_be_shared(plain):
    tests = "def test_a(db_connection): db_connection.execute('SELECT gen_salt($$md5$$)')"
    plain.execute("CREATE SCHEMA tools; CREATE EXTENSION pgcrypto SCHEMA tools; GRANT USAGE ON SCHEMA tools TO PUBLIC")
    code, output = plain.run("plain", tests, "-n", "1")
    assert code == 0, output
    plain.execute("CREATE TABLE tools.theirs ()")
    code, output = plain.run("plain", tests, "-n", "1")
    assert code == 1
    assert "function gen_salt(unknown) does not exist" in output


def test_a_role_without_rights_shares_the_database_and_is_told(plain):
    tests = "import os\ndef test_a(): assert os.environ['TEST_DATABASE_URL'].endswith('/app')"
    code, output = plain.run("nobody", tests, "-n", "2")
    assert code == 0, output
    hint = "grant the role CREATEDB, or set EPHEMERAL_RUNNER_SLOTS=off if the suite isolates its workers itself"
    assert header(output) == f"slots: none, all workers share `app`: permission denied for database app; hint: {hint}"


@pytest.mark.parametrize(
    ("change", "cause"),
    [
        ((QUOTED, "hush"), 'password authentication failed for user "maker"'),
        (("/app", "/absent"), 'database "absent" does not exist'),
        (("postgresql://", ""), "the address is no `postgresql://` URL"),
        (("postgresql://", "sqlite://"), "the address is no `postgresql://` URL"),
    ],
)
def test_an_address_that_leads_nowhere_is_left_alone(plain, change, cause):
    given = plain.url("maker").replace(*change)
    tests = f"import os\ndef test_a(): assert os.environ['TEST_DATABASE_URL'] == {given!r}"
    code, output = plain.run("maker", tests, "-n", "1", TEST_DATABASE_URL=given)
    assert code == 0, output
    hint = "hint: check the address, the server and psycopg"
    assert header(output) == f"slots: none, all workers share TEST_DATABASE_URL: {cause}; {hint}"
    assert given not in output


@pytest.mark.parametrize(("args", "environment"), [((), {}), (("-n", "1"), {"EPHEMERAL_RUNNER_SLOTS": "off"})])
def test_without_workers_and_when_switched_off_nothing_changes(plain, args, environment):
    tests = "import os\ndef test_a(): assert os.environ['TEST_DATABASE_URL'].endswith('/app')"
    code, output = plain.run("maker", tests, *args, **environment)
    assert code == 0, output
    assert header(output) == ""


def test_workers_of_a_pytest_that_a_test_starts_share_its_slot(plain):
    code, output = plain.run("maker", NESTED, "-n", "1")
    assert code == 0, output
    assert plain.left() == []


NESTED = """
import os, subprocess, sys

INNER = '''
import os, pytest
@pytest.mark.parametrize("n", range(4))
def test_inner(n): assert os.environ["TEST_DATABASE_URL"] == {!r}
'''

def test_outer(tmp_path):
    (tmp_path / "test_inner.py").write_text(INNER.format(os.environ["TEST_DATABASE_URL"]))
    command = [sys.executable, "-m", "pytest", "-n", "2", "-p", "no:cacheprovider", "test_inner.py"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout
    assert "slots:" not in done.stdout
"""

CRASHES = """
import os, signal
import psycopg, pytest

@pytest.mark.parametrize("number", range(6))
def test_a(number):
    with psycopg.connect(os.environ["TEST_DATABASE_URL"]) as connection:
        connection.execute(f"CREATE TABLE IF NOT EXISTS pid_{os.getpid()} ()")
        made = connection.execute("SELECT tablename FROM pg_tables WHERE tablename LIKE 'pid%'").fetchall()
    assert made == [(f"pid_{os.getpid()}",)]
    if number == 2:
        os.kill(os.getpid(), signal.SIGKILL)
"""


def test_the_slots_of_crashed_workers_are_dropped_and_their_replacements_get_new_ones(plain):
    code, output = plain.run("maker", CRASHES, "-n", "2")
    assert code == 1
    assert re.search(r"1 failed, 5 passed", output), output
    assert plain.left() == []


WAITS = """
import pathlib, time

def test_a(fresh_database):
    pathlib.Path("there").touch()
    time.sleep(60)
"""


@pytest.mark.parametrize("role", ["maker", "plain"])
def test_what_a_killed_session_leaves_the_next_one_drops(plain, role):
    tests = WAITS if role == "maker" else WAITS.replace("fresh_database", "")
    process = plain.start(role, tests, "-n", "1")
    with process:
        while not (plain.folder / "there").exists():
            assert process.poll() is None
        assert len(plain.left()) == (2 if role == "maker" else 1)
        # Another session at the same time keeps its hands off what lives.
        before = plain.left()
        assert plain.run(role, "def test_a(): pass", "-n", "1")[0] == 0
        assert plain.left() == before
        process.kill()
    assert plain.left() == before
    code, output = plain.run(role, "def test_a(): pass", "-n", "1")
    assert code == 0, output
    assert plain.left() == []


def test_databases_of_others_stay_whatever_their_comment_says(plain):
    with subprocess.Popen(["sleep", "60"]) as process:
        dead, other = (ownership.make_mark(of, process.pid) for of in ("app", "another"))
        process.kill()
    for name, mark in (
        ("app_dead", dead),
        ("app_other", other),
        ("app_plain", "ephemeral-runner"),
        ("app_foreign", dead),
    ):
        plain.superuser.connection.execute(
            f"CREATE DATABASE {name} OWNER {'stranger' if 'foreign' in name else 'maker'}"
        )
        plain.superuser.connection.execute(
            psycopg.sql.SQL("COMMENT ON DATABASE {} IS {}").format(psycopg.sql.Identifier(name), mark)
        )
    Server(plain.url("maker"), os.getpid()).sweep()
    assert sorted(plain.left()) == ["app_foreign", "app_other", "app_plain"]


FRESH = """
import psycopg, pytest

@pytest.mark.parametrize("number", range(3))
def test_passes(db_connection, fresh_database, number):
    with psycopg.connect(fresh_database) as connection:
        assert connection.execute("SELECT count(*) FROM parcels").fetchone() == (0,)
        connection.execute("INSERT INTO parcels VALUES (1)")

def test_leaves_a_session_open(fresh_database):
    global CONNECTION
    CONNECTION = psycopg.connect(fresh_database)

def test_fails(fresh_database):
    assert False
"""
NAME = "app_gw0_[0-9a-f]{6}_db5"


def test_a_fresh_database_is_a_clone_that_is_dropped_unless_its_test_fails(plain):
    code, output = plain.run("maker", FRESH, "-n", "1")
    assert "1 failed, 4 passed" in output, output
    drop = """drop it with psql "\\$TEST_DATABASE_URL" -c 'DROP DATABASE "{}"', or the next session does"""
    found = re.search(f"^kept: database ({NAME}); {drop.format(NAME)}$", output, re.MULTILINE)
    assert found, output
    assert plain.left() == [found[1]]
    code, output = plain.run("maker", "def test_a(): pass", "-n", "1")
    assert code == 0, output
    assert plain.left() == []


def test_without_workers_a_fresh_database_is_cloned_while_nobody_uses_the_original(plain):
    tests = """
import psycopg

def test_a(fresh_database):
    psycopg.connect(fresh_database).close()

def test_b(db_connection, fresh_database): pass

def test_c(fresh_database): pass
"""
    code, output = plain.run("maker", tests)
    assert code == 1
    assert "2 passed, 1 error" in output, output
    cause = "`app` is in use by 1 session; hint: close the sessions first, or run with `-n 1`"
    assert f"\nno database of its own for the test: {cause}\n" in output
    assert plain.left() == []


@pytest.mark.parametrize("args", [(), ("-n", "1")])
def test_a_role_that_may_create_no_database_gets_no_fresh_ones(plain, args):
    code, output = plain.run("plain", "def test_a(fresh_database): pass", *args)
    assert code == 1
    cause = "the role may not create databases; hint: grant it CREATEDB"
    assert f"\nno database of its own for the test: {cause}\n" in output


CONNECTION = """
import psycopg, pytest

def count(connection):
    return connection.execute("SELECT count(*) FROM parcels").fetchone()[0]

def test_begins_a_transaction(db_connection):
    assert not db_connection.autocommit
    db_connection.execute("INSERT INTO parcels VALUES (1)")
    assert count(db_connection) == 1

def test_finds_nothing_of_the_test_before(db_connection):
    assert count(db_connection) == 0
    db_connection.execute("LOCK TABLE parcels")

def test_leaves_an_error(db_connection):
    db_connection.execute("INSERT INTO parcels VALUES (1)")
    with pytest.raises(psycopg.errors.SyntaxError):
        db_connection.execute("nonsense")

def test_closes_it(db_connection):
    db_connection.execute("INSERT INTO parcels VALUES (1)")
    db_connection.close()

def test_leaves_a_transaction_block_open(db_connection):
    global BLOCK
    BLOCK = db_connection.transaction()
    BLOCK.__enter__()
    db_connection.execute("LOCK TABLE parcels")

def test_has_its_session_ended_by_the_server(db_connection):
    with psycopg.connect(PLACE, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s)", [db_connection.info.backend_pid])

def test_commits(db_connection):
    db_connection.execute("SET lock_timeout = '2s'")
    db_connection.execute("INSERT INTO parcels VALUES (1)")
    db_connection.commit()

def test_finds_what_was_committed(db_connection):
    assert count(db_connection) == 1
"""


def test_a_connection_is_rolled_back_and_closed_whatever_the_test_did(plain):
    code, output = plain.run("maker", CONNECTION.replace("PLACE", repr(plain.url("maker"))))
    assert code == 0, output
    assert "8 passed" in output


@pytest.mark.performance
def test_what_a_slot_costs(plain):
    began = perf_counter()
    slots = WorkerSlots(plain.url("maker"), os.getpid())
    chosen = slots.choose()
    first = perf_counter() - began
    assert chosen == "a database for each worker, cloned from `app`"
    began = perf_counter()
    for number in range(1, 5):
        slots.make(f"gw{number}")
    each = (perf_counter() - began) / 4
    began = perf_counter()
    assert slots.drop_all() == []
    dropped = (perf_counter() - began) / 5
    assert plain.left() == []
    print(f"first slot {first * 1000:.0f} ms, each other {each * 1000:.0f} ms, dropped {dropped * 1000:.0f} ms each")
