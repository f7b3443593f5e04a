"""Tells the runner the line of the project that a failure happened on: a test's, or a collection's."""

from __future__ import annotations

import os
from collections.abc import Generator, Mapping
from contextlib import suppress
from pathlib import Path
from traceback import walk_tb
from types import FrameType
from typing import Any

import pytest

from . import slot
from .channel import Channel
from .wrapping import wrapper

LONGEST_TEXT = 4_000
"""Characters of a traceback that are told; its end says what failed."""

FOREIGN = frozenset({"site-packages", ".venv", "venv", ".tox", ".nox"})
"""Folders inside a project with code that is not the project's."""

Place = tuple[str, int]
"""A file, relative to the project, and a line from 1."""


class Locator:
    """Registered in every process that runs tests."""

    def __init__(self, wiring: Mapping[str, Any], channel: Channel) -> None:
        self._project = wiring.get("project", "")
        self._channel = channel

    @wrapper(tryfirst=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Tell where a test failed: the innermost line of the project's, else where the test itself stands."""
        report = yield
        if report.failed:
            found = find_place(call.excinfo, self._project) if call.excinfo else None
            file, line = found or self._find_own(item)
            attempt = getattr(item, "execution_count", 1)
            text = report.longreprtext[-LONGEST_TEXT:]
            self._channel.tell("failure-located", test=item.nodeid, attempt=attempt, file=file, line=line, text=text)
        return report

    def pytest_exception_interact(
        self, node: pytest.Item | pytest.Collector, call: pytest.CallInfo[Any], report: Any
    ) -> None:
        """Tell of a file that cannot be collected; every worker collects the same, so one speaks for all."""
        if isinstance(node, pytest.Item) or call.excinfo is None or os.environ.get(slot.WORKER, "gw0") != "gw0":
            return
        error = find_cause(call.excinfo.value)
        cause = pytest.ExceptionInfo.from_exception(error) if error.__traceback__ else call.excinfo
        file, line = find_syntax(error, self._project) or find_place(cause, self._project) or self._find_own(node)
        message = f"{type(error).__name__}: {error}".partition("\n")[0][:500]
        text = report.longreprtext[-LONGEST_TEXT:]
        self._channel.tell("collection-failed", test=node.nodeid, message=message, file=file, line=line, text=text)

    def _find_own(self, node: pytest.Item | pytest.Collector) -> Place:
        """Where a test or a module itself stands; line 0 where that is not known."""
        path, line = (node.reportinfo()[:2]) if isinstance(node, pytest.Item) else (node.path, None)
        return relate(os.fspath(path), self._project) or "", 0 if line is None else line + 1


def find_place(error: pytest.ExceptionInfo[BaseException], project: str) -> Place | None:
    """The innermost line of the project that a traceback shows; what hides itself from tracebacks is passed over."""
    shown = [(frame.f_code.co_filename, line) for frame, line in walk_tb(error.tb) if not hides_itself(frame, error)]
    for path, line in reversed(shown):
        if file := relate(path, project):
            return file, line
    return None


def hides_itself(frame: FrameType, error: pytest.ExceptionInfo[BaseException]) -> bool:
    """Whether pytest leaves a call out of tracebacks; its own function for that has another signature before 7.3."""
    mark = frame.f_locals.get("__tracebackhide__", frame.f_globals.get("__tracebackhide__", False))
    return bool(mark(error) if callable(mark) else mark)


def find_syntax(error: BaseException, project: str) -> Place | None:
    """Where Python could not read a file of the project."""
    if not isinstance(error, SyntaxError) or not error.filename:
        return None
    file = relate(error.filename, project)
    return (file, error.lineno or 0) if file else None


def find_cause(error: BaseException) -> BaseException:
    """The error behind the one that pytest makes of it while it collects."""
    while isinstance(error, pytest.Collector.CollectError) and error.__cause__ is not None:
        error = error.__cause__
    return error


def relate(path: str, project: str) -> str | None:
    """A path relative to the project; None for what is not the project's own code."""
    # Where the project has its place among other files, its folder is a link.
    for place in (project, os.path.realpath(project)):
        with suppress(ValueError):
            found = Path(path).absolute().relative_to(place)
            return None if FOREIGN.intersection(found.parts) else found.as_posix()
    return None
