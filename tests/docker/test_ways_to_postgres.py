"""Of several addresses the runner takes the one that leads to its own server, and tells others nothing."""

import socket
import struct
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import docker
import pytest
from commands import SMALL
from environment import Environment

from runner.engines.protocol import ServerAddress
from runner.postgres.connect import PATIENCE, connect, prefer, wait_for_server

pytestmark = [pytest.mark.engine, pytest.mark.regression]

LET_IN = struct.pack(">cii", b"R", 8, 0)
ASK_IN_CLEAR = struct.pack(">cii", b"R", 8, 3)
READY = b"Z\0\0\0\x05I"


@pytest.fixture(scope="module")
def environment() -> Iterator[Environment]:
    environment = Environment(SMALL)
    try:
        environment.start(egress=True)
        environment.connection, environment.address = environment.start_postgres()
        yield environment
        environment.connection.close()
    finally:
        assert environment.engine.remove_run() == []


class Impostor:
    """A server that answers the start of a session with fixed bytes, and keeps what it hears."""

    def __init__(self, answer: bytes) -> None:
        self.heard = b""
        self._answer = answer
        self._listener = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        try:
            while True:
                client, _ = self._listener.accept()
                with client:
                    self.heard += client.recv(4096)
                    client.sendall(self._answer)
                    client.settimeout(2)
                    while data := client.recv(4096):
                        self.heard += data
        except OSError:
            return

    def make_address(self, password: str) -> ServerAddress:
        return ServerAddress("127.0.0.1", self._listener.getsockname()[1], "postgres", password)

    def close(self) -> None:
        self._listener.close()


def wait(*addresses: ServerAddress) -> tuple[ServerAddress, float]:
    """The address that was taken, and how long that took, in seconds."""
    began = time.monotonic()
    connection, address = wait_for_server(addresses, 20, lambda: None)
    connection.close()
    return address, time.monotonic() - began


@pytest.mark.security
@pytest.mark.parametrize("answer", [LET_IN + READY, ASK_IN_CLEAR], ids=["lets everybody in", "asks in clear"])
def test_a_server_that_does_not_ask_for_proof_gets_neither_password_nor_command(
    environment: Environment, answer: bytes
) -> None:
    impostor = Impostor(answer)
    ours = environment.address
    assert wait(impostor.make_address(ours.password), ours)[0] == ours
    impostor.close()
    assert b"user\0postgres\0" in impostor.heard
    assert ours.password.encode() not in impostor.heard
    assert b"SELECT" not in impostor.heard


@pytest.mark.security
def test_a_server_that_refuses_the_password_is_not_ours_and_the_next_is_tried(environment: Environment) -> None:
    ours = environment.address
    assert wait(replace(ours, password="another"), ours)[0] == ours


def test_an_address_that_swallows_packets_costs_little_more_than_a_second(
    environment: Environment, engine: docker.DockerClient
) -> None:
    container = engine.containers.get(environment.suite.id)
    gateway = container.attrs["NetworkSettings"]["Gateway"]
    with socket.create_server((gateway, 0), backlog=0) as full:
        # The kernel drops what does not fit into the queue of a server that takes nobody in.
        queue = [socket.socket() for _ in range(4)]
        for each in queue:
            each.setblocking(False)
            each.connect_ex(full.getsockname())
        silent = ServerAddress(*full.getsockname(), "postgres", environment.address.password)
        address, seconds = wait(silent, environment.address)
        for each in queue:
            each.close()
    assert address == environment.address
    assert PATIENCE <= seconds < 2 * PATIENCE + 1


def test_where_a_port_answers_no_tunnel_is_made(
    environment: Environment, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert wait(*[next(iter(environment.server.find_addresses()))])[0].host == "127.0.0.1"
    connection, address = wait_for_server(environment.server.find_addresses(), 20, lambda: None)
    connection.close()
    assert address.host == "127.0.0.1"
    assert list(tmp_path.iterdir()) == []


def test_the_last_address_leads_through_the_engine(environment: Environment) -> None:
    *_, last = environment.server.find_addresses()
    assert last.host.startswith("/")
    assert wait(last)[0] == last


def test_a_port_is_preferred_to_the_tunnel_that_answered_first(environment: Environment) -> None:
    port, *_, tunnel = environment.server.find_addresses()
    connection, address = prefer([replace(port, password="another"), port], connect(tunnel, "postgres"), tunnel)
    with connection:
        assert address == port
        assert connection.execute("SELECT inet_server_port()").fetchone() == (5432,)


def test_the_tunnel_stays_where_no_port_leads_to_the_server(environment: Environment) -> None:
    port, *_, tunnel = environment.server.find_addresses()
    through = connect(tunnel, "postgres")
    assert prefer([replace(port, password="another")], through, tunnel) == (through, tunnel)
    through.close()
