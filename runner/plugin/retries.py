"""Retries: only transient failures are tried again, each time with new fixtures and a restored slot.

pytest-rerunfailures counts and repeats; this module tells it which failures end a test at once, and cleans up between
two attempts.
"""

from __future__ import annotations

import inspect
import socket
import sys
import time
from collections.abc import Callable, Generator, Mapping
from typing import Any

import pytest

from . import slot, transient
from .channel import Channel
from .stash import StashKey, find_stash
from .wrapping import wrapper

DECLARED, MARKED = "declared", "mark"


class Retries:
    """Registered in every process that runs tests."""

    def __init__(self, wiring: Mapping[str, Any], channel: Channel) -> None:
        self._wiring = wiring
        self._channel = channel
        self._error = StashKey[BaseException]()
        self._asked = 0
        self._began = 0.0

    def limit(self) -> None:
        """Let pytest-rerunfailures ask here whether a failure ends a test at once."""
        module = sys.modules.get("pytest_rerunfailures")
        if module is None:
            return
        asked: Callable[..., bool] | None = getattr(module, "_should_hard_fail_on_error", None)
        if asked is None or next(iter(inspect.signature(asked).parameters)) != "item":
            raise pytest.UsageError(
                "this pytest-rerunfailures retries whatever fails: use a newer one, or `reruns = 0`"
            )

        def ends_at_once(item: pytest.Item, report: pytest.TestReport, *rest: Any) -> bool:
            return asked(item, report, *rest) or (report.failed and not self._find_reason(item))

        setattr(module, "_should_hard_fail_on_error", ends_at_once)  # noqa: B010 -- mypy knows no such attribute

    def pytest_sessionstart(self, session: pytest.Session) -> None:
        """Let pytest-rerunfailures send at once: its two small writes for each test cost 40 ms where TCP waits."""
        connection = getattr(getattr(session.config, "failures_db", None), "sock", None)
        if connection is not None:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    @wrapper(trylast=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Keep the error for `limit`, and put its class into the report, which goes to the controller."""
        report = yield
        if self._error in find_stash(item):
            del find_stash(item)[self._error]
        if call.excinfo is not None and report.failed:
            find_stash(item)[self._error] = call.excinfo.value
            # xdist sends a report's attributes to the controller, whatever their names.
            vars(report).update(
                runner_error=transient.describe(call.excinfo.value), runner_reason=self._find_reason(item)
            )
        return report

    def _find_reason(self, item: pytest.Item) -> str:
        """Why the error of a test may be tried again; empty where it ends the test.

        A test's own mark speaks for that test, also for its failed assertions, and the summary names it.
        """
        error = find_stash(item).get(self._error, None)
        if error is not None and transient.find_transient(error, self._wiring["transient"]):
            return DECLARED
        return MARKED if item.get_closest_marker("flaky") else ""

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> bool | None:
        """Leave out a test that took another worker down: xdist hands the rest of its scope on, that test included."""
        database = getattr(item.config, "failures_db", None)  # Of pytest-rerunfailures; only crashes are in it.
        return True if database is not None and database.get_test_failures(item.nodeid) else None

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Before another attempt: tear down the fixtures of every scope, and get the slot as it was at its start."""
        attempt = getattr(item, "execution_count", 1)
        if attempt == 1:
            self._began = time.time()
        if attempt == 1 or not self._wiring["restores"]:
            # Without a slot of its own, wider fixtures could not set up again what others still use.
            return
        tear_down_scopes(item)
        if server := slot.find_server(self._wiring):
            self._asked += 1
            name = server["slot"]
            answer = f"restored-{name}-{self._wiring['call']}-{self._asked}"
            said = {"slot": name, "test": item.nodeid, "attempt": attempt - 1, "began": self._began}
            self._channel.ask("restore-wanted", answer, **said)


def tear_down_scopes(item: pytest.Item) -> None:
    """Tear down the fixtures of wider scopes, which pytest-rerunfailures keeps for the next attempt.

    They hold connections, and may have put rows or tables into the slot that is about to be restored.
    """
    restore = getattr(sys.modules.get("pytest_rerunfailures"), "_restore_suspended_finalizers", None)
    if restore is not None:
        restore(item)
        item.session._setupstate.teardown_exact(None)  # noqa: SLF001 -- pytest has no public way
