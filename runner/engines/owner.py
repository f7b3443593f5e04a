"""Who owns a run: this process, told apart from any other on any machine."""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

from runner.core.names import Owner

LAUNCHER_VARIABLE = "EPHEMERAL_RUNNER_LAUNCHER"
"""Set by images/runner/entrypoint.py."""

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


def make_owner(pid: int | None = None) -> Owner:
    """The owner label's parts for a process of this machine; this process by default."""
    pid = os.getpid() if pid is None else pid
    return Owner(find_boot(), pid, find_start(pid))


def find_launcher(environ: Mapping[str, str] = os.environ) -> str:
    """The container that this process runs in, where it is one of the runner's own image; else empty."""
    return environ.get(LAUNCHER_VARIABLE, "")


def is_alive(owner: Owner) -> bool:
    """Whether the owner lives. An owner on another machine, or in another process namespace, counts as living."""
    return owner.boot != find_boot() or find_start(owner.pid) == owner.started


def find_boot() -> str:
    """The identity of this machine's boot and process namespace, in which a process id means something."""
    if not BOOT_ID.exists():
        return os.uname().nodename
    namespace = Path("/proc/self/ns/pid").readlink().name.strip("pid:[]")
    return f"{BOOT_ID.read_text().strip()}-{namespace}"


def find_start(pid: int) -> str:
    """When the process began: clock ticks since boot on Linux, a date elsewhere; empty when there is none such."""
    stat = Path(f"/proc/{pid}/stat")
    if BOOT_ID.exists():
        try:
            # The name in the second field may hold spaces and brackets; the start time is field 22 of all.
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            return ""
        return "" if fields[0] == "Z" else fields[19]
    asked = subprocess.run(["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return "-".join(asked.stdout.split())
