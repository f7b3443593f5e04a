"""The ports that tests get for their servers."""

import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.plugin.ports import SIZE, WORKERS, NoFreePortError, Ports, find_range, is_in_use

pytestmark = pytest.mark.unit

FIRST_EPHEMERAL = 32768
WORKER = st.one_of(st.just("master"), st.integers(0, WORKERS - 1).map("gw{}".format))


@given(WORKER, WORKER)
def test_ranges_of_different_workers_have_no_port_in_common(one, other):
    assert set(find_range(one)).isdisjoint(find_range(other)) == (one != other)


@given(st.one_of(WORKER, st.integers(0, 10**9).map("gw{}".format)))
def test_every_range_has_its_size_and_lies_between_system_and_ephemeral_ports(worker):
    ports = find_range(worker)
    assert len(ports) == SIZE
    assert ports[0] >= 15000
    assert ports[-1] < FIRST_EPHEMERAL


def test_ranges_begin_anew_after_the_last_worker_with_one_of_its_own():
    assert find_range("gw0") == range(15000, 15064)
    assert find_range("gw1") == range(15064, 15128)
    assert find_range("gw256") == find_range("gw0")
    assert find_range("master") == range(31384, 31448)


@pytest.mark.parametrize("worker", ["", "gw", "gw-1", "gw1 ", "gw1x", "GW1", "popen", "gw\u0661"])
def test_another_name_has_no_range(worker):
    with pytest.raises(ValueError, match="no range of ports for the worker"):
        Ports(worker)


def listen(family, address, port):
    server = socket.socket(family)
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.bind((address, port))
    server.listen()
    return server


def test_ports_come_in_turn_and_again_only_after_all_others(monkeypatch):
    monkeypatch.setattr("runner.plugin.ports.is_in_use", lambda _: False)
    ports = Ports("gw200")
    first, second = [[ports.take() for _ in range(SIZE)] for _ in range(2)]
    assert first == list(find_range("gw200"))
    assert second == first


@pytest.mark.parametrize(
    ("family", "address"),
    [
        (socket.AF_INET, "127.0.0.1"),
        (socket.AF_INET, "0.0.0.0"),
        (socket.AF_INET6, "::1"),
        (socket.AF_INET6, "::"),
    ],
)
def test_a_port_with_a_server_is_skipped_whatever_its_address(family, address):
    ports = Ports("gw201")
    port = ports.take()
    try:
        server = listen(family, address, port + 1)
    except OSError as error:
        pytest.skip(f"this host has no {address}: {error}")
    with server:
        assert ports.take() == port + 2


def test_a_port_is_free_again_while_old_connections_close():
    port = Ports("gw202").take()
    with listen(socket.AF_INET, "127.0.0.1", port) as server:
        client = socket.create_connection(("127.0.0.1", port))
        accepted, _ = server.accept()
        assert is_in_use(port)
        accepted.close()
        client.close()
    assert not is_in_use(port)


def test_a_host_without_ipv6_has_free_ports(monkeypatch):
    real = socket.socket

    def make(family, kind):
        if family == socket.AF_INET6:
            raise OSError(97, "Address family not supported by protocol")
        return real(family, kind)

    port = find_range("gw203")[0]
    monkeypatch.setattr(socket, "socket", make)
    assert not is_in_use(port)


def test_an_exhausted_range_is_an_error_and_usable_again_later(monkeypatch):
    monkeypatch.setattr("runner.plugin.ports.is_in_use", lambda _: True)
    ports = Ports("gw1")
    with pytest.raises(NoFreePortError, match=r"^all 64 ports from 15064 to 15127 are in use$"):
        ports.take()
    monkeypatch.setattr("runner.plugin.ports.is_in_use", lambda _: False)
    assert ports.take() == 15064
