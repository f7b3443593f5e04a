"""How a run ended: counts of tests from the events, and one exit code from those of the passes. Pure."""

import signal
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from runner.core.events import Event
from runner.errors import EmptySelectionError, EngineError, SettingsError

SIGNALLED = 128
"""A process that signal N ended has the exit code 128 + N."""

NOT_STARTED = 127
"""The exit code of a process that there is no program for (images/base/lease.py)."""

NO_TESTS = 5
"""Pytest's exit code when nothing was collected or everything was deselected."""


@dataclass
class Tally:
    """Counts what the events of a run say about its tests.

    Attributes:
        verdicts: how many tests ended as passed, failed, skipped, error, xfailed, xpassed, rerun.
        running: the tests that began and did not end yet, each with the time it began, in seconds of the run.
        crashed: the workers that ended before their time.
        ends: how many calls of pytest came to their own end.
    """

    verdicts: Counter[str] = field(default_factory=Counter)
    running: dict[str, float] = field(default_factory=dict)
    crashed: list[str] = field(default_factory=list)
    ends: int = 0

    def add(self, event: Event) -> None:
        """Take one event into account."""
        match event.name:
            case "test-started":
                self.running[event.data["test"]] = event.at
            case "test-finished":
                self.running.pop(event.data["test"], None)
                self.verdicts[event.data["verdict"]] += 1
            case "worker-crashed":
                self.crashed.append(event.data["worker"])
            case "pytest-ended":
                self.ends += 1

    def as_text(self, before: Counter[str]) -> str:
        """The counts since `before` in words, such as `12 passed, 1 failed`."""
        new = self.verdicts - before
        return ", ".join(f"{count} {verdict}" for verdict, count in new.items()) or "no tests"


def check_ends(codes: Sequence[int], tally: Tally) -> None:
    """Look for passes that ended without pytest's own end.

    Raises:
        SettingsError: pytest could not be started.
        EngineError: a signal ended pytest, or its process ended as if all was well, but pytest itself did not end.
    """
    for code in codes:
        if code == NOT_STARTED and not tally.ends and not tally.verdicts and not tally.running:
            hint = "a `PATH` of `environment` needs `/opt/venv/bin` too"
            raise SettingsError("cannot start pytest", "its variables do not lead to it", hint)
        if code - SIGNALLED in signal.valid_signals():
            name = signal.Signals(code - SIGNALLED).name
            raise EngineError(f"pytest was ended by {name}", "a test sent it, or the engine ran out of memory")
    if set(codes) <= {0, NO_TESTS} and tally.ends < len(codes):
        tests = ", ".join(list(tally.running)[:5]) or "no test"
        raise EngineError(
            "pytest ended before its tests did", f"running: {tests}", "a test may end the process it runs in"
        )


def combine_exit_codes(codes: Sequence[int], selection: str) -> int:
    """One exit code for several passes of pytest.

    The worst wins: interrupted, internal error and usage error (2, 3, 4) before failures (1); a pass without
    tests (5) counts only when every pass was empty.

    Args:
        codes: of the passes.
        selection: in words, for the message.

    Raises:
        EmptySelectionError: no pass had a test.
    """
    counted = [code for code in codes if code != NO_TESTS]
    if not counted:
        raise EmptySelectionError(f"no test matches {selection}", hint="`runner groups` counts the tests")
    return max(counted, key=lambda code: (code > 1, code))
