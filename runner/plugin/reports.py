"""What the plugin tells the runner of tests: one event for each that was collected, started or finished."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from typing import Any

import pytest

from . import slot
from .channel import Channel
from .marks import find_declared_marks
from .rules import CROSSES

PHASES = frozenset({"setup", "call", "teardown"})

SUBTEST = "subtestreport"
"""The class of reports of subtests, by its name: pytest has it since 9, and a plugin before."""

LONGEST_TEXT = 20_000
"""Characters of a traceback that go into the report of a failed attempt."""


class EndReporter:
    """Reports that pytest comes to its own end, which a test that ends the process keeps it from."""

    def __init__(self, reports: Channel) -> None:
        self._reports = reports

    def pytest_unconfigure(self) -> None:
        """The last hook of every call, also of those that run no test."""
        self._reports.tell("pytest-ended")


class StartReporter:
    """Reports each attempt of a test as it starts, in the process that runs it."""

    def __init__(self, reports: Channel, wiring: Mapping[str, Any]) -> None:
        self._reports = reports
        self._wiring = wiring
        self._worker = slot.find_worker(wiring)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """An attempt begins."""
        self._reports.tell(
            "test-started",
            test=item.nodeid,
            worker=self._worker,
            groups=find_groups(item, self._wiring),
            attempt=getattr(item, "execution_count", 1),
            crosses=item.get_closest_marker(CROSSES) is not None,
            time=time.time(),
        )

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """A file, or a class, was skipped as a whole; every worker collects the same."""
        if report.skipped and os.environ.get(slot.WORKER, "gw0") == "gw0":
            self._reports.tell("collection-skipped", test=report.nodeid, message=find_reason(report))

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Tests were collected, of which `-m` and `-k` will choose; every worker collects the same."""
        if os.environ.get(slot.WORKER, "gw0") == "gw0":
            marks = sorted({mark.name for item in items for mark in item.iter_markers()})
            self._reports.tell("collected", tests=len(items), marks=marks)


class TestReporter:
    """Reports verdicts, in the process that hears of all of them."""

    __test__ = False  # The name is not meant for pytest's collection.

    def __init__(self, reports: Channel) -> None:
        self._reports = reports
        self._seconds: dict[str, float] = {}
        self._next: dict[str, int] = {}
        self._failed_in_part: set[str] = set()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """A phase of a test ended. As in pytest's own counts, a test may both pass and have an error in teardown."""
        if not self._is_decided_in_part(report):
            self._tell(report)

    def _is_decided_in_part(self, report: pytest.TestReport) -> bool:
        """Whether a subtest says nothing new of its test, or the test passes after a subtest that did not."""
        if type(report).__name__.lower() == SUBTEST:
            told = report.nodeid in self._failed_in_part
            self._failed_in_part |= {report.nodeid} if report.failed else set()
            return told or not report.failed
        if report.when == "setup":
            self._failed_in_part.discard(report.nodeid)
        return report.when == "call" and report.nodeid in self._failed_in_part

    def _tell(self, report: pytest.TestReport) -> None:
        # Those of setup and call; the verdict does not wait for the teardown.
        before = self._seconds.pop(report.nodeid, 0.0) if report.when != "setup" else 0.0
        seconds = self._seconds[report.nodeid] = before + report.duration
        if verdict := find_verdict(report):
            again = verdict == "rerun"
            # The report of a crash is the controller's, which does not know what attempt the worker was at.
            attempt = getattr(report, "rerun", 0) + 1 if report.when in PHASES else self._next.get(report.nodeid, 1)
            self._next[report.nodeid] = attempt + again
            self._reports.tell(
                "test-finished",
                test=report.nodeid,
                verdict=verdict,
                worker=getattr(report, "worker_id", "master"),
                seconds=round(seconds, 4),
                attempt=attempt,
                error=getattr(report, "runner_error", ""),
                reason=getattr(report, "runner_reason", "") if again else "",
                message=find_message(report) if report.outcome in {"failed", "rerun"} else find_reason(report),
                text=report.longreprtext[:LONGEST_TEXT] if again else "",
            )

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Tests were collected; told one by one only when collecting was all that was asked for."""
        if not session.config.option.collectonly:
            return
        self._reports.tell("marks-declared", marks=find_declared_marks(session.config))
        for item in session.items:
            marks = sorted({mark.name for mark in item.iter_markers()})
            self._reports.tell("test-collected", test=item.nodeid, marks=marks)


def find_groups(item: pytest.Item, wiring: Mapping[str, Any]) -> list[str]:
    """The groups of a test, by its marks."""
    marks = {mark.name for mark in item.iter_markers()}
    return [name for name, wanted in wiring["groups"].items() if not marks.isdisjoint(wanted)]


def find_message(report: pytest.TestReport) -> str:
    """The first line of what went wrong."""
    crash = getattr(report.longrepr, "reprcrash", None)
    text = str(crash.message if crash is not None else report.longrepr or "")
    return text.partition("\n")[0][:500]


def find_reason(report: pytest.TestReport | pytest.CollectReport) -> str:
    """Why something was skipped; empty where it was not."""
    where = report.longrepr
    if not report.skipped or hasattr(report, "wasxfail") or not isinstance(where, tuple):
        return ""
    return str(where[2]).removeprefix("Skipped: ").partition("\n")[0][:500]


def find_verdict(report: pytest.TestReport) -> str:
    """The verdict that a phase decides, or empty where a later one does."""
    outcome = str(report.outcome)
    if outcome == "rerun":
        return "rerun"
    if hasattr(report, "wasxfail"):
        return {"skipped": "xfailed", "passed": "xpassed" if report.when == "call" else ""}.get(outcome, "failed")
    if outcome == "failed":
        # xdist reports a test whose worker crashed with a phase of its own.
        return "error" if report.when in {"setup", "teardown"} else "failed"
    if outcome == "skipped":
        return "skipped"
    return "passed" if report.when == "call" else ""
