"""A server for each slot: what tests do to all of a server is their own, before and after it is restored."""

import json
import time
from pathlib import Path

import docker
import pytest
from commands import NOTHING_LEFT, Make, run, start

from runner.engines.docker.leftovers import list_objects

pytestmark = [pytest.mark.engine, pytest.mark.slow]

SETTINGS = """
isolation = "server"
dist = "load"
reruns_delay = 0
setup = ["schema.sql", "python more.py"]
setup_inputs = ["more.py"]

[tool.runner.postgres]
init_sql = ["CREATE EXTENSION citext", "ALTER DATABASE suite SET extra_float_digits = 2; GRANT pg_monitor TO suite"]
"""

FILES = {
    "schema.sql": "CREATE TABLE item (id integer PRIMARY KEY, name citext); INSERT INTO item VALUES (1, 'Pen');"
    " CREATE ROLE clerk;",
    "more.py": """
import os, psycopg
with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
    assert connection.info.dbname == "suite"
    connection.execute("CREATE DATABASE archive")
""",
    "tests/test_server.py": """
import os, time
from pathlib import Path

import psycopg, pytest

def connect(**changes):
    return psycopg.connect(os.environ["DATABASE_URL"], autocommit=True, **changes)

def look():
    with connect() as connection:
        rows = connection.execute("SELECT count(*) FROM item WHERE name = 'PEN'").fetchone()
        assert connection.execute("SHOW extra_float_digits").fetchone() == ("2",)
        names = [row[0] for row in connection.execute("SELECT datname FROM pg_database ORDER BY 1")]
        roles = [row[0] for row in connection.execute("SELECT rolname FROM pg_roles WHERE rolname !~ '^pg_'")]
        return rows[0], names, sorted(roles), connection.execute("SHOW work_mem").fetchone()[0]

AT_FIRST = (1, ["archive", "postgres", "suite", "template0", "template1"], ["clerk", "postgres", "suite"], "4MB")

def spoil():
    with connect() as connection:
        connection.execute("DROP TABLE item")
        connection.execute("CREATE DATABASE other")
        connection.execute("DROP ROLE clerk")
        connection.execute("ALTER SYSTEM SET work_mem = '1MB'")
        connection.execute("SELECT pg_reload_conf()")
        connection.execute("ALTER ROLE suite PASSWORD 'other'")

@pytest.mark.parametrize("number", range(2))
def test_a_second_attempt_finds_the_server_as_it_was(number, tmp_path_factory):
    flag = Path(tmp_path_factory.getbasetemp()) / f"flag-{number}"
    assert look() == AT_FIRST
    if not flag.exists():
        flag.touch()
        spoil()
        raise psycopg.errors.SerializationFailure("could not serialize")
    time.sleep(0.5)  # Each worker gets one of the two.

def test_a_database_of_its_own(fresh_database):
    with psycopg.connect(fresh_database) as connection:
        assert connection.execute("SELECT name FROM item").fetchall() == [("Pen",)]

def test_that_fails():
    with connect() as connection:
        connection.execute("INSERT INTO item VALUES (2, 'Ink')")
    raise AssertionError("for a reason")

def test_that_ends_its_worker():
    flag = Path("/run/runner/workers/crashed")
    if not flag.exists():
        flag.touch()
        os._exit(1)
""",
}


@pytest.mark.parametrize("workers", ["2", "0"])
def test_every_attempt_starts_on_a_server_as_setup_left_it(make_project: Make, workers: str) -> None:
    folder = make_project(FILES, SETTINGS)
    ended = run(folder, "run", "-n", workers, *(() if workers == "2" else ("-k", "not ends")))
    events = [json.loads(line) for line in (folder / ".runner/latest/events.jsonl").read_text().splitlines()]
    verdicts = {e["test"].partition("::")[2]: e["verdict"] for e in events if e["event"] == "test-finished"}
    crashed = {"test_that_ends_its_worker": "failed"} if workers == "2" else {}
    again = {f"test_a_second_attempt_finds_the_server_as_it_was[{number}]": "passed" for number in range(2)}
    assert verdicts == {**again, **crashed, "test_a_database_of_its_own": "passed", "test_that_fails": "failed"}, ended
    assert len([each for each in events if each["event"] == "slot-restored"]) == 2
    kept = next((folder / ".runner/latest/failures").glob("*that-fails*"))
    assert "'Ink'" in (kept / "state.sql").read_text()
    assert "INSERT INTO item VALUES (2, 'Ink')" in (kept / "statements.log").read_text()
    assert "for a reason" not in ended.stderr
    assert ended.last_line == NOTHING_LEFT
    assert_servers_spoke(folder, workers)


def assert_servers_spoke(folder: Path, workers: str) -> None:
    """The log has what each server said."""
    log = (folder / ".runner/latest/postgres.log").read_text()
    assert log.count("ready to accept connections") >= 1 + int(workers)


LASTING = {
    "conftest.py": """
import os, psycopg

def pytest_sessionstart(session):
    if "PYTEST_XDIST_WORKER" in os.environ:
        with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
            connection.execute("CREATE DATABASE lasting")
""",
    "tests/test_lasting.py": """
import os, psycopg
from pathlib import Path

def fail_once(name):
    flag = Path("/run/runner/workers") / name
    if not flag.exists():
        flag.touch()
        raise psycopg.errors.SerializationFailure("could not serialize")

def connect(**changes):
    return psycopg.connect(os.environ["DATABASE_URL"], autocommit=True, **changes)

def test_a(fresh_database):
    with psycopg.connect(fresh_database) as connection:
        connection.execute("CREATE TABLE own ()")
    with connect() as connection:
        connection.execute("CREATE DATABASE of_the_test" if not Path("/run/runner/workers/a").exists() else "SELECT 1")
    fail_once("a")

def test_b():
    connect(dbname="lasting").close()

def test_c(fresh_database):
    psycopg.connect(fresh_database).close()
""",
}


@pytest.mark.parametrize(
    "mode", ['isolation = "server"', 'isolation = "sandbox"', 'isolation = "database"\nrights = ["createdb"]']
)
def test_what_pytest_s_session_made_is_there_after_a_retry(make_project: Make, mode: str) -> None:
    folder = make_project(LASTING, f'dist = "load"\nreruns_delay = 0\n{mode}\n')
    name = "lasting"
    if "createdb" in mode:
        # Slots are on one server, where each needs a name of its own.
        name = "lasting_gw0"
        for each in ("conftest.py", "tests/test_lasting.py"):
            (folder / each).write_text((folder / each).read_text().replace("lasting", name).replace("_gw0.py", ".py"))
    ended = run(folder, "run", "-n", "1")
    assert ended.exit_code == 0, ended.stderr
    assert f"passed at attempt 2; not restored, since it is older than the test: {name}" in ended.stderr


def test_a_database_of_a_single_test_can_be_had_after_its_server_was_replaced(make_project: Make) -> None:
    text = LASTING["tests/test_lasting.py"].replace("lasting", "postgres")
    folder = make_project({"tests/test_own.py": text}, 'isolation = "server"\ndist = "load"\nreruns_delay = 0\n')
    ended = run(folder, "run", "-n", "1")
    assert ended.exit_code == 0, ended.stderr
    assert "passed at attempt 2" in ended.stderr
    assert "not restored" not in ended.stderr


def test_a_pool_that_outlives_its_fixtures_is_not_cut_by_a_retry(make_project: Make) -> None:
    text = """
import os, psycopg, pytest
POOL = []

@pytest.fixture
def pooled():
    if not POOL:
        POOL.append(psycopg.connect(os.environ["DATABASE_URL"], autocommit=True))
    return POOL[0]

def test_a(pooled):
    pooled.execute("CREATE TABLE item (number integer)")

CALLS = []
def test_b(pooled):
    CALLS.append(1)
    pooled.execute("INSERT INTO item VALUES (1)")
    if len(CALLS) == 1:
        raise psycopg.errors.SerializationFailure("could not serialize")
"""
    folder = make_project({"tests/test_pool.py": text}, 'isolation = "server"\ndist = "load"\nreruns_delay = 0\n')
    ended = run(folder, "run", "-n", "1")
    assert ended.exit_code == 0, ended.stderr
    assert "not restored, since it is older than the test: open sessions: 1" in ended.stderr


SHARING = """
import os, psycopg
from pathlib import Path

WORKER = os.environ["PYTEST_XDIST_WORKER"]
FOLDER = Path("/srv/exchange")

def test_rows_go_through_a_file_in_both_directions():
    given, taken = FOLDER / f"{WORKER}.csv", FOLDER / f"{WORKER}.out"
    given.write_text("1,tea\\n2,ink\\n")
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
        connection.execute("CREATE TABLE item (number int, name text)")
        connection.execute(f"COPY item FROM '{given}' CSV")
        connection.execute(f"COPY item TO '{taken}' CSV")
    assert taken.read_text() == given.read_text()

def test_a_tablespace_is_in_a_folder_that_the_server_has_made():
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
        connection.execute(f"COPY (SELECT WHERE false) TO PROGRAM 'mkdir {FOLDER}/{WORKER}'")
        connection.execute(f"CREATE TABLESPACE quick LOCATION '{FOLDER}/{WORKER}'")
        connection.execute("CREATE TABLE line (number int) TABLESPACE quick")
    assert (FOLDER / WORKER).is_dir()
"""


@pytest.mark.parametrize("mode", ["server", "sandbox"])
def test_server_and_suite_share_a_folder(make_project: Make, mode: str) -> None:
    settings = f'isolation = "{mode}"\n[tool.runner.postgres]\nfolders = ["/srv/exchange"]'
    folder = make_project({"tests/test_sharing.py": SHARING}, settings)
    ended = run(folder, "run", "-n", "2", "--json")
    assert ended.exit_code == 0, ended.stderr
    assert json.loads(ended.stdout)["tests"] == {"passed": 2}
    assert ended.last_line == NOTHING_LEFT


TEMPORARY = """
import os, psycopg, tempfile

def test_a_tablespace_is_in_a_temporary_folder_that_the_server_makes_by_its_name():
    session = psycopg.connect(os.environ["DATABASE_URL"], autocommit=True)
    with tempfile.TemporaryDirectory() as folder, session:
        session.execute(f"COPY (SELECT 1) TO PROGRAM 'mkdir --mode=777 -p {folder}'")
        session.execute(f"CREATE TABLESPACE quick LOCATION '{folder}'")
        session.execute("CREATE TABLE line (number int) TABLESPACE quick")
"""


@pytest.mark.parametrize("mode", ["server", "sandbox"])
def test_the_server_can_make_the_folders_of_the_tests(make_project: Make, mode: str) -> None:
    folder = make_project({"tests/test_temporary.py": TEMPORARY}, f'isolation = "{mode}"')
    ended = run(folder, "run", "-n", "1", "--json")
    assert ended.exit_code == 0, ended.stderr
    assert json.loads(ended.stdout)["tests"] == {"passed": 1}


def find_volumes(engine: docker.DockerClient, pid: int) -> list[str]:
    return [
        each.name for each in list_objects(engine) if each.kind == "volume" and each.owner and each.owner.pid == pid
    ]


def test_a_shared_folder_goes_with_a_runner_that_was_killed(make_project: Make, engine: docker.DockerClient) -> None:
    text = "import time\ndef test_a(): time.sleep(60)\n"
    folder = make_project({"tests/test_long.py": text}, '[tool.runner.postgres]\nfolders = ["/srv/exchange"]')
    process = start(folder, "run", "-n", "0")
    deadline = time.monotonic() + 60
    while not (made := find_volumes(engine, process.pid)) and time.monotonic() < deadline:
        time.sleep(0.05)
    process.kill()
    process.communicate()
    assert [name.partition("-small-")[0] for name in made] == ["runner"]
    deadline = time.monotonic() + 5
    while find_volumes(engine, process.pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert find_volumes(engine, process.pid) == []


ENDED = """
import os, psycopg, pytest
from pathlib import Path

def connect():
    return psycopg.connect(os.environ["DATABASE_URL"], autocommit=True)

@pytest.mark.parametrize("signal", ["QUIT", "INT", "KILL"])
def test_a(signal):
    assert connect().execute("SELECT to_regclass('item')").fetchone() == (None,)
    flag = Path("/run/runner/workers") / signal
    if flag.exists():
        return
    flag.touch()
    connect().execute("CREATE TABLE item (number integer)")
    try:
        connect().execute(f"COPY (SELECT) TO PROGRAM 'kill -{signal} $(head -n 1 postmaster.pid); sleep 1'")
    except psycopg.OperationalError:
        pass
    connect().execute("SELECT 1")

def test_b(fresh_database):
    psycopg.connect(fresh_database).close()
"""


def test_a_server_that_a_test_ends_is_back_for_its_next_attempt_without_what_it_had(make_project: Make) -> None:
    settings = 'isolation = "server"\nreruns_delay = 0\nretry_budget = 1\n'
    folder = make_project({"tests/test_ended.py": ENDED}, settings)
    ended = run(folder, "run", "-n", "1")
    assert ended.exit_code == 0, ended.stderr
    assert ended.stderr.count("passed at attempt 2") == 3
    assert ended.last_line == NOTHING_LEFT


def test_parameters_for_the_tests_sessions_do_not_hold_for_the_runner_s(make_project: Make) -> None:
    text = """
import os, psycopg

def test_a():
    with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
        names = ("default_transaction_read_only", "password_encryption", "statement_timeout")
        assert [connection.execute(f"SHOW {each}").fetchone()[0] for each in names] == ["on", "md5", "1ms"]
"""
    settings = "[tool.runner.postgres.settings]\nstatement_timeout = 1\ndefault_transaction_read_only = true\n"
    settings += "password_encryption = 'md5'\n"
    ended = run(make_project({"tests/test_a.py": text}, settings), "run", "-n", "1")
    assert ended.exit_code == 0, ended.stderr


def test_servers_of_slots_that_nobody_used_are_told(make_project: Make) -> None:
    folder = make_project({"tests/test_use.py": "def test_a(): pass\ndef test_b(): pass\n"}, 'isolation = "server"')
    assert run(folder, "run", "-n", "2", "--strict").exit_code == 98
