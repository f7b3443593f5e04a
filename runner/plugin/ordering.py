"""The order of tests: an exact one, a random one, or the longest scopes first; else as declared."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest


def is_wanted(wiring: Mapping[str, Any]) -> bool:
    """Whether there is an order of ours."""
    return wiring.get("seed") is not None or any(wiring.get(name) for name in ("order", "durations", "failed"))


class Ordering:
    """Registered in every process that collects tests; each worker comes to the same order."""

    def __init__(self, wiring: Mapping[str, Any]) -> None:
        self._wiring = wiring

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        """Reorder the selected tests in place."""
        if path := self._wiring.get("order"):
            self._keep(config, items, json.loads(Path(path).read_text()))
        elif (seed := self._wiring.get("seed")) is not None:
            items[:] = shuffle(items, lambda item: item.nodeid, seed)
        elif (durations := self._wiring.get("durations")) and hasattr(config, "workerinput"):
            items.sort(key=make_longest_first(durations))

    def _keep(self, config: pytest.Config, items: list[pytest.Item], names: Sequence[str]) -> None:
        """Keep only the named tests, in their order."""
        found = {item.nodeid: item for item in items}
        kept = [found.pop(name) for name in names if name in found]
        config.hook.pytest_deselected(items=[*found.values()])
        items[:] = kept


def find_scope(nodeid: str) -> str:
    """What xdist's loadscope keeps together: a class, or the functions of a file."""
    return nodeid.partition("[")[0].rpartition("::")[0]


def make_longest_first(durations: Mapping[str, float]) -> Callable[[pytest.Item], float]:
    """A key for sorting: scopes by their seconds, the longest first; those that are not known in the middle."""
    known = sorted(durations.values())
    middle = known[len(known) // 2]

    return lambda item: -durations.get(find_scope(item.nodeid), middle)


def shuffle(items: list[Any], find_id: Callable[[Any], str], seed: int) -> list[Any]:
    """A random order: files, then what is in a file, then the tests of a class; each level stays together.

    The same as `runner.core.shuffling.shuffle`, a copy: the plugin stands alone.
    """
    source = random.Random(seed)  # noqa: S311 -- for an order that can be had again

    def place(parts: list[tuple[list[str], Any]], depth: int) -> list[Any]:
        groups: dict[str, list[tuple[list[str], Any]]] = {}
        for names, item in parts:
            groups.setdefault(names[depth] if depth < len(names) else "", []).append((names, item))
        keys = list(groups)
        source.shuffle(keys)
        ordered: list[Any] = []
        for key in keys:
            members = groups[key]
            last = all(depth + 1 >= len(names) for names, _ in members)
            ordered += [item for _, item in members] if last else place(members, depth + 1)
        return ordered

    return place([(split(find_id(item)), item) for item in items], 0)


def split(nodeid: str) -> list[str]:
    """The parts of a test's id; a parameter may hold any text."""
    plain, bracket, parameters = nodeid.partition("[")
    *parts, last = plain.split("::")
    return [*parts, last + bracket + parameters]
