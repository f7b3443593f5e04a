"""Lets `runner status` see where the Python code of this process is: a signal writes all stacks to a file."""

from __future__ import annotations

import faulthandler
import os
import signal
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from . import slot
from .channel import move_away

OFFSET = 10
"""Added to the first of the real-time signals, which suites have no use for; runner/engines/docker/stacks_inside.py
sends it, and only to processes that catch it."""


def offer(wiring: Mapping[str, Any]) -> None:
    """Write the stacks of all threads to `stacks.txt` in the worker's folder at each signal.

    faulthandler's handler is C code, which needs no turn of the interpreter and lets system calls go on.
    """
    if not wiring.get("folders") or not hasattr(signal, "SIGRTMIN"):
        return
    path = Path(wiring["folders"]) / slot.find_worker(wiring) / "stacks.txt"
    with suppress(OSError, ValueError):
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        faulthandler.register(signal.SIGRTMIN + OFFSET, move_away(descriptor), all_threads=True)
