"""Names broken isolation rules in the failing test itself: shared files, ports of other workers, others' rows."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from contextlib import suppress
from typing import Any

import pytest

from .breach import FOUND, Breach, show
from .channel import Channel
from .file_rule import FileRule
from .port_watch import PortWatch
from .row_rule import RowRule
from .slot import find_worker
from .transient import GROUPS
from .wrapping import wrapper

CROSSES = "crosses_slots"
"""The mark of tests that mean to be refused by another slot."""


class Rules:
    """Registered in every process that runs tests."""

    def __init__(self, wiring: Mapping[str, Any], channel: Channel | None) -> None:
        """Prepare to look.

        Args:
            wiring: the runner's configuration; `project` is the folder that all tests share.
            channel: where broken rules are told.
        """
        self._channel = channel
        self._worker = find_worker(wiring)
        self._files = FileRule(wiring)
        self._ports = PortWatch(self._worker)
        self._rows = RowRule(wiring)

    def pytest_sessionstart(self) -> None:
        """Tests will run in this process."""
        self._ports.start()

    def pytest_unconfigure(self) -> None:
        """No more tests will."""
        self._ports.stop()

    @wrapper(tryfirst=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Let the report of a test that broke a rule say so."""
        error = call.excinfo.value if call.excinfo else None
        found = None if error is None else self._find(error, item)
        if error is not None and found and found["text"] not in getattr(error, "__notes__", ()):
            with suppress(AttributeError):  # A frozen dataclass takes no notes.
                error.add_note(found["text"])
        report = yield
        if found and report.failed:
            show(report, found)
            if self._channel is not None:
                self._channel.tell("rule-broken", test=item.nodeid, worker=self._worker, **found)
        return report

    def _find(self, error: BaseException, item: pytest.Item) -> Breach | None:
        crosses = item.get_closest_marker(CROSSES) is not None
        for each in walk(error):
            found = vars(each).get(FOUND) or self._files.find(each) or (None if crosses else self._rows.find(each))
            if found:
                return dict(found)
        return None


def walk(error: BaseException) -> Iterator[BaseException]:
    """An error and all that led to it: causes, what was being handled, members of groups, drivers' own errors.

    asyncio raises `from None` when it cannot bind, so what is suppressed counts too.
    """
    waiting, seen = [error], set()
    while waiting:
        each = waiting.pop(0)
        if id(each) not in seen:
            seen.add(id(each))
            yield each
            members = each.exceptions if isinstance(each, GROUPS) else ()
            led = (each.__cause__, each.__context__, vars(each).get("orig"), *members)
            waiting += [one for one in led if isinstance(one, BaseException)]
