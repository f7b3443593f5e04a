"""Marks on databases and schemas that say which process made them, so that those of dead processes can be found."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

PREFIX = "ephemeral-runner standalone "
"""Begins the comment of each database and schema that a suite without the runner makes."""

BOOT = Path("/proc/sys/kernel/random/boot_id")
MACHINE = Path("/etc/machine-id")
NAMESPACE = Path("/proc/self/ns/pid")


def make_mark(of: str, pid: int) -> str:
    """The comment for what is made in a session.

    Args:
        of: the database in the address that the suite was given; what another suite made is no concern of this one.
        pid: the session's leading process.
    """
    return PREFIX + json.dumps({"of": of, **identify(pid)})


def is_dead(mark: str, of: str) -> bool:
    """Whether the mark is of the same database, and of a process of this machine that is gone.

    Processes of another machine, or in another container, count as living.
    """
    if not mark.startswith(PREFIX):
        return False
    try:
        found = json.loads(mark.removeprefix(PREFIX))
        here = identify(int(found["pid"]))
    except (ValueError, TypeError, KeyError):
        return False
    if found.get("of") != of or found.get("host") != here["host"]:
        return False
    return found.get("boot") != here["boot"] or is_gone(found, here)


def is_gone(found: Mapping[str, object], here: Mapping[str, object]) -> bool:
    """Whether a process of this boot is gone: its id is free, or another process's by now."""
    return found.get("namespace") == here["namespace"] and found.get("started") != here["started"]


def identify(pid: int) -> dict[str, object]:
    """A process of this machine, told apart from any other on any machine."""
    host = f"{os.uname().nodename} {read(MACHINE)}".strip()
    namespace = NAMESPACE.readlink().name if NAMESPACE.is_symlink() else ""
    return {"host": host, "boot": read(BOOT), "namespace": namespace, "pid": pid, "started": find_start(pid)}


def find_start(pid: int) -> str:
    """When a process began: clock ticks since boot on Linux, a date elsewhere; empty when there is none such."""
    if BOOT.exists():
        # The name in the second field may hold spaces and brackets; the start time is field 22 of all.
        fields = read(Path(f"/proc/{pid}/stat")).rpartition(")")[2].split()
        return fields[19] if fields and fields[0] != "Z" else ""
    asked = subprocess.run(["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return "-".join(asked.stdout.split())


def read(path: Path) -> str:
    """The text of a small file; empty where there is none."""
    try:
        return path.read_text().strip()
    except OSError:
        return ""
