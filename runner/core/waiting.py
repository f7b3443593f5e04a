"""Why tests hang: who waits for whom, through Postgres's locks and through the tests themselves. Pure.

A backend that waits for a lock waits for those that hold it. One that is idle in a transaction waits for its client,
the test; and the test waits for the answers of its other backends. A circle is a deadlock, and Postgres sees only
those that are made of locks alone.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from runner.core.backends import Backend

PATIENCE = 1.0
"""Seconds that a backend may wait for a lock before it is worth a word."""

LONG = 10.0
"""Seconds that a test, or one statement, may take before it is worth a word."""

Kind = Literal["deadlock", "deadlock-through-test", "blocked", "statement", "test"]
Node = int | str
"""A backend by its process id, or a worker by its name."""


@dataclass(frozen=True)
class RunningTest:
    """What a worker does.

    Attributes:
        worker: its name.
        test: the test's id.
        seconds: for how long.
        is_over: whether the test has its verdict; its teardown may still run.
    """

    worker: str
    test: str
    seconds: float
    is_over: bool = False


@dataclass(frozen=True)
class Finding:
    """One reason why something hangs.

    Attributes:
        kind: what it is.
        workers: whose tests hang.
        path: the backends, each waiting for the next; a worker stands between one that waits for it and one that it
            waits for. In a deadlock the last waits for the first.
        seconds: for how long.
    """

    kind: Kind
    workers: tuple[str, ...]
    path: tuple[Node, ...]
    seconds: float


def find_reasons(backends: Sequence[Backend], tests: Sequence[RunningTest]) -> list[Finding]:
    """What hangs and why: deadlocks, then locks, then what takes long without either."""
    by_pid = {each.pid: each for each in backends}
    graph = make_graph(backends)
    waiting = [each for each in backends if each.blockers and each.lock_seconds >= PATIENCE]
    found: list[Finding] = []
    in_circles: set[Node] = set()
    for each in waiting:
        circle = find_circle(each.pid, graph)
        if circle and not in_circles.issuperset(circle):
            in_circles.update(circle)
            found.append(make_deadlock(circle, by_pid))
    for each in waiting:
        if each.pid not in in_circles:
            path = tuple(follow(each.pid, graph, in_circles))
            found.append(Finding("blocked", (each.worker,) if each.worker else (), path, each.lock_seconds))
    told = {worker for each in found for worker in each.workers}
    return found + [find_long(each, backends) for each in tests if is_long(each) and each.worker not in told]


def make_graph(backends: Sequence[Backend]) -> Mapping[Node, tuple[Node, ...]]:
    """Who waits for whom."""
    graph: dict[Node, tuple[Node, ...]] = {}
    for each in backends:
        if each.blockers:
            graph[each.pid] = each.blockers
            if each.worker:
                graph[each.worker] = (*graph.get(each.worker, ()), each.pid)
        elif each.is_in_transaction and each.worker and each.seconds >= PATIENCE:
            graph[each.pid] = (each.worker,)
    return graph


def find_circle(start: Node, graph: Mapping[Node, tuple[Node, ...]]) -> tuple[Node, ...]:
    """The shortest way from a node back to itself, which it begins; empty where there is none."""
    ways: list[tuple[Node, ...]] = [(start,)]
    seen: set[Node] = set()
    for way in ways:
        for following in graph.get(way[-1], ()):
            if following == start:
                return way
            if following not in seen:
                seen.add(following)
                ways.append((*way, following))
    return ()


def make_deadlock(circle: tuple[Node, ...], by_pid: Mapping[int, Backend]) -> Finding:
    """What a circle means; it has lasted since its last backend began to wait."""
    members = [by_pid[node] for node in circle if isinstance(node, int) and node in by_pid]
    workers = tuple(dict.fromkeys(each.worker for each in members if each.worker))
    seconds = min(each.lock_seconds if each.blockers else each.seconds for each in members)
    through = any(isinstance(node, str) for node in circle)
    return Finding("deadlock-through-test" if through else "deadlock", workers, circle, seconds)


def follow(start: int, graph: Mapping[Node, tuple[Node, ...]], in_circles: set[Node]) -> Iterator[int]:
    """A backend and those that it waits for, one behind the other, to one that waits for no backend, or a circle."""
    pid, seen = start, set[Node]()
    while pid not in seen:
        yield pid
        seen.add(pid)
        following = [node for node in graph.get(pid, ()) if isinstance(node, int)]
        if not following or pid in in_circles:
            return
        pid = following[0]


def is_long(test: RunningTest) -> bool:
    """Whether a test takes long enough for a word."""
    return test.seconds >= LONG and not test.is_over


def find_long(test: RunningTest, backends: Sequence[Backend]) -> Finding:
    """Why a test takes long that waits for no lock: a statement, or the test itself."""
    own = [each for each in backends if each.worker == test.worker]
    slow = [each for each in own if each.state == "active" and each.seconds >= LONG]
    longest = max(slow, key=lambda each: each.seconds, default=None)
    if longest is not None:
        return Finding("statement", (test.worker,), (longest.pid,), longest.seconds)
    return Finding("test", (test.worker,), tuple(each.pid for each in own), test.seconds)
