"""Redis beside Postgres, spoken to in its own protocol."""

import os
import socket
from urllib.parse import urlsplit

import psycopg
import pytest


def ask(*words, host=""):
    """What Redis answers to one command, as text."""
    address = urlsplit(os.environ["REDIS_URL"])
    with socket.create_connection((host or address.hostname, address.port), timeout=10) as connection:
        connection.sendall(" ".join(words).encode() + b"\r\n")
        return connection.makefile().readline().strip()


def test_redis_answers_under_its_services_name():
    assert ask("PING") == "+PONG"


def test_redis_answers_under_its_fixed_name_too():
    assert ask("PING", host="cache") == "+PONG"


@pytest.mark.parametrize("number", range(4))
def test_workers_share_redis_and_keep_to_keys_of_their_own(number):
    key = f"{os.environ['KEY_PREFIX']}{number}"
    assert ask("INCR", key) == ":1"


def test_postgres_is_there_as_ever():
    with psycopg.connect(os.environ["TEST_DATABASE_URL"]) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


@pytest.mark.sealed
def test_without_egress_redis_answers_and_the_machine_around_does_not():
    assert ask("PING") == "+PONG"
    gateway = socket.gethostbyname("redis").rpartition(".")[0] + ".1"
    for host in (gateway, "1.1.1.1"):
        with pytest.raises(OSError, match=r"timed out|unreachable|No route"):
            socket.create_connection((host, 22), timeout=1)
