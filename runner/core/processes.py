"""The processes of a suite container: whose they are, and what they do, in words. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

STATES = {
    "R": "computes",
    "S": "sleeps",
    "D": "waits for a disk",
    "T": "is stopped",
    "t": "is stopped by a debugger",
    "Z": "has ended, and nobody has collected it",
}
"""The states of Linux (proc_pid_stat(5))."""

SHOWN, LONGEST = 5, 60
"""Processes that a worker started which are named, and characters of a command."""


@dataclass(frozen=True)
class Process:
    """One process.

    Attributes:
        pid: its number in the container.
        parent: that of the process that started it.
        state: a letter of Linux.
        place: where in the kernel it sleeps; empty where Linux does not tell.
        command: the program and its arguments.
        ports: those from which it is connected to Postgres.
        worker: the worker that it is, or that it descends from; empty for others.
        is_worker: whether it is the worker itself.
    """

    pid: int
    parent: int = 0
    state: str = ""
    place: str = ""
    command: str = ""
    ports: tuple[int, ...] = ()
    worker: str = ""
    is_worker: bool = False


def find_workers(processes: Sequence[Process]) -> list[Process]:
    """The processes, each with the worker that it descends from; at first only workers themselves have one."""
    by_pid = {each.pid: each for each in processes}

    def find(each: Process) -> str:
        seen = set()
        while not each.worker and each.parent in by_pid and each.pid not in seen:
            seen.add(each.pid)
            each = by_pid[each.parent]
        return each.worker

    return [replace(each, worker=find(each), is_worker=bool(each.worker)) for each in processes]


def map_ports(processes: Sequence[Process]) -> Mapping[int, str]:
    """The workers by the ports from which they are connected to Postgres."""
    return {port: each.worker for each in processes if each.worker for port in each.ports}


def tell_processes(worker: str, processes: Sequence[Process]) -> str:
    """What a worker's own process does, and those that it started; empty where nobody knows."""
    own = [each for each in processes if each.worker == worker and each.is_worker]
    others = [each for each in processes if each.worker == worker and not each.is_worker]
    told = [f"its process {tell_process(each)}" for each in own]
    if others:
        more = f" and {len(others) - SHOWN} more" if len(others) > SHOWN else ""
        told.append("it has started " + ", ".join(map(tell_started, others[:SHOWN])) + more)
    return "; ".join(told)


def tell_process(each: Process) -> str:
    """One process and what it does."""
    place = f" ({each.place})" if each.state in {"S", "D"} and each.place else ""
    return f"{each.pid} {STATES.get(each.state, 'does something unknown')}{place}"


def tell_started(each: Process) -> str:
    """One that a test started, with its command."""
    command = each.command if len(each.command) <= LONGEST else each.command[: LONGEST - 4] + " ..."
    return f"{f'`{command}`' if command else 'another'}, which as process {tell_process(each)}"
