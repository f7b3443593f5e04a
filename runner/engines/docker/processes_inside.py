"""Lists the processes of a suite container, as JSON: what they do, and which ports of Postgres's clients are theirs.

Sent as text to the container's own Python (runner/engines/docker/inspection.py), so it needs the standard library only.
"""

import json
import os
import re
from pathlib import Path

WORKER = re.compile(r" @ephemeral-runner/([^/]+)/(\d+)$", re.MULTILINE)
"""The name by which each process that runs tests can be found; see runner/plugin/port_watch.py."""

LOOPBACK = ("0100007F", "00000000000000000000000001000000", "0000000000000000FFFF00000100007F")
"""Where Postgres is, as the kernel writes it: 127.0.0.1, ::1 and ::ffff:127.0.0.1."""

ESTABLISHED = "01"


def read(name: str) -> str:
    """A file of /proc, or empty: processes come and go."""
    try:
        return Path("/proc", name).read_text(errors="replace")
    except OSError:
        return ""


def find_ports() -> "dict[str, int]":
    """The clients' ports of connections to Postgres and others on this network, by what `/proc/*/fd` shows of them."""
    ports = {}
    for table in ("tcp", "tcp6"):
        for line in read("net/" + table).splitlines()[1:]:
            fields = line.split()
            if fields[2].partition(":")[0] in LOOPBACK and fields[3] == ESTABLISHED:
                ports[f"socket:[{fields[9]}]"] = int(fields[1].partition(":")[2], 16)
    return ports


def find_links(pid: str) -> "list[str]":
    """What a process has open."""
    folder = f"/proc/{pid}/fd"
    try:
        return [os.readlink(f"{folder}/{name}") for name in os.listdir(folder)]  # noqa: PTH115, PTH208 -- no paths
    except OSError:
        return []


def describe(pid: str, ports: "dict[str, int]") -> "dict[str, object]":
    """One process."""
    # The second field is the name, which may hold spaces and brackets.
    fields = read(f"{pid}/stat").rpartition(")")[2].split()
    return {
        "pid": int(pid),
        "parent": int(fields[1]) if fields else 0,
        "state": fields[0] if fields else "",
        "place": read(f"{pid}/wchan").strip("0").partition(".")[0],
        "command": read(f"{pid}/cmdline").replace("\0", " ").strip(),
        "ports": [ports[link] for link in find_links(pid) if link in ports],
    }


def main() -> None:
    """Print all processes but this one and the one that limits its time."""
    ports = find_ports()
    ours = {str(os.getpid()), str(os.getppid())}
    pids = [each.name for each in Path("/proc").glob("[0-9]*") if each.name not in ours]
    workers = {int(pid): name for name, pid in WORKER.findall(read("net/unix"))}
    processes = [{**found, "worker": workers.get(int(pid), "")} for pid in pids if (found := describe(pid, ports))]
    print(json.dumps(processes))


if __name__ == "__main__":
    main()
