"""Asks processes of a suite container where their Python code is, as JSON: the text of faulthandler by process id.

    stacks_inside.py PID FILE [PID FILE ...]

Sent as text to the container's own Python (runner/engines/docker/inspection.py), so it needs the standard library only.
"""

import json
import os
import re
import signal
import sys
import time
from pathlib import Path

SIGNAL = getattr(signal, "SIGRTMIN", 34) + 10
"""See runner/plugin/stacks.py."""

PATIENCE, PAUSE = 0.5, 0.01
"""Seconds for a process to write, and between two looks."""


def catches(pid: str) -> bool:
    """Whether a process has a handler for the signal, which would end others (proc_pid_status(5))."""
    try:
        found = re.search(r"^SigCgt:\s*([0-9a-f]+)$", Path("/proc", pid, "status").read_text(), re.MULTILINE)
    except OSError:
        return False
    return found is not None and bool(int(found[1], 16) >> (SIGNAL - 1) & 1)


def ask(pid: str, file: str) -> str:
    """What a process writes; empty where it does not."""
    if not catches(pid):
        return ""
    os.truncate(file, 0)
    os.kill(int(pid), SIGNAL)
    size, deadline = 0, time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        time.sleep(PAUSE)
        before, size = size, os.stat(file).st_size  # noqa: PTH116 -- beside os.truncate
        if size and size == before:
            break
    return Path(file).read_text(errors="replace")


def main() -> None:
    """Ask all that were named."""
    stacks = {}
    for pid, file in zip(sys.argv[1::2], sys.argv[2::2]):  # noqa: B905 -- for any Python that a suite may have
        try:
            stacks[pid] = ask(pid, file)
        except OSError:
            stacks[pid] = ""
    print(json.dumps(stacks))


if __name__ == "__main__":
    main()
