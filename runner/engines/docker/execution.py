"""A process beside a container's first one, with its streams attached: what a person at a terminal talks to."""

import contextlib
import socket
import ssl
import threading
import time
from typing import Any, BinaryIO

from docker.api.client import APIClient
from docker.errors import DockerException
from requests.exceptions import RequestException

from runner.engines.docker.connect import translate
from runner.engines.docker.frames import read_frames
from runner.engines.docker.lease import close_stream
from runner.engines.protocol import OUTPUT, Command, Receiver, Size

CHUNK = 64 * 1024
PATIENCE = 2.0
"""Seconds in which the engine knows the exit code of a process whose output has ended."""

UNKNOWN = 255
"""The exit code where the engine knows none: the container was removed under the process."""


class Execution:
    """One process; see `runner.engines.protocol.Process`."""

    def __init__(
        self, api: APIClient, container: str, command: Command, receiver: Receiver, folder: str | None = None
    ) -> None:
        """Start it.

        Args:
            api: the engine.
            container: where it runs.
            command: what it is.
            receiver: gets what it says, in a thread.
            folder: the process's; None for the container's own.

        Raises:
            EngineError: the engine cannot start it.
        """
        self.exit_code: int | None = None
        self._api, self._receiver, self._has_terminal = api, receiver, command.size is not None
        with translate("cannot start a process in the container"):
            self._id: str = api.exec_create(
                container,
                [*command.argv],
                stdin=command.reads,
                tty=self._has_terminal,
                environment=dict(command.environment),
                workdir=folder,
                user=command.user,
            )["Id"]
            stream: Any = api.exec_start(self._id, tty=self._has_terminal, socket=True)
        self._stream = stream
        self._socket: socket.socket = getattr(stream, "_sock", stream)
        # The client's time limit for calls would end a process that is silent for long.
        self._socket.settimeout(None)
        threading.Thread(target=self._pump, daemon=True).start()
        if command.size is not None:
            threading.Thread(target=self._set_first_size, args=(command.size,), daemon=True).start()

    def _set_first_size(self, size: Size) -> None:
        """Set the size as soon as there is a terminal: the engine answers before it has started the process."""
        deadline = time.monotonic() + PATIENCE
        while self.exit_code is None and time.monotonic() < deadline:
            try:
                self._api.exec_resize(self._id, height=size.rows, width=size.columns)
            except (DockerException, RequestException):
                time.sleep(0.01)
            else:
                return

    def _pump(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            if self._has_terminal:
                source = find_reader(self._stream)
                while data := source.recv(CHUNK):
                    self._receiver(OUTPUT, data)
            else:
                for stream, data in read_frames(find_reader(self._stream)):
                    self._receiver(stream, data)
        self.exit_code = self._find_exit_code()

    def _find_exit_code(self) -> int:
        """The engine may know it a moment later than the end of the output."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            try:
                found = self._api.exec_inspect(self._id)
            except (DockerException, RequestException):
                break
            if not found["Running"] and found["ExitCode"] is not None:
                return int(found["ExitCode"])
            time.sleep(0.01)
        return UNKNOWN

    def send(self, data: bytes) -> None:
        """Write to standard input."""
        with contextlib.suppress(OSError):
            self._socket.sendall(data)

    def end_input(self) -> None:
        """End standard input. TLS has no half of a connection to end: there the process gets none from the start."""
        with contextlib.suppress(OSError):
            if not isinstance(self._socket, ssl.SSLSocket):
                self._socket.shutdown(socket.SHUT_WR)

    def resize(self, size: Size) -> None:
        """Tell the terminal's size; a process that has ended has none."""
        with contextlib.suppress(DockerException, RequestException):
            self._api.exec_resize(self._id, height=size.rows, width=size.columns)

    def close(self) -> None:
        """Cut the connection."""
        close_stream(self._stream)


class Reader:
    """A buffered file as the one end of a connection."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def recv(self, size: int) -> bytes:
        """At most so many bytes, as soon as there are some; none at the end."""
        return self._file.read1(size)  # type: ignore[attr-defined, no-any-return]  # A BufferedReader has it.


def find_reader(stream: Any) -> Any:
    """Where to read from what the SDK calls a socket: it may have read on behind the head of the answer already."""
    answer = getattr(stream, "_response", None)
    file = getattr(getattr(getattr(answer, "raw", None), "_fp", None), "fp", None)
    return getattr(stream, "_sock", stream) if file is None else Reader(file)
