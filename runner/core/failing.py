"""Tests that failed in earlier runs and did not pass since: they run alone, or first. Pure."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from runner.core.events import Event
from runner.core.groups import Group
from runner.core.passes import Pass
from runner.core.words import shorten
from runner.errors import EmptySelectionError

Use = Literal["", "only", "first"]
"""What a run does with them: nothing of its own, `--last-failed`, or `--failed-first`."""

OPTIONS = {"only": "--last-failed", "first": "--failed-first"}

CACHED = re.compile(r"--(lf|ff|nf|last-failed|failed-first|new-first)\b")
"""Options of pytest that need its cache (pytest's documentation, "Re-running failed tests")."""

NOTHING_KNOWN = "no test is known to have failed: all that are selected run"

NAMED = 5
"""Tests that a message names."""


@dataclass(frozen=True)
class Failing:
    """What a run is told of earlier ones.

    Attributes:
        tests: the groups, by name, of each test that failed in its newest run.
        use: what the run does with them.
        known: every test of earlier runs; only where pytest's own `--new-first` asks for them.
        note: what a person should know of before the run.
    """

    tests: Mapping[str, Sequence[str]] = field(default_factory=dict)
    use: Use = ""
    known: Sequence[str] = ()
    note: str = ""

    def __bool__(self) -> bool:
        """Whether there is anything to tell the suite's process."""
        return bool(self.tests or self.known)

    def as_json(self) -> bytes:
        """The file that the plugin reads."""
        return json.dumps({"use": self.use, "tests": [*self.tests], "known": [*self.known]}).encode()

    def find_likely(self, passes: Sequence[Pass], groups: Mapping[str, Group]) -> list[Pass]:
        """The passes that have some of these tests, if their marks are as they were."""
        likely: list[Pass] = []
        for names in self.tests.values():
            marks = {mark for name in names if name in groups for mark in groups[name].marks}
            special = [each for each in passes if not each.marks.isdisjoint(marks)]
            likely += special or [each for each in passes if not each.marks]
        return [each for each in passes if each in likely]


def make_failing(tests: Mapping[str, Sequence[str]], use: Use, known: Sequence[str] = ()) -> Failing:
    """What the run is told; where no test is known to have failed, all that are selected run, as pytest does it."""
    if not use:
        return Failing(tests, "", known)
    if not tests:
        return Failing(tests, "", known, NOTHING_KNOWN)
    how = "alone" if use == "only" else "first"
    one, more = f"1 test failed and has not passed since: it runs {how}", f"have not passed since: they run {how}"
    return Failing(tests, use, known, one if len(tests) == 1 else f"{len(tests)} tests failed and {more}")


def wants_cache(texts: Iterable[str]) -> bool:
    """Whether one of these texts, arguments or files with pytest's settings, names an option that needs its cache."""
    return any(CACHED.search(text) for text in texts)


def find_plain(test: str) -> str:
    """A test's id without the name of its group, which xdist adds with `--dist loadgroup`.

    The same as `runner.plugin.failed.find_plain`, a copy: that package stands alone.
    """
    at = test.rfind("@")
    return test[:at] if at > max(test.rfind("]"), test.rfind("::")) >= 0 else test


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
        return [f"failed before, and is not there any more: {test}" for test in shorten(gone, NAMED)]

    def check(self, is_empty: bool, selection: str) -> None:
        """Look whether there was anything to run.

        Raises:
            EmptySelectionError: none of these tests is selected, or there any more.
        """
        if self._failing.use != "only" or not is_empty:
            return
        gone = self.gone
        causes = [f"not there any more: {', '.join(shorten(gone, NAMED))}"] if gone else []
        left = [test for test in self._failing.tests if test not in gone]
        causes += [f"not selected: {', '.join(shorten(left, NAMED))}"] if left else []
        raise EmptySelectionError(
            f"no test that failed before matches {selection}",
            "; ".join(causes),
            "select others, or run all without `--last-failed`",
        )
