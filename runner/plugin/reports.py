"""What the plugin tells the runner: one JSON line for each thing that happens, from the leading process."""

import fcntl
import json
import os
import re
import resource
from typing import Any

import pytest

EXPRESSION_WORDS = frozenset({"and", "or", "not", "True", "False", "None"})
"""Words of a mark expression that are no marks."""

DESCRIPTOR = 3
"""The lease (images/base/lease.py) opens it for reports; workers do not inherit it."""


HIGH_DESCRIPTOR = 200


class Reports:
    """The way to the runner."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def tell(self, event: str, **data: Any) -> None:
        """Write one line; a runner that is gone is no error of the suite's."""
        try:
            os.write(self._descriptor, (json.dumps({"event": event, **data}) + "\n").encode())
        except OSError:
            return


def open_reports() -> Reports | None:
    """The way to the runner, or None in a worker, in a nested pytest, and without the runner."""
    named = os.environ.pop("EPHEMERAL_RUNNER_REPORTS", None)
    if named is None or "PYTEST_XDIST_WORKER" in os.environ:
        return None
    # Away from the small numbers, which tests that close and open files may get hold of; children do not inherit it.
    highest = resource.getrlimit(resource.RLIMIT_NOFILE)[0] - 1
    moved = fcntl.fcntl(DESCRIPTOR, fcntl.F_DUPFD_CLOEXEC, max(DESCRIPTOR, min(HIGH_DESCRIPTOR, highest)))
    os.close(DESCRIPTOR)
    return Reports(moved)


class MarkChecker:
    """Refuses a `-m` expression with a mark that nobody declared.

    Pytest does so too under `--strict-markers`, but in each worker, which xdist answers with an internal error.
    """

    def __init__(self, reports: Reports) -> None:
        self._reports = reports

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionstart(self, session: pytest.Session) -> None:
        """Look at the expression before any worker starts, and after every plugin declared its marks."""
        config = session.config
        declared = {re.split(r"[:(]", line)[0].strip() for line in config.getini("markers")}
        without_arguments = re.sub(r"\([^()]*=[^()]*\)", "", config.option.markexpr)
        named = set(re.findall(r"[^\W\d][\w.]*", without_arguments))
        if unknown := sorted(named - declared - EXPRESSION_WORDS):
            self._reports.tell("unknown-mark", mark=unknown[0], known=sorted(declared))
            raise pytest.UsageError(f"unknown mark in -m: {unknown[0]}")


class EndReporter:
    """Reports that pytest comes to its own end, which a test that ends the process keeps it from."""

    def __init__(self, reports: Reports) -> None:
        self._reports = reports

    def pytest_unconfigure(self) -> None:
        """The last hook of every call, also of those that run no test."""
        self._reports.tell("pytest-ended")


class TestReporter:
    """Reports tests as they start and end."""

    __test__ = False  # The name is not meant for pytest's collection.

    def __init__(self, reports: Reports) -> None:
        self._reports = reports

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        """A test begins."""
        self._reports.tell("test-started", test=nodeid)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """A phase of a test ended. As in pytest's own counts, a test may both pass and have an error in teardown."""
        if verdict := find_verdict(report):
            worker = getattr(report, "worker_id", "master")
            seconds = round(report.duration, 4)
            self._reports.tell("test-finished", test=report.nodeid, verdict=verdict, worker=worker, seconds=seconds)

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Tests were collected; told only when collecting was all that was asked for."""
        if session.config.option.collectonly:
            for item in session.items:
                marks = sorted({mark.name for mark in item.iter_markers()})
                self._reports.tell("test-collected", test=item.nodeid, marks=marks)


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


class WorkerReporter:
    """Reports xdist's workers; registered only where xdist is, which declares these hooks."""

    def __init__(self, reports: Reports) -> None:
        self._reports = reports

    def pytest_configure_node(self, node: Any) -> None:
        """A worker is about to start, perhaps in place of a crashed one: it will want its slot."""
        self._reports.tell("slot-wanted", slot=node.gateway.id)

    def pytest_testnodedown(self, node: Any, error: object | None) -> None:
        """A worker ended; with an error when it was not asked to."""
        if error:
            self._reports.tell("worker-crashed", worker=node.gateway.id)
