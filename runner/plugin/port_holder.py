"""Which worker, or which other process, holds a port: read from /proc, so on Linux only."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterator
from contextlib import suppress
from pathlib import Path

from .slot import WORKER

ABSTRACT = "ephemeral-runner"
"""Begins the names of sockets by which workers know each other."""


def find_holder(protocol: str, port: int) -> tuple[str, str]:
    """The worker that holds a port, and the process in words; each may be empty. Linux only."""
    workers = dict(list_workers())
    pids = list(list_processes(set(list_sockets(protocol, port))))
    for pid in pids:
        if worker := next((workers[each] for each in list_ancestors(pid) if each in workers), "") or read_worker(pid):
            return worker, describe(pid)
    return "", describe(pids[0]) if pids else ""


def list_workers() -> Iterator[tuple[int, str]]:
    """The process id and the name of each worker; see `PortWatch.start`."""
    for line in read("net/unix").splitlines():
        if found := re.search(rf" @{ABSTRACT}/([^/]+)/(\d+)$", line):
            yield int(found[2]), found[1]


def list_sockets(protocol: str, port: int) -> Iterator[str]:
    """The sockets that have a port of this host, as links in `/proc/*/fd` show them."""
    for table in (protocol, f"{protocol}6"):
        for line in read(f"net/{table}").splitlines()[1:]:
            fields = line.split()
            if int(fields[1].rpartition(":")[2], 16) == port:
                yield f"socket:[{fields[9]}]"


def list_processes(links: Collection[str]) -> Iterator[int]:
    """The processes that have one of these open, of those that this user may look into."""
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if any(read_link(each) in links for each in (folder / "fd").iterdir()):
                yield int(folder.name)


def read_link(path: Path) -> str:
    """Where a link leads, or empty: descriptors come and go."""
    try:
        return os.readlink(path)  # noqa: PTH115 -- these lead to no path
    except OSError:
        return ""


def list_ancestors(pid: int) -> Iterator[int]:
    """A process, its parent and so on."""
    while pid:
        yield pid
        # The second field is the name, which may hold spaces and brackets; the fourth is the parent.
        fields = read(f"{pid}/stat").rpartition(")")[2].split()
        pid = int(fields[1]) if fields else 0


def read_worker(pid: int) -> str:
    """The worker in the variables that a process started with: its parents may be gone."""
    started = read(f"{pid}/environ").split("\0")
    return next((each.removeprefix(f"{WORKER}=") for each in started if each.startswith(f"{WORKER}=")), "")


def describe(pid: int) -> str:
    """A process for people."""
    return f"pid {pid}, {read(f'{pid}/comm').strip()}"


def read(name: str) -> str:
    """A file of /proc, or empty: processes come and go, and a host may lack a protocol."""
    try:
        return Path("/proc", name).read_text(errors="replace")
    except OSError:
        return ""
