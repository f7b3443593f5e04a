"""A Unix socket here that leads to an engine elsewhere, as `ssh -L` makes one."""

import contextlib
import socket
import threading
from pathlib import Path

from runner.engines.docker.tunnel import CHUNK


class ForwardedSocket:
    """Listens until it is closed."""

    def __init__(self, path: Path, host: str, port: int) -> None:
        self._target = (host, port)
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen()
        self.address = f"unix://{path}"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                here, _ = self._listener.accept()
                there = socket.create_connection(self._target)
                for pair in ((here, there), (there, here)):
                    threading.Thread(target=copy, args=pair, daemon=True).start()

    def close(self) -> None:
        self._listener.close()


def copy(source: socket.socket, target: socket.socket) -> None:
    """Pass on what one side says, and that it has nothing more to say."""
    with contextlib.suppress(OSError):
        while data := source.recv(CHUNK):
            target.sendall(data)
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_WR)
