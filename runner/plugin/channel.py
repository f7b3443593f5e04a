"""The way from the suite's processes to the runner: events as JSON lines, and answers as files.

Every process that runs tests, and xdist's controller, has a connection of its own to process 1 of its container
(images/base/lease.py), so that lines of several processes never mix. The runner answers by letting that process write
a file into the folder READY; a file with text in it is a refusal.
"""

from __future__ import annotations

import fcntl
import json
import os
import resource
import socket
import stat
import time
from pathlib import Path
from typing import Any

READY_VARIABLE = "EPHEMERAL_RUNNER_READY"
READY_FOLDER = "/run/runner/ready"
PATIENCE = 120.0
"""Seconds to wait for an answer. The runner's own, shorter limit ends the run first; this one is the last resort."""

PAUSE = 0.001
"""Seconds between two looks for an answer, which takes the runner from 2 ms on."""

HIGH_DESCRIPTOR = 200


class RefusedError(Exception):
    """The runner could not do what was asked; the text is the runner's."""


class Channel:
    """An open way to the runner."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._process = os.getpid()

    def tell(self, event: str, **data: Any) -> None:
        """Write one line; a runner that is gone is no error of the suite's, and a forked child has nothing to say."""
        if os.getpid() != self._process:
            return
        line = (json.dumps({"event": event, **data}) + "\n").encode()
        try:
            while line:
                line = line[os.write(self._descriptor, line) :]
        except OSError:
            return

    def ask(self, event: str, answer: str, **data: Any) -> None:
        """Tell something with the name of the answer, and wait for the file of that name.

        Raises:
            RefusedError: the runner refused.
            TimeoutError: the runner said nothing.
        """
        self.tell(event, answer=answer, **data)
        wait_for(answer)


def wait_for(answer: str) -> None:
    """Wait until the runner has answered; raises as `Channel.ask` does."""
    path = Path(os.environ.get(READY_VARIABLE, READY_FOLDER)) / answer
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            text = path.read_text()
        except FileNotFoundError:
            if time.monotonic() > deadline:
                raise TimeoutError(f"the runner did not answer `{answer}` within {PATIENCE:g} s") from None
            time.sleep(PAUSE)
            continue
        if text:
            raise RefusedError(text)
        return


def open_channel(path: str) -> Channel | None:
    """The channel at a path, which is a socket, or a plain file that gets the lines; None where there is none."""
    try:
        if stat.S_ISSOCK(Path(path).stat().st_mode):
            connection = socket.socket(socket.AF_UNIX)
            connection.connect(path)
            descriptor = connection.detach()
        else:
            descriptor = os.open(path, os.O_WRONLY | os.O_APPEND)
    except OSError:
        return None
    return Channel(move_away(descriptor))


def move_away(descriptor: int) -> int:
    """A descriptor's new number, away from the small ones, which tests that close and open files may get hold of.

    Children do not inherit it.
    """
    highest = resource.getrlimit(resource.RLIMIT_NOFILE)[0] - 1
    moved = fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, max(descriptor, min(HIGH_DESCRIPTOR, highest)))
    os.close(descriptor)
    return moved
