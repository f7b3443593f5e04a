"""The files of one run's folder, while somebody writes them and afterwards."""

import fcntl
import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from runner.core.events import Event
from runner.core.run_state import RunState

EVENTS = "events.jsonl"

HANG = "hang.json"
"""What the tests waited for when the time limit was reached."""

LOGS = {"suite": "suite.log", "postgres": "postgres.log", "services": "services.log"}
"""The logs by the flags that name them."""

CHUNK = 64 * 1024


def hold(file: IO[Any]) -> None:
    """Mark a file as written by a living process: a lock on it, which the system removes however the process ends.

    Other processes see it, also from another container of the same machine. Where the file system has no locks, the
    run's containers are all that shows it lives.
    """
    with suppress(OSError):
        fcntl.flock(file.fileno(), fcntl.LOCK_EX)


def is_held(folder: Path) -> bool:
    """Whether the process that writes a run's events lives; False also where nobody can tell."""
    try:
        with (folder / EVENTS).open("rb") as file:
            fcntl.flock(file.fileno(), fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


class EventReader:
    """Reads a run's events as they come."""

    def __init__(self, folder: Path) -> None:
        self.state = RunState()
        self._path = folder / EVENTS
        self._position = 0

    def read(self) -> RunState:
        """Take what is new; a line without its end is still being written, or was cut, and tells nothing."""
        with suppress(OSError), self._path.open("rb") as file:
            file.seek(self._position)
            whole, end, _ = file.read().rpartition(b"\n")
            self._position += len(whole + end)
            for line in whole.splitlines():
                if event := parse(line):
                    self.state.add(event)
        return self.state


def parse(line: bytes) -> Event | None:
    """The event in a line of `events.jsonl`; None where it holds none."""
    try:
        data = json.loads(line)
        return Event(str(data.pop("event")), float(data.pop("at")), data)
    except (ValueError, AttributeError, KeyError, TypeError, RecursionError):
        return None


def follow(path: Path, has_ended: Callable[[], bool], wait: Callable[[], None]) -> Iterator[bytes]:
    """What a file holds, and what is added to it until `has_ended`; a file that is not there yet is empty.

    Args:
        path: the file.
        has_ended: whether nobody writes it any more.
        wait: called while there is nothing new; may raise to give up.
    """
    position = 0
    while True:
        # What is written before the end is there to be read after it.
        is_last = has_ended()
        with suppress(OSError), path.open("rb") as file:
            file.seek(position)
            while data := file.read(CHUNK):
                position += len(data)
                yield data
        if is_last:
            return
        wait()
