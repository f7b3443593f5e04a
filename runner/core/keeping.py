"""What is kept of failed tests in one run: how many, how much, and what a person is told of it. Pure."""

import shlex
from collections.abc import Iterator

from runner.core.events import Event

MB = 1_000_000

MOST_LINES = 3
"""Kept states that are named one by one."""


class Keeping:
    """The room for kept states of a run; each test has one, that of its last failed attempt."""

    def __init__(self, failures: int, megabytes: int) -> None:
        """Nothing is kept yet.

        Args:
            failures: how many tests may keep their state (`kept_failures`).
            megabytes: how much all of them may take (`kept_megabytes`).
        """
        self.failures, self.megabytes = failures, megabytes
        self._sizes: dict[str, int] = {}
        self._failed: dict[str, None] = {}
        self._folders: dict[str, str] = {}
        self._lost: dict[str, str] = {}

    def admits(self, test: str) -> bool:
        """Whether a test may keep its state."""
        return test in self._sizes or len(self._sizes) < self.failures

    def find_left(self, test: str) -> int:
        """The bytes that a test may take; what it kept of an earlier attempt makes way."""
        return self.megabytes * MB - sum(size for name, size in self._sizes.items() if name != test)

    def note(self, test: str, size: int) -> None:
        """A test has kept its state, of so many bytes."""
        self._sizes[test] = size

    def hear(self, event: Event) -> None:
        """Take one event into account."""
        test = event.data.get("test", "")
        match event.name:
            case "failure-located":
                self._failed[test] = None
            case "failure-kept":
                self._folders[test] = event.data["folder"]
                self._lost.pop(test, None)
            case "failure-lost":
                self._lost[test] = event.data["reason"]

    def describe(self) -> Iterator[str]:
        """What a person should know: where the states are, and what is not kept."""
        for test, folder in [*self._folders.items()][:MOST_LINES]:
            which = f" {shlex.quote(test)}" if len(self._folders) > 1 else ""
            yield f"{folder}: `runner shell --failed{which}`"
        if len(self._folders) > MOST_LINES:
            yield f"{len(self._folders) - MOST_LINES} more in failures/"
        for test, reason in self._lost.items():
            yield f"no state of {test}: {reason}"
        if self._folders and len(self._failed) > len(self._sizes) >= self.failures:
            yield f"state kept of {len(self._sizes)} of {len(self._failed)} failed tests (`kept_failures`)"


def explain_size(size: int, left: int, keeping: Keeping) -> str:
    """Why a database of some bytes is not kept; empty where it is."""
    if size <= left:
        return ""
    return (
        f"the database is not kept: it has {size / MB:.1f} MB, and of {keeping.megabytes} MB (`kept_megabytes`)"
        f" {max(left, 0) / MB:.1f} MB are left"
    )
