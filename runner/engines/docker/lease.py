"""The lease: the open connection to a container's standard input that keeps the container alive.

The container's first process (images/base/lease.py) ends it at end-of-file on standard input. The engine closes
that input when this connection breaks, so a container never outlives its owner, SIGKILL included.
"""

import contextlib
import json
import socket
import threading
from collections.abc import Iterator
from typing import Any

from docker.api.client import APIClient

from runner.engines.docker.frames import read_frames
from runner.engines.protocol import END, Receiver


class Lease:
    """The attached streams of one container.

    Attach before the container starts, so that no output is lost and no moment is without a lease.
    """

    def __init__(self, api: APIClient, container_id: str) -> None:
        streams = {"stdin": 1, "stdout": 1, "stderr": 1, "stream": 1}
        self._stream = api.attach_socket(container_id, params=streams)
        self._socket: socket.socket = getattr(self._stream, "_sock", self._stream)
        # The client's time limit for calls would end the connection of a suite that is silent for long.
        self._socket.settimeout(None)
        self._lock = threading.Lock()

    def send(self, **command: Any) -> None:
        """Send one command to the container's first process; a container that is gone is not an error here."""
        with self._lock:
            try:
                self._socket.sendall(json.dumps(command).encode() + b"\n")
            except OSError:
                return

    def receive(self, receiver: Receiver) -> None:
        """Pass on all output in a thread of its own until the container ends."""
        threading.Thread(target=self._pump, args=(receiver,), daemon=True).start()

    def _pump(self, receiver: Receiver) -> None:
        for stream, data in self._frames():
            receiver(stream, data)
        receiver(END, b"")

    def _frames(self) -> Iterator[tuple[int, bytes]]:
        try:
            yield from read_frames(self._socket)
        except (OSError, ValueError):
            return

    def close(self) -> None:
        """Give the container up: it ends by itself."""
        close_stream(self._stream)


def close_stream(stream: Any) -> None:
    """Close what the SDK calls a socket, with the answer that it keeps beside it.

    Python 3.13 complains when the two are collected in the wrong order, Python 3.11 where one is not closed.
    """
    connection: socket.socket = getattr(stream, "_sock", stream)
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
    connection.close()
    with contextlib.suppress(OSError, ValueError):
        getattr(stream, "_response", stream).close()
    stream.close()
