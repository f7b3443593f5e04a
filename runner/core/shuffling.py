"""A random order of tests that can be had again. Pure."""

import random
from collections.abc import Iterable


def shuffle(tests: Iterable[str], seed: int) -> list[str]:
    """A random order: files, then what is in a file, then the tests of a class; each level stays together.

    The same as `runner.plugin.ordering.shuffle`, a copy: that package imports pytest, and stands alone.
    """
    source = random.Random(seed)  # noqa: S311 -- for an order that can be had again

    def place(members: list[tuple[list[str], str]]) -> list[str]:
        groups: dict[str, list[tuple[list[str], str]]] = {}
        for parts, test in members:
            groups.setdefault(parts[0] if parts else "", []).append((parts[1:], test))
        names = list(groups)
        source.shuffle(names)
        return [test for name in names for test in finish(groups[name])]

    def finish(members: list[tuple[list[str], str]]) -> list[str]:
        return place(members) if any(parts for parts, _ in members) else [test for _, test in members]

    return place([(split(test), test) for test in tests])


def split(test: str) -> list[str]:
    """The parts of a test's id; a parameter may hold any text."""
    plain, bracket, parameters = test.partition("[")
    *parts, last = plain.split("::")
    return [*parts, last + bracket + parameters]
