"""What the plugin tells the runner of xdist's workers; a test that took one down is not tried again."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from .channel import Channel


def complete_main() -> None:
    """Give the main module of a worker the file that pytest's has: execnet's has none, and tests read or delete it."""
    main = sys.modules["__main__"]
    if not hasattr(main, "__file__"):
        main.__file__ = str(Path(pytest.__file__).with_name("__main__.py"))


class WorkerReporter:
    """Reports xdist's workers; registered only where xdist is, which declares these hooks."""

    def __init__(self, reports: Channel) -> None:
        self._reports = reports

    def pytest_configure_node(self, node: Any) -> None:
        """A worker is about to start, perhaps in place of a crashed one: it will want its slot."""
        self._reports.tell("slot-wanted", slot=node.gateway.id)

    @pytest.hookimpl(tryfirst=True)
    def pytest_handlecrashitem(self, crashitem: str, sched: Any) -> None:
        """A test took its worker down: pytest-rerunfailures must not try it again, for nobody declared that."""
        if database := getattr(sched.config, "failures_db", None):
            database.set_test_reruns(crashitem, 0)

    def pytest_testnodedown(self, node: Any, error: object | None) -> None:
        """A worker ended; with an error when it was not asked to."""
        if error:
            self._reports.tell("worker-crashed", worker=node.gateway.id)
