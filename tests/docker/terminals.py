"""The command itself at a real pseudo-terminal."""

import sys
from pathlib import Path

import pexpect
from commands import make_environment


def open_terminal(folder: Path, *args: str, rows: int = 40, columns: int = 100, **changes: str) -> pexpect.spawn:
    """Start `runner` with arguments; `changes` are variables of its environment."""
    return pexpect.spawn(
        sys.executable,
        ["-m", "runner", *args],
        cwd=str(folder),
        env=make_environment(**{"TERM": "xterm", **changes}),
        dimensions=(rows, columns),
        encoding="utf-8",
        timeout=200,
    )
