"""A process beside the runner that removes what the lease cannot: containers that were made but not yet started.

The runner holds its standard input open and writes `done` when it has cleaned up by itself. At end-of-file without
that word the runner was killed: whatever carries the run's label is removed, and what the runner named, one a line:
folders of tunnels are removed, processes are killed with their group. The lease ends started containers
sooner; this also covers a request that was under way when the runner died, so it looks more than once.

    python -m runner.engines.docker.watchdog RUN
"""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from typing import Self

from runner.engines.owner import find_start

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

    def add_folder(self, folder: str) -> None:
        """Name a folder of the run's own, such as a tunnel's, which must not outlive it either."""
        self._name(os.fsencode(folder))

    def add_process(self, pid: int) -> None:
        """Name a process that leads a group of its own and makes containers; it must not go on without the runner."""
        self._name(f"{pid} {find_start(pid)}".encode())

    def _name(self, line: bytes) -> None:
        if self._process.stdin is not None:
            with contextlib.suppress(OSError):
                self._process.stdin.write(line + b"\n")
                self._process.stdin.flush()

    def __exit__(self, *_: object) -> None:
        """Dismiss it; it ends by itself a moment later."""
        with contextlib.suppress(OSError):
            self._process.communicate(DONE)


def kill_group(pid: str, started: str) -> None:
    """Kill a process and its group, unless it has ended: another may have its number by now."""
    if started and find_start(int(pid)) == started:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(int(pid), signal.SIGKILL)


def main() -> None:
    """Wait for the owner, and clean up after it where it could not."""
    run = sys.argv[1]
    said = sys.stdin.buffer.read()
    if said.endswith(DONE):
        return
    from docker.errors import DockerException

    from runner.engines.docker import leftovers
    from runner.engines.docker.connect import connect
    from runner.errors import RunnerError

    for line in map(os.fsdecode, said.splitlines()):
        if line.startswith("/"):
            shutil.rmtree(line, ignore_errors=True)
        else:
            kill_group(*line.split(" ", 1))
    deadline = time.monotonic() + LOOKS_LAST
    while time.monotonic() < deadline:
        with contextlib.suppress(RunnerError, DockerException):
            client = connect(os.environ.get("DOCKER_HOST"))
            leftovers.remove(client, leftovers.list_objects(client, run))
        time.sleep(0.2)


if __name__ == "__main__":
    main()
