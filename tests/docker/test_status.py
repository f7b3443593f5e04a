"""A living run, looked at from another process: what hangs, why, and how it ended."""

import json
import signal
import time

import pytest
from commands import Make, run, start

pytestmark = [pytest.mark.engine, pytest.mark.regression]

PATIENCE = 60.0

TWO_CONNECTIONS = """
import os
import psycopg

def test_waits_for_itself():
    url = os.environ["TEST_DATABASE_URL"]
    with psycopg.connect(url) as one, psycopg.connect(url) as other:
        one.execute("CREATE TABLE orders (id integer, amount integer)")
        one.execute("INSERT INTO orders VALUES (1, 10)")
        one.commit()
        one.execute("UPDATE orders SET amount = 20")
        other.execute("UPDATE orders SET amount = 30")
"""

CIRCLE = """
import os
import threading
import time
import psycopg

def test_locks_in_a_circle():
    url = os.environ["TEST_DATABASE_URL"]
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE TABLE one (); CREATE TABLE two ()")
        while connection.execute("SHOW deadlock_timeout").fetchone() != ("1h",):
            time.sleep(0.05)
    both = threading.Barrier(2)

    def lock(first, second):
        with psycopg.connect(url) as connection:
            connection.execute(f"LOCK TABLE {first}")
            both.wait()
            connection.execute(f"LOCK TABLE {second}")

    threads = [threading.Thread(target=lock, args=each) for each in (("one", "two"), ("two", "one"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
"""

SHARED = """
import os
import time
import psycopg

def test_{name}():
    with psycopg.connect(os.environ["TEST_DATABASE_URL"]) as connection:
        time.sleep({pause})
        connection.execute("SELECT pg_advisory_lock(42)")
        time.sleep(600)
"""

SLEEPING = """
import subprocess

def test_sleeps():
    subprocess.run(["sleep", "601"])
"""


@pytest.fixture
def begin():
    """Starts runs, and ends them in order; their exit code is that of an interrupted run."""
    started = []

    def begin(folder, *args):
        started.append(start(folder, "run", *args))
        return started[-1]

    yield begin
    for process in started:
        process.send_signal(signal.SIGINT)
    for process in started:
        process.communicate(timeout=60)


def ask(folder, *args):
    ended = run(folder, "status", "--json", *args)
    assert ended.exit_code == 0, ended.stderr
    return json.loads(ended.stdout)


def wait_for(folder, count, *args):
    """The status once it has so many findings."""
    deadline = time.monotonic() + PATIENCE
    while True:
        found = ask(folder, *args)
        if found and len(found["findings"]) >= count:
            return found
        assert time.monotonic() < deadline, found
        time.sleep(0.2)


def raise_timeout(engine, run_id):
    """Keep Postgres from ending deadlocks."""
    labels = [f"ephemeral-runner.run={run_id}", "ephemeral-runner.role=postgres"]
    [server] = engine.containers.list(filters={"label": labels})
    commands = ["ALTER SYSTEM SET deadlock_timeout = '1h'", "SELECT pg_reload_conf()"]
    argv = ["psql", "--host=/tmp", "--username=postgres", *(f"--command={each}" for each in commands)]
    assert server.exec_run(argv).exit_code == 0


def wait_for_tests(folder, count):
    deadline = time.monotonic() + PATIENCE
    while not ((found := ask(folder)) and len(found["workers"]) == count):
        assert time.monotonic() < deadline, found
        time.sleep(0.2)
    return found


@pytest.mark.smoke
def test_a_deadlock_of_two_backends_of_one_hanging_test_is_named(make_project: Make, begin, engine) -> None:
    folder = make_project({"tests/test_two.py": TWO_CONNECTIONS, "tests/test_circle.py": CIRCLE})
    begin(folder, "-n", "2")
    raise_timeout(engine, wait_for_tests(folder, 2)["run"])
    found = wait_for(folder, 2)
    by_kind = {each["kind"]: each for each in found["findings"]}

    itself = by_kind["deadlock-through-test"]
    [worker] = itself["workers"]
    waiter, holder, _ = itself["path"]
    assert itself["text"].startswith(f"{worker}: tests/test_two.py::test_waits_for_itself hangs for ")
    assert f"its backend {waiter} waits for a row of `{worker}.orders`, which its backend {holder}" in itself["text"]
    assert itself["statements"] == {
        str(waiter): "UPDATE orders SET amount = 30",
        str(holder): "UPDATE orders SET amount = 20",
    }

    circle = by_kind["deadlock"]
    [worker] = circle["workers"]
    assert circle["text"].startswith(f"{worker}: tests/test_circle.py::test_locks_in_a_circle hangs for ")
    assert sorted(circle["statements"].values()) == ["LOCK TABLE one", "LOCK TABLE two"]
    assert f"`{worker}.one` (AccessExclusiveLock)" in circle["text"]

    text = run(folder, "status").stdout
    assert "in a deadlock that goes through the test itself, so Postgres does not see it" in text
    assert "last statement: UPDATE orders SET amount = 20" in text
    assert "at test_waits_for_itself (tests/test_two.py:12), and there in wait (psycopg/connection.py:" in text


def test_in_database_mode_relations_are_named_too(make_project: Make, begin) -> None:
    folder = make_project({"tests/test_two.py": TWO_CONNECTIONS})
    begin(folder, "-n", "1", "--isolation", "database")
    [finding] = wait_for(folder, 1)["findings"]
    assert finding["kind"] == "deadlock-through-test"
    assert "waits for a row of `orders`" in finding["text"]


def test_without_isolation_the_workers_are_known_by_their_connections(make_project: Make, begin) -> None:
    folder = make_project(
        {
            "tests/test_first.py": SHARED.format(name="first", pause=0),
            "tests/test_second.py": SHARED.format(name="second", pause=2),
        }
    )
    begin(folder, "-n", "2", "--isolation", "none")
    found = wait_for(folder, 1)
    [finding] = [each for each in found["findings"] if each["kind"] == "blocked"]
    assert "tests/test_second.py::test_second hangs for" in finding["text"]
    assert "waits for the advisory lock 42, which backend " in finding["text"]
    assert "(tests/test_first.py::test_first) holds" in finding["text"]
    assert {each["role"] for each in found["backends"] if each["worker"]} == {"suite"}


def test_a_hang_without_the_database_names_the_processes(make_project: Make, begin) -> None:
    folder = make_project({"tests/test_sleep.py": SLEEPING})
    process = begin(folder, "-n", "0")
    [finding] = wait_for(folder, 1)["findings"]
    assert (finding["kind"], finding["workers"]) == ("test", ["master"])
    assert "tests/test_sleep.py::test_sleeps runs for 1" in finding["text"]
    assert "it has no connection to Postgres; its process" in finding["text"]
    assert "it has started `sleep 601`, which as process" in finding["text"]
    assert "at test_sleeps (tests/test_sleep.py:5), and there in " in run(folder, "status").stdout
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    found = ask(folder)
    assert (found["living"], found["exit_code"], found["backends"]) == (False, 130, [])


def test_a_run_whose_runner_was_killed_is_lost(make_project: Make, begin) -> None:
    folder = make_project({"tests/test_sleep.py": SLEEPING})
    process = begin(folder, "-n", "0")
    wait_for_tests(folder, 1)
    process.kill()
    process.communicate(timeout=60)
    ended = run(folder, "status")
    assert ended.exit_code == 0
    assert "was killed or lost at the step `tests`" in ended.stdout


def test_watching_goes_on_until_the_run_has_ended(make_project: Make, begin) -> None:
    folder = make_project({"tests/test_sleep.py": "import time\n\ndef test_sleeps():\n    time.sleep(3)\n"})
    begin(folder, "-n", "0")
    wait_for_tests(folder, 1)
    seen = [json.loads(line) for line in run(folder, "status", "--json", "--watch", "0.2").stdout.splitlines()]
    assert [each["living"] for each in seen] == [True] * (len(seen) - 1) + [False]
    assert (len(seen) > 1, seen[-1]["exit_code"], seen[-1]["tests"]) == (True, 0, {"passed": 1})
