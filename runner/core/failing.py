"""Tests that failed in earlier runs and did not pass since: they run alone, or first. Pure."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from runner.core.groups import Group
from runner.core.passes import Pass

Use = Literal["", "only", "first"]
"""What a run does with them: nothing of its own, `--last-failed`, or `--failed-first`."""

OPTIONS = {"only": "--last-failed", "first": "--failed-first"}

CACHED = re.compile(r"--(lf|ff|nf|last-failed|failed-first|new-first)\b")
"""Options of pytest that need its cache (pytest's documentation, "Re-running failed tests")."""

NOTHING_KNOWN = "no test is known to have failed: all that are selected run"


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
