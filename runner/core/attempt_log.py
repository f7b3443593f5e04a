"""Collects the attempts of every test from the events of a run. Pure."""

from collections.abc import Sequence

from runner.core.attempts import Attempt
from runner.core.events import Event

FINAL = ("rerun", "error", "failed", "xpassed", "xfailed", "skipped", "passed")
"""Verdicts of one attempt, the one that counts first: a test may pass and have an error in its teardown."""


class AttemptLog:
    """What is known of each attempt; an attempt is a test and a number from 1."""

    def __init__(self) -> None:
        self._groups: dict[str, tuple[str, ...]] = {}
        self._found: dict[tuple[str, int], Attempt] = {}
        self._older: dict[str, dict[str, None]] = {}

    def add(self, event: Event) -> None:
        """Take one event into account."""
        data = event.data
        if event.name == "test-started":
            self._groups[data["test"]] = tuple(data["groups"])
        if event.name == "slot-restored":
            self._older.setdefault(data["test"], {}).update(dict.fromkeys(data["older"]))
        if event.name != "test-finished" or data["verdict"] not in FINAL:
            return
        key = (data["test"], data["attempt"])
        before = self._found.get(key)
        if before is None or FINAL.index(data["verdict"]) < FINAL.index(before.verdict):
            self._found[key] = Attempt(
                test=data["test"],
                number=data["attempt"],
                groups=self._groups.get(data["test"], ()),
                **{name: data[name] for name in ("verdict", "seconds", "error", "message", "text", "worker", "reason")},
            )

    @property
    def attempts(self) -> Sequence[Attempt]:
        """All of them, as they ended."""
        return [*self._found.values()]

    @property
    def last(self) -> Sequence[Attempt]:
        """The last attempt of each test: its verdict is the test's."""
        return [*{each.test: each for each in sorted(self._found.values(), key=lambda each: each.number)}.values()]

    @property
    def retried(self) -> Sequence[Attempt]:
        """The attempts that another one followed."""
        return [each for each in self._found.values() if each.verdict == "rerun"]

    def find_older(self, test: str) -> Sequence[str]:
        """What was not restored before another attempt at a test, since it is older than the test."""
        return [*self._older.get(test, ())]


def find_failed(attempts: Sequence[Attempt]) -> list[str]:
    """The tests that failed in the end."""
    return [each.test for each in attempts if each.verdict in {"failed", "error", "rerun"}]
