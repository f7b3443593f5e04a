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
                threading.Thread(target=carry, args=(here, socket.create_connection(self._target)), daemon=True).start()

    def close(self) -> None:
        self._listener.close()


def carry(here: socket.socket, there: socket.socket) -> None:
    """Carry one connection until both sides have ended it."""
    with here, there:
        other_way = threading.Thread(target=copy, args=(there, here), daemon=True)
        other_way.start()
        copy(here, there)
        other_way.join()


def copy(source: socket.socket, target: socket.socket) -> None:
    """Pass on what one side says, and that it has nothing more to say."""
    with contextlib.suppress(OSError):
        while data := source.recv(CHUNK):
            target.sendall(data)
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_WR)
