"""The runner's way to a Postgres without a network: a Unix socket here, processes beside the server at the far end.

Each connection to the socket gets a process of its own in the server's container (images/postgres/bridge.py), started
and attached through the engine, so this works with remote engines too.
"""

import contextlib
import socket
import ssl
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from docker.api.client import APIClient
from docker.errors import DockerException
from requests.exceptions import RequestException

from runner.engines.docker.connect import translate
from runner.engines.docker.frames import read_frames
from runner.engines.docker.lease import close_stream
from runner.engines.protocol import OUTPUT

PORT = 5432
SOCKET = f".s.PGSQL.{PORT}"
"""The name under which Postgres's client libraries look for a socket in a folder."""

BRIDGE = ["/usr/bin/python3", "-I", "-S", "/usr/lib/ephemeral-runner/bridge.py"]
CHUNK = 64 * 1024
PATIENCE = 2.0
"""Seconds that one thread may take to end once its connection is cut."""


def remove_folder(folder: str) -> None:
    """Remove a tunnel's folder, which holds its socket and nothing else."""
    with contextlib.suppress(OSError):
        Path(folder, SOCKET).unlink(missing_ok=True)
        Path(folder).rmdir()


class Tunnel:
    """A private folder with a socket that leads to the server in a container.

    Attributes:
        folder: only this user may enter it.
    """

    def __init__(self, api: APIClient, container_id: str, announce: Callable[[str], None], port: int = PORT) -> None:
        """Listen.

        Args:
            api: the engine.
            container_id: the server's container.
            announce: hears of the folder as soon as there is one.
            port: the server's, over there.

        Raises:
            EngineError: this machine does not let us.
        """
        self._api, self._container_id, self._port = api, container_id, port
        self._sockets: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self._listener = socket.socket(socket.AF_UNIX)
        with translate("cannot make a socket for the connection to Postgres"):
            self.folder = tempfile.mkdtemp(prefix="ephemeral-runner-")
            announce(self.folder)
            try:
                self._listener.bind(f"{self.folder}/{SOCKET}")
                self._listener.listen()
            except OSError:
                self.close()
                raise
        self._go(self._accept)

    def _go(self, target: Callable[..., None], *args: Any) -> None:
        self._threads = [each for each in self._threads if each.is_alive()]
        self._threads.append(threading.Thread(target=target, args=args, daemon=True))
        self._threads[-1].start()

    def _accept(self) -> None:
        while True:
            try:
                here, _ = self._listener.accept()
            except OSError:
                return
            self._go(self._serve, here)

    def _serve(self, here: socket.socket) -> None:
        """Carry one connection: a process of its own at the far end, and both directions at once."""
        try:
            process = self._api.exec_create(self._container_id, [*BRIDGE, str(self._port)], stdin=True)["Id"]
            stream: Any = self._api.exec_start(process, socket=True)
        except (DockerException, RequestException, OSError):
            here.close()  # Whoever connected sees that the connection ended, and may ask again.
            return
        there: socket.socket = getattr(stream, "_sock", stream)
        # The client's time limit for calls would end the connection of a session that is silent for long.
        there.settimeout(None)
        self._sockets |= {here, there}
        self._go(send, here, there)
        with contextlib.suppress(OSError, ValueError):
            for kind, data in read_frames(there):
                if kind == OUTPUT:
                    here.sendall(data)
        self._sockets -= {here, there}
        cut(here)
        here.close()
        close_stream(stream)

    def close(self) -> None:
        """Cut all connections, and leave nothing here."""
        for each in (self._listener, *self._sockets):
            cut(each)
        self._listener.close()
        for thread in self._threads:
            thread.join(PATIENCE)
        remove_folder(self.folder)


def send(here: socket.socket, there: socket.socket) -> None:
    """Pass on what is said here; at its end the process over there hears no more, and ends by itself."""
    with contextlib.suppress(OSError):
        while data := here.recv(CHUNK):
            there.sendall(data)
    with contextlib.suppress(OSError):
        # TLS has no half of a connection to end.
        there.shutdown(socket.SHUT_RDWR if isinstance(there, ssl.SSLSocket) else socket.SHUT_WR)


def cut(connection: socket.socket) -> None:
    """End a connection in both directions, which wakes whoever waits for it."""
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
