"""A sandbox for each worker: one address, files of its own, no rights, and nothing of it is left behind."""

import json
import signal
import time
from pathlib import Path

import docker
import pytest
from commands import NOTHING_LEFT, Make, find_container, run, start
from test_teardown import wait_until_asleep

pytestmark = [pytest.mark.engine, pytest.mark.slow]

SETTINGS = 'isolation = "sandbox"\ndist = "load"\nreruns_delay = 0\n[tool.runner.postgres]\nport = 5440'

TESTS = """
import ctypes, os, socket, subprocess, sys, time
from pathlib import Path

import psycopg, pytest

WORKER = os.environ["PYTEST_XDIST_WORKER"]
LIBC = ctypes.CDLL(None, use_errno=True)

@pytest.fixture(autouse=True)
def meanwhile():
    yield
    time.sleep(0.05)

def read_status():
    return dict(line.split(":\\t", 1) for line in Path("/proc/self/status").read_text().splitlines())

def test_no_process_of_the_suite_has_a_right():
    status = read_status()
    assert {status[f"Cap{each}"] for each in ("Inh", "Prm", "Eff", "Bnd", "Amb")} == {"0" * 16}
    assert (status["Uid"].split(), status["NoNewPrivs"]) == (["1000"] * 4, "1")

@pytest.mark.parametrize("flag", [0x20000, 0x10000000, 0x20000000, 0x40000000])
def test_no_namespace_can_be_made_or_entered(flag):
    assert LIBC.unshare(flag) == -1
    assert ctypes.get_errno() == 1
    assert LIBC.setns(os.open("/proc/self/ns/net", os.O_RDONLY), flag) == -1
    assert LIBC.mount(b"none", b"/tmp", b"tmpfs", 0, None) == -1

def test_what_is_of_other_workers_cannot_be_reached():
    assert {*os.listdir("/run/runner/workers")} <= {WORKER, "coverage", "master"}
    # pytest puts the temporary folders of workers below the controller's, whose own are not in here.
    assert {each.name for each in Path("/run/runner/workers").glob("master/tmp/*/*/*")} <= {f"popen-{WORKER}"}
    assert not os.listdir("/run/ephemeral-runner")
    for port in (5441, 5442, 5443):
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port))
    names = {Path("/proc", each, "cmdline").read_bytes() for each in os.listdir("/proc") if each.isdigit()}
    assert not [each for each in names if b"enter.py" in each]
    with pytest.raises(OSError):
        Path("/run/runner/ready/forged").touch()

@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
@pytest.mark.parametrize("number", range(2))
def test_the_address_is_the_same_for_all(host, number):
    with psycopg.connect(os.environ["TEST_DATABASE_URL"].replace("127.0.0.1", host), autocommit=True) as connection:
        assert connection.info.port == 5440
        connection.execute("DROP TABLE IF EXISTS item")
        connection.execute("CREATE TABLE item (number integer)")
        time.sleep(0.1)
        assert connection.execute("SELECT count(*) FROM item").fetchone() == (0,)

def test_much_data_passes_and_a_statement_can_be_cancelled():
    with psycopg.connect(os.environ["TEST_DATABASE_URL"]) as connection:
        text = "x" * 20_000_000
        assert connection.execute("SELECT %s", [text]).fetchone() == (text,)
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
        import threading
        threading.Timer(0.2, connection.cancel).start()
        with pytest.raises(psycopg.errors.QueryCanceled):
            connection.execute("SELECT pg_sleep(20)")

@pytest.mark.parametrize("number", range(4))
def test_files_and_ports_are_the_tests_own(number):
    for path in ("pyproject.toml", "/tmp/report", "/var/tmp/report", "/dev/shm/report"):
        Path(path).write_text(str(number))
    with socket.create_server(("127.0.0.1", 8000)):
        time.sleep(0.1)
    assert {Path(each).read_text() for each in ("pyproject.toml", "/tmp/report")} == {str(number)}

def test_a_failure_is_kept(tmp_path):
    with psycopg.connect(os.environ["TEST_DATABASE_URL"], autocommit=True) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS kept AS SELECT 4711 AS number")
    raise AssertionError

def test_a_transient_failure_is_tried_again():
    flag = Path("flag")
    if not flag.exists():
        flag.touch()
        raise psycopg.errors.SerializationFailure("could not serialize")

def test_that_ends_its_worker():
    subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
    os._exit(1)

@pytest.mark.parametrize("number", range(3))
def test_after_it_a_new_worker_goes_on(number):
    assert WORKER in ("gw0", "gw1", "gw2")
    with psycopg.connect(os.environ["TEST_DATABASE_URL"]) as connection:
        assert connection.info.port == 5440
"""

FAILED = {"test_a_failure_is_kept", "test_that_ends_its_worker"}


def test_a_worker_cannot_tell_that_it_is_not_alone(make_project: Make) -> None:
    folder = make_project({"tests/test_sandbox.py": TESTS}, SETTINGS)
    ended = run(folder, "run", "-n", "2")
    events = [json.loads(line) for line in (folder / ".runner/latest/events.jsonl").read_text().splitlines()]
    verdicts = {e["test"].partition("::")[2]: e["verdict"] for e in events if e["event"] == "test-finished"}
    assert {test for test, verdict in verdicts.items() if verdict != "passed"} == FAILED, ended.stdout
    assert len(verdicts) == 21
    kept = next((folder / ".runner/latest/failures").glob("*a-failure-is-kept*"))
    assert "4711" in (kept / "state.sql").read_text()
    assert (folder / "pyproject.toml").read_text().startswith("[project]")
    assert ended.last_line == NOTHING_LEFT


SLEEPING = {
    "tests/test_sleep.py": "import os, subprocess, time\n\ndef test_sleeps():\n"
    "    subprocess.Popen(['sleep', '600'], start_new_session=True)\n    time.sleep(60)\n\n"
    "def test_other():\n    time.sleep(60)\n"
}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_sandboxes_end_with_the_run(make_project: Make, engine: docker.DockerClient, number: int) -> None:
    folder = make_project(SLEEPING, SETTINGS)
    process = start(folder, "run", "-n", "2")
    wait_until_asleep(process, folder)
    container = find_container(engine, process, "suite")
    pids = [int(each[1]) for each in container.top()["Processes"]]
    assert len(pids) > 6
    process.send_signal(number)
    sent = time.monotonic()
    process.communicate(timeout=20)
    assert number == signal.SIGKILL or time.monotonic() - sent < 3
    deadline = time.monotonic() + 3
    while any(Path(f"/proc/{each}").exists() for each in pids):
        assert time.monotonic() < deadline
        time.sleep(0.05)
