"""A suite without egress: its own loopback with Postgres on it and nothing else; the runner comes in by a tunnel."""

import os
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from ipaddress import ip_network
from pathlib import Path

import docker
import psycopg
import pytest
from commands import ROOT, SMALL, STARTED
from environment import Environment

from runner.errors import EngineError
from runner.postgres.connect import Connection, connect

pytestmark = [pytest.mark.engine, pytest.mark.regression]

TRY = """
import socket, sys, time
began = time.monotonic()
try:
    socket.create_connection((sys.argv[1], int(sys.argv[2])), timeout=20)
except OSError as error:
    print(error.strerror, "at once" if time.monotonic() - began < 1 else "late")
else:
    print("connected")
"""


@pytest.fixture(scope="module")
def started() -> Iterator[tuple[Environment, Connection]]:
    environment = Environment(SMALL)
    try:
        environment.start(egress=False)
        connection, environment.address = environment.start_postgres()
        yield environment, connection
        connection.close()
    finally:
        assert environment.engine.remove_run() == []
    assert not Path(environment.address.host).exists()


@pytest.fixture
def environment(started) -> Environment:
    return started[0]


@pytest.mark.security
def test_the_suite_has_no_interface_but_its_loopback(environment: Environment) -> None:
    assert environment.call("ls", "/sys/class/net") == "lo\n"
    # Routes: the heading, and none.
    assert len(environment.call("cat", "/proc/net/route").splitlines()) == 1


@pytest.mark.security
def test_a_connection_to_the_outside_fails_at_once(environment: Environment, engine: docker.DockerClient) -> None:
    subnet = engine.networks.get("bridge").attrs["IPAM"]["Config"][0]["Subnet"]
    gateway = str(next(ip_network(subnet).hosts()))
    for host, port in ((gateway, "22"), ("1.1.1.1", "53"), ("169.254.169.254", "80")):
        said = environment.call("python", "-c", TRY, host, port)
        assert said == "Network is unreachable at once\n", host


@pytest.mark.security
def test_a_name_is_not_found_at_once(environment: Environment) -> None:
    said = environment.call("python", "-c", TRY, "example.com", "80")
    assert said.endswith("at once\n")
    assert "connected" not in said


@pytest.mark.smoke
def test_postgres_is_on_the_suites_own_loopback(environment: Environment) -> None:
    assert environment.call("python", "-c", TRY, "127.0.0.1", "5432") == "connected\n"
    password = environment.address.password
    said = environment.python(
        "import psycopg; print(psycopg.connect().execute('SELECT current_user').fetchone())",
        PGHOST="127.0.0.1",
        PGUSER="postgres",
        PGPASSWORD=password,
        PGDATABASE="postgres",
    )
    assert said == "('postgres',)\n"


@pytest.mark.security
def test_no_port_is_mapped(environment: Environment, engine: docker.DockerClient) -> None:
    container = engine.containers.get(environment.suite.id)
    assert container.attrs["HostConfig"]["NetworkMode"] == "none"
    assert not container.attrs["HostConfig"]["PortBindings"]
    assert not any(container.ports.values())


@pytest.mark.security
def test_only_this_user_may_enter_the_tunnels_folder(environment: Environment) -> None:
    [address] = environment.server.find_addresses()
    folder = Path(address.host)
    assert address.port == 5432
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert [each.name for each in folder.iterdir()] == [".s.PGSQL.5432"]


@pytest.mark.security
def test_the_tunnel_asks_for_the_password(environment: Environment) -> None:
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        connect(replace(environment.address, password="another"), "postgres")


@pytest.mark.smoke
def test_several_connections_work_at_the_same_time(environment: Environment) -> None:
    together = threading.Barrier(8)

    def work(number: int) -> int:
        with connect(environment.address, "postgres") as connection:
            together.wait(20)
            row = connection.execute("SELECT %s + count(*) FROM pg_sleep(0.2)", [number]).fetchone()
            together.wait(20)
            return row[0]

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(work, range(8))) == list(range(1, 9))


def test_much_data_comes_through_the_tunnel_whole_in_both_directions(environment: Environment) -> None:
    text = os.urandom(4_000_000).hex()
    with connect(environment.address, "postgres") as connection:
        assert connection.execute("SELECT %s::text", [text]).fetchone() == (text,)


def test_a_connection_that_its_client_drops_is_gone_on_the_server(started) -> None:
    environment, superuser = started
    with socket.socket(socket.AF_UNIX) as half:
        half.connect(f"{environment.address.host}/.s.PGSQL.5432")
        half.sendall(b"\0\0")
    sessions = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'dropped'"
    client = psycopg.connect(
        host=environment.address.host,
        user="postgres",
        password=environment.address.password,
        application_name="dropped",
    )
    assert superuser.execute(sessions).fetchone() == (1,)
    # Cut without the words of the protocol, as by a client that was killed.
    os.close(client.pgconn.socket)
    deadline = time.monotonic() + 5
    while superuser.execute(sessions).fetchone() != (0,):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    client.close()


def test_no_process_and_no_thread_stays_behind_a_closed_connection(started, engine: docker.DockerClient) -> None:
    environment, _ = started
    container = engine.containers.list(
        filters={"label": [f"ephemeral-runner.run={environment.identity.run}", "ephemeral-runner.role=postgres"]}
    )[0]

    def count() -> tuple[int, int]:
        bridges = [each for each in container.top()["Processes"] if "bridge.py" in each[-1]]
        return len(bridges), threading.active_count()

    def wait_until_one_is_left(threads: int) -> None:
        """The connection that all these tests share; those of the tests before this one may still be ending."""
        deadline = time.monotonic() + 10
        while not (count()[0] == 1 and count()[1] <= threads):
            assert time.monotonic() < deadline, count()
            time.sleep(0.02)

    wait_until_one_is_left(threading.active_count())
    before = threading.active_count()
    connect(environment.address, "postgres").close()
    wait_until_one_is_left(before)


def test_another_suite_and_server_start_after_the_first_are_removed() -> None:
    environment = Environment(SMALL)
    folders = []
    try:
        for egress in (False, True, False):
            environment.start(egress=egress)
            connection, address = environment.start_postgres()
            folders += [address.host] if address.host.startswith("/") else []
            connection.execute("CREATE TABLE only_here (a integer)")
            assert environment.call("echo", "alive") == "alive\n"
            assert environment.engine.remove_containers() == []
            connection.close()
        # Not even their ends were heard.
        assert environment.heard.empty()
    finally:
        assert environment.engine.remove_run() == []
    assert len(folders) == 2
    assert not any(Path(folder).exists() for folder in folders)


KILLED = """
import sys, time
from pathlib import Path
sys.path.insert(0, {tests!r})
from environment import Environment
environment = Environment(Path({small!r}))
environment.start(egress=False)
print(environment.start_postgres()[1].host, flush=True)
time.sleep(60)
"""


def test_a_killed_runner_leaves_no_folder_behind() -> None:
    code = KILLED.format(tests=str(ROOT / "tests/docker"), small=str(SMALL))
    process = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    STARTED.add(process.pid)
    folder = Path(process.stdout.readline().strip())
    assert (folder / ".s.PGSQL.5432").is_socket()
    process.send_signal(signal.SIGKILL)
    process.communicate()
    deadline = time.monotonic() + 10
    while folder.exists():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_temporary_folder_with_too_long_a_name_is_explained_and_left_as_it_was(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, engine: docker.DockerClient
) -> None:
    from runner.engines.docker.tunnel import Tunnel

    deep = tmp_path / ("x" * 100)
    deep.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(deep))
    with pytest.raises(EngineError, match="cannot make a socket for the connection to Postgres") as caught:
        Tunnel(engine.api, "nobody", lambda _: None)
    assert "too long" in caught.value.cause
    assert list(deep.iterdir()) == []


def test_a_tunnel_to_a_container_that_is_gone_ends_each_connection(engine: docker.DockerClient) -> None:
    from runner.engines.docker.tunnel import Tunnel

    tunnel = Tunnel(engine.api, "0" * 64, lambda _: None)
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(f"{tunnel.folder}/.s.PGSQL.5432")
        client.settimeout(10)
        assert client.recv(1) == b""
    tunnel.close()
    assert not Path(tunnel.folder).exists()
