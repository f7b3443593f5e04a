"""A port that a container publishes: connections to it go to the server of the slot."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress

BLOCK = 65536


class Port:
    """A listening port of the loopback, until it is closed."""

    def __init__(self, port: int, target: tuple[str, int]) -> None:
        """Listen, and pass on what comes.

        Args:
            port: which one.
            target: the server's host and port.

        Raises:
            OSError: the port is taken.
        """
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", port))
        self._open: set[socket.socket] = set()
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                try:
                    far = socket.create_connection(self._target)
                except OSError:
                    near.close()
                    continue
                self._open |= {near, far}
                for ends in ((near, far), (far, near)):
                    threading.Thread(target=self._copy, args=ends, daemon=True).start()

    def _copy(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while block := source.recv(BLOCK):
                sink.sendall(block)
        for each in (source, sink):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()
        self._open -= {source, sink}

    def close(self) -> None:
        """End the port and its connections, as a container that stops does."""
        with suppress(OSError):
            # Closing alone would leave the thread in `accept`.
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for each in [*self._open]:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
