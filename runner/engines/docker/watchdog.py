"""A process beside the runner that removes what the lease cannot: containers that were made but not yet started.

The runner holds its standard input open and writes `done` when it has cleaned up by itself. At end-of-file without
that word the runner was killed: whatever carries the run's label is removed. The lease ends started containers
sooner; this also covers a request that was under way when the runner died, so it looks more than once.

    python -m runner.engines.docker.watchdog RUN
"""

import contextlib
import os
import subprocess
import sys
import time
from typing import Self

DONE = b"done"
LOOKS_LAST = 3.0
"""Seconds to go on looking after the owner's death: a request under way may still make a container."""


class Watchdog:
    """Started before the first container, dismissed after the last is gone."""

    def __init__(self, run: str) -> None:
        # A session of its own: neither the terminal's Ctrl-C nor the death of the process group reaches it.
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__, run],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
            start_new_session=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Dismiss it; it ends by itself a moment later."""
        with contextlib.suppress(OSError):
            self._process.communicate(DONE)


def main() -> None:
    """Wait for the owner, and clean up after it where it could not."""
    run = sys.argv[1]
    if sys.stdin.buffer.read().endswith(DONE):
        return
    from docker.errors import DockerException

    from runner.engines.docker import leftovers
    from runner.engines.docker.connect import connect
    from runner.errors import RunnerError

    deadline = time.monotonic() + LOOKS_LAST
    while time.monotonic() < deadline:
        with contextlib.suppress(RunnerError, DockerException):
            client = connect(os.environ.get("DOCKER_HOST"))
            leftovers.remove(client, leftovers.list_objects(client, run))
        time.sleep(0.2)


if __name__ == "__main__":
    main()
