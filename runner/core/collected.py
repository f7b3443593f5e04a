"""What a collection found: tests, their marks, and the marks that somebody declared. Pure."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from runner.core.events import Event


class Collected:
    """Takes the events of a collection, and counts."""

    def __init__(self, marks_of: Mapping[str, Sequence[str]]) -> None:
        """Begin.

        Args:
            marks_of: the marks of each group.
        """
        self._marks_of = marks_of
        self._tests: dict[str, frozenset[str]] = {}
        self._declared: frozenset[str] = frozenset()

    def add(self, event: Event) -> None:
        """Take one event into account."""
        if event.name == "test-collected":
            self._tests[event.data["test"]] = frozenset(event.data["marks"])
        elif event.name == "marks-declared":
            self._declared = frozenset(event.data["marks"])

    def count(self) -> dict[str, int]:
        """How many tests belong to each group."""
        return {
            name: sum(not marks.isdisjoint(wanted) for marks in self._tests.values())
            for name, wanted in self._marks_of.items()
        }

    @property
    def in_no_group(self) -> list[str]:
        """The tests that belong to none."""
        known = frozenset(mark for marks in self._marks_of.values() for mark in marks)
        return [test for test, marks in self._tests.items() if known.isdisjoint(marks)]

    @property
    def undeclared(self) -> dict[str, list[str]]:
        """The marks that nobody declared, each with its tests."""
        found: defaultdict[str, list[str]] = defaultdict(list)
        for test, marks in self._tests.items():
            for mark in sorted(marks - self._declared):
                found[mark].append(test)
        return dict(sorted(found.items()))
