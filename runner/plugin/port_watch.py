"""The rule of no port conflicts: remembers, while `bind` is refused, who holds the port."""

from __future__ import annotations

import errno
import functools
import os
import socket
from contextlib import suppress
from typing import Any

import pytest

from .breach import FOUND, make_breach
from .port_holder import ABSTRACT, find_holder

INTERNET = {socket.AF_INET, socket.AF_INET6}


class PortWatch:
    """Finds out who holds a port while `bind` is refused; afterwards the holder may be gone."""

    def __init__(self, worker: str) -> None:
        self._worker = worker
        self._patch = pytest.MonkeyPatch()
        self._name: socket.socket | None = None

    def start(self) -> None:
        """Wrap `bind`, and let other workers find this process's name.

        The name is that of an abstract socket: workers get theirs after they started, so `/proc/*/environ` lacks it.
        """
        with suppress(OSError):
            self._name = socket.socket(socket.AF_UNIX)
            self._name.bind(f"\0{ABSTRACT}/{self._worker}/{os.getpid()}")
        self._patch.setattr(socket.socket, "bind", self._wrap(socket.socket.bind))

    def stop(self) -> None:
        """Leave everything as it was."""
        self._patch.undo()
        if self._name is not None:
            self._name.close()

    def _wrap(self, original: Any) -> Any:
        @functools.wraps(original)
        def bind(this: socket.socket, address: Any, /) -> None:
            __tracebackhide__ = True
            try:
                original(this, address)
            except OSError as error:
                if error.errno == errno.EADDRINUSE and this.family in INTERNET and FOUND not in vars(error):
                    self._remember(error, this, address[1])
                raise

        return bind

    def _remember(self, error: OSError, refused: socket.socket, port: int) -> None:
        protocol = "udp" if refused.type == socket.SOCK_DGRAM else "tcp"
        holder, process = find_holder(protocol, port)
        who = "this very worker" if holder == self._worker else f"worker {holder}"
        if not holder:
            who = f"another process ({process})" if process else "a process that cannot be seen from here"
        found = make_breach("ports", str(port), f"port {port} is held by {who}; use the fixture `free_port`")
        vars(error)[FOUND] = {**found, "holder": holder}
        error.add_note(found["text"])
