"""Follows tests that failed before through a run: which are there, which have run, which are gone. Pure."""

from collections.abc import Sequence

from runner.core.events import Event
from runner.core.failing import Failing, find_plain
from runner.core.words import shorten
from runner.errors import EmptySelectionError

NAMED = 5
"""Tests that a message names."""


class FailingWatch:
    """Follows these tests through a run."""

    def __init__(self, failing: Failing, paths: Sequence[str]) -> None:
        """Begin.

        Args:
            failing: what the run was told.
            paths: what the run was limited to; without one, pytest collects every test.
        """
        self._failing, self._paths = failing, [path.removesuffix("/") for path in paths]
        self._found: set[str] | None = None
        self._ran: set[str] = set()
        self._broken = False

    def hear(self, event: Event, collects_apart: bool) -> None:
        """Take one event into account.

        Args:
            event: of the suite.
            collects_apart: whether the pass may collect other tests than those around it.
        """
        match event.name:
            case "failed-collected" if not collects_apart:
                self._found = {*map(find_plain, event.data["tests"])} | (self._found or set())
            case "test-started":
                self._ran.add(find_plain(event.data["test"]))
            case "collection-failed":
                self._broken = True

    @property
    def is_done(self) -> bool:
        """Whether a run of nothing but these tests has run all that there are."""
        return self._failing.use == "only" and self._found is not None and self._found <= self._ran

    @property
    def gone(self) -> list[str]:
        """Those that pytest did not find where it looked for them."""
        if not self._failing.use or self._found is None or self._broken:
            return []
        known = {*self._found, *self._ran}
        return [test for test in self._failing.tests if find_plain(test) not in known and self._is_selected(test)]

    def _is_selected(self, test: str) -> bool:
        return not self._paths or any(
            path in {"", "."} or test == path or test.startswith((f"{path}/", f"{path}::", f"{path}["))
            for path in self._paths
        )

    @property
    def lines(self) -> list[str]:
        """What a person should know of."""
        gone = self.gone
        return [f"failed before, is not there any more, and is forgotten now: {test}" for test in shorten(gone, NAMED)]

    def check(self, is_empty: bool, selection: str) -> None:
        """Look whether there was anything to run.

        Raises:
            EmptySelectionError: none of these tests is selected, or there any more.
        """
        if self._failing.use != "only" or not is_empty:
            return
        gone = self.gone
        causes = [f"not there any more, and forgotten now: {', '.join(shorten(gone, NAMED))}"] if gone else []
        left = [test for test in self._failing.tests if test not in gone]
        causes += [f"not selected: {', '.join(shorten(left, NAMED))}"] if left else []
        raise EmptySelectionError(
            f"no test that failed before matches {selection}",
            "; ".join(causes),
            "select others, or run all without `--last-failed`",
        )
