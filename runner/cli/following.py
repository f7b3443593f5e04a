"""Waits beside a run of another process, and notices that it has ended."""

import errno
import os
import select
import sys
import time
from collections.abc import Callable
from pathlib import Path

from runner.errors import RunnerError

PAUSE = 0.1
"""Seconds between two looks at a file."""

ENGINE_PAUSE = 2.0
"""Seconds between two questions to the engine whether a run lives."""


def has_ended_now() -> bool:
    """For who does not want to wait."""
    return True


def make_end(folder: Path) -> Callable[[], bool]:
    """Whether the run has ended: by its events, or because its owner is gone."""
    from runner.report.run_files import EventReader, is_held

    reader, asked = EventReader(folder), [-ENGINE_PAUSE, 0.0]

    def has_ended() -> bool:
        if reader.read().is_over:
            return True
        if is_held(folder):
            return False
        if time.monotonic() - asked[0] >= ENGINE_PAUSE:
            asked[:] = [time.monotonic(), float(has_containers(folder.name))]
        return not asked[1]

    return has_ended


def has_containers(run: str) -> bool:
    """Whether the engine has containers of a living owner for the run; not where it cannot be asked."""
    from runner.cli.living import ask_engine

    try:
        return run in ask_engine(run)
    except RunnerError:
        return False


def wait(seconds: float) -> None:
    """Wait; a reader that goes away meanwhile ends this as the next write would.

    Raises:
        BrokenPipeError: nobody reads standard output any more.
    """
    poll = select.poll()
    poll.register(sys.stdout, 0)
    if poll.poll(1000 * seconds):
        raise BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE))
