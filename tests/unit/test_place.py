"""Which addresses of a container are tried, and in which order."""

import pytest

from runner.engines.docker.place import has_address, is_remote, order_places

pytestmark = pytest.mark.unit

SOCKET = "http+docker://localhost"
MAPPED, INSIDE = ("127.0.0.1", 32768), ("172.17.0.2", 5432)


@pytest.mark.parametrize("address", [SOCKET, "http+docker://localnpipe", "http://127.0.0.1:2375", "http://localhost:1"])
def test_a_socket_and_a_port_of_our_loopback_may_be_on_this_machine(address):
    assert not is_remote(address)


@pytest.mark.parametrize("address", ["http+docker://ssh", "http://172.17.0.2:2375", "https://docker:2376"])
def test_an_engine_beyond_the_network_is_not(address):
    assert is_remote(address)


def test_beside_the_engine_the_mapped_port_is_the_place():
    assert order_places(SOCKET, False, MAPPED, INSIDE) == [MAPPED]


def test_in_a_container_the_other_container_s_own_address_comes_first():
    assert order_places(SOCKET, True, MAPPED, INSIDE) == [INSIDE, MAPPED]


def test_nothing_of_an_engine_elsewhere_is_taken_for_ours():
    assert order_places("http://10.0.0.1:2375", True, MAPPED, INSIDE) == []


def test_a_port_that_is_not_mapped_and_an_address_that_is_not_given_are_left_out():
    assert order_places(SOCKET, True, ("", 0), ("", 5432)) == []


@pytest.mark.parametrize(("address", "ours"), [("127.0.0.1", True), ("192.0.2.1", False), ("", False)])
def test_an_address_is_ours_when_one_can_listen_there(address, ours):
    assert has_address(address) is ours
