"""Trials: what came of one run of the selection, as the audit of isolations compares it. Pure."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from runner.core.attempts import Attempt
from runner.errors import RunnerError


@dataclass(frozen=True)
class Trial:
    """One run.

    Attributes:
        attempts: of each test the attempt that decides.
        seconds: how long the tests took.
        running: tests that ran when the limit was reached, and for how many seconds; empty where it was not.
        output: what pytest printed.
        broken: broken rules that the runner saw, in words.
        places: file and line of each failure.
        ended: why the run ended before its tests; empty where it did not.
        error: what kept the run from starting, if anything did.
    """

    attempts: Mapping[str, Attempt] = field(default_factory=dict)
    seconds: float = 0.0
    running: Mapping[str, float] = field(default_factory=dict)
    output: str = ""
    broken: tuple[str, ...] = ()
    places: Mapping[str, str] = field(default_factory=dict)
    ended: str = ""
    error: RunnerError | None = None

    @property
    def verdicts(self) -> dict[str, str]:
        """The verdict of each test."""
        return {test: each.verdict for test, each in self.attempts.items()}

    def as_text(self) -> str:
        """The counts in words, such as `12 passed, 1 failed`."""
        counts = Counter(self.verdicts.values())
        return ", ".join(f"{count} {verdict}" for verdict, count in counts.most_common()) or "no tests"
