"""Ports for the servers that tests start: each worker has a range of its own, so that workers cannot collide."""

from __future__ import annotations

import errno
import re
import socket
from itertools import cycle, islice

BASE = 15000
SIZE = 64
"""Ports for each worker."""

WORKERS = 256
"""Workers with a range of their own. All ranges end below 32768, from where Linux takes ports for connections."""

MASTER = "master"
"""Pytest without xdist."""


class NoFreePortError(Exception):
    """Every port of the worker's range is in use."""


def find_range(worker: str) -> range:
    """The ports of a worker, which no other worker has, up to `WORKERS` of them.

    Args:
        worker: `gw0`, `gw1`, ... as xdist names them, or `master`.

    Raises:
        ValueError: another name.
    """
    if worker == MASTER:
        number = WORKERS
    elif found := re.fullmatch(r"gw([0-9]+)", worker):
        number = int(found[1]) % WORKERS
    else:
        raise ValueError(f"no range of ports for the worker `{worker}`: only `gwN` and `{MASTER}` have one")
    return range(BASE + number * SIZE, BASE + (number + 1) * SIZE)


class Ports:
    """Hands out the ports of one worker's range in turn; one comes again only after all others came."""

    def __init__(self, worker: str) -> None:
        """Raises ValueError as `find_range` does."""
        self._range = find_range(worker)
        self._turn = cycle(self._range)

    def take(self) -> int:
        """The next port that is not in use at the moment.

        Raises:
            NoFreePortError: all are.
        """
        for port in islice(self._turn, SIZE):
            if not is_in_use(port):
                return port
        raise NoFreePortError(f"all {SIZE} ports from {self._range[0]} to {self._range[-1]} are in use")


def is_in_use(port: int) -> bool:
    """Whether a server has the port, on any address of this host."""
    return is_taken(port, socket.AF_INET, "127.0.0.1") or is_taken(port, socket.AF_INET6, "::")


def is_taken(port: int, family: socket.AddressFamily, address: str) -> bool:
    """Whether an address with this port cannot be bound because another socket is."""
    try:
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            # As nearly all servers do: connections that still close after an earlier server are not in the way.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((address, port))
    except OSError as error:
        # Anything else says that the host has no such family of addresses.
        return error.errno == errno.EADDRINUSE
    return False
