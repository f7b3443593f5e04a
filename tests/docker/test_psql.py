"""psql in the server of a living run, from another process and from a real terminal."""

import json
import signal
import subprocess
import sys
import time

import pexpect
import pytest
from commands import Make, make_environment, run, start
from terminals import open_terminal

pytestmark = [pytest.mark.engine, pytest.mark.regression]

PATIENCE = 60.0
PROMPT = r"suite=\*?[#>] "

WAITING = """
import os
import time
import psycopg

def test_waits():
    with psycopg.connect(os.environ["TEST_DATABASE_URL"], autocommit=True) as connection:
        connection.execute("CREATE TABLE orders (id integer)")
        connection.execute("INSERT INTO orders VALUES (7)")
        time.sleep(600)
"""


@pytest.fixture
def begin(make_project: Make):
    """Starts runs of one project whose only test waits; returns the folder once it does so."""
    started = []

    def begin(*args):
        folder = started[0][0] if started else make_project({"tests/test_waits.py": WAITING})
        started.append((folder, start(folder, "run", *args)))
        if len(started) == 1:
            wait_for_rows(folder)
        return folder

    def end():
        for _, process in started:
            process.send_signal(signal.SIGINT)
        while started:
            started.pop()[1].communicate(timeout=60)

    begin.end = end
    yield begin
    end()


def wait_for_rows(folder):
    deadline = time.monotonic() + PATIENCE
    while run(folder, "psql", "--slot", "gw0", "--", "-Atc", "TABLE orders").stdout != "7\n":
        assert time.monotonic() < deadline
        time.sleep(0.2)


def open_psql(folder, *args):
    child = open_terminal(folder, "psql", *args)
    child.expect(PROMPT)
    return child


def count_sessions(folder):
    """The sessions of psql, but for the one that asks."""
    text = "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'psql%' AND pid <> pg_backend_pid()"
    return run(folder, "psql", "--", "-Atc", text).stdout.strip()


@pytest.mark.smoke
def test_one_statement_in_a_living_run_is_answered_and_its_exit_code_passes(begin) -> None:
    folder = begin("-n", "1")
    ended = run(folder, "psql", "--", "-Atc", "SELECT current_user, current_database()")
    assert (ended.exit_code, ended.stdout, ended.stderr) == (0, "postgres|suite\n", "")
    ended = run(folder, "psql", "--slot", "gw0", "--", "-Atc", "SELECT current_user, current_schema()")
    assert ended.stdout == "gw0|gw0\n"
    ended = run(folder, "psql", "--", "-v", "ON_ERROR_STOP=1", "-c", "SELECT nope")
    assert (ended.exit_code, ended.stdout) == (1, "")
    assert 'column "nope" does not exist' in ended.stderr

    ended = run(folder, "psql", "--slot", "gw7")
    assert (ended.exit_code, ended.error) == (90, "error: no slot `gw7`\nhint:  there are gw0, master")
    where = json.loads(run(folder, "psql", "--json").stdout)
    assert (where["user"], where["database"], where["slots"]) == ("postgres", "suite", ["gw0", "master"])

    script = "SELECT 'ünï';\n" * 3
    done = subprocess.run(
        [sys.executable, "-m", "runner", "psql", "--", "-At"],
        cwd=folder,
        env=make_environment(),
        input=script,
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=True,
    )
    assert done.stdout == "ünï\n" * 3


def test_psql_at_a_terminal_is_resized_interrupted_and_left(begin) -> None:
    folder = begin("-n", "1")
    terminal = open_psql(folder)
    assert "database suite; slots: gw0, master (schemas of `suite`)" in terminal.before
    terminal.sendline(r"\! stty size")
    terminal.expect("40 100")
    terminal.expect(PROMPT)
    terminal.setwinsize(30, 90)
    time.sleep(1)
    terminal.sendline(r"\! stty size")
    terminal.expect("30 90")
    terminal.expect(PROMPT)
    terminal.sendline("SELECT pg_sleep(600);")
    time.sleep(1)
    terminal.sendintr()
    terminal.expect("canceling statement due to user request")
    terminal.expect(PROMPT)
    terminal.sendline("SELECT n FROM generate_series(1, 200) n;")
    terminal.expect(["200 rows", "--More--"])
    terminal.send("q")
    terminal.sendintr()
    terminal.expect(PROMPT)  # What is typed before belongs to the pager.
    terminal.sendline(r"\echo 'back' 'again'")
    terminal.expect("back again")
    terminal.expect(PROMPT)
    terminal.sendeof()
    terminal.expect(pexpect.EOF)
    terminal.close()
    assert terminal.exitstatus == 0
    assert count_sessions(folder) == "0"


def test_a_terminal_that_is_closed_leaves_no_session_with_locks(begin) -> None:
    folder = begin("-n", "1")
    terminal = open_psql(folder, "--slot", "gw0")
    terminal.sendline("BEGIN; LOCK TABLE orders;")
    terminal.expect("LOCK TABLE\r\n")
    assert count_sessions(folder) == "1"
    terminal.close(force=False)
    deadline, text = time.monotonic() + 20, "SELECT count(*) FROM pg_locks WHERE mode = 'AccessExclusiveLock'"
    while run(folder, "psql", "--", "-Atc", text).stdout != "0\n":
        assert time.monotonic() < deadline
        time.sleep(0.2)


def test_ctrl_c_ends_a_statement_without_a_terminal_too(begin) -> None:
    folder = begin("-n", "1")
    process = start(folder, "psql", "--", "-c", "SELECT pg_sleep(600)")
    deadline = time.monotonic() + 20
    while count_sessions(folder) != "1":
        assert time.monotonic() < deadline
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=20)
    assert process.returncode == 130
    assert count_sessions(folder) == "0"


def test_a_run_that_ends_under_psql_is_told(begin) -> None:
    folder = begin("-n", "1")
    process = start(folder, "psql", "--", "-c", "SELECT pg_sleep(600)")
    while count_sessions(folder) != "1":
        time.sleep(0.1)
    begin.end()
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == 94
    assert "has ended, and its database with it" in stderr


def test_two_living_runs_have_to_be_told_apart_and_an_ended_one_is_told(begin) -> None:
    folder = begin("-n", "1")
    begin("-n", "0")
    deadline = time.monotonic() + PATIENCE
    while (ended := run(folder, "psql", "--json")).exit_code == 0:
        assert time.monotonic() < deadline
    assert ended.exit_code == 90
    assert ended.error.startswith("error: more than one run lives\ncause: 2")
    names = sorted(each.name for each in (folder / ".runner/runs").iterdir())
    assert run(folder, "psql", names[0], "--", "-Atc", "SELECT 1").stdout == "1\n"


def test_without_a_living_run_the_hint_says_what_to_do(make_project: Make) -> None:
    ended = run(make_project({}), "psql")
    hint = "hint:  `runner run` starts one; `runner ps` lists the runs of all projects"
    assert (ended.exit_code, ended.error) == (90, f"error: no run of this project lives\n{hint}")
