"""Has the runner keep the state of a failed test before any teardown runs: tells what only this process knows.

While tests pass nothing is done. Whatever goes wrong here, the test's own verdict stays.
"""

from __future__ import annotations

import json
import os
import platform
import secrets
import warnings
from collections.abc import Generator, Mapping
from pathlib import Path
from typing import Any

import pytest

from . import slot
from .channel import Channel, RefusedError
from .fixtures import IN_USE
from .reports import find_groups
from .stash import find_stash
from .wrapping import wrapper

FILE = "failure.json"
"""In the worker's own folder; the runner reads it there."""

LONGEST = 1_000_000
"""Characters of a traceback, and of each captured section."""

MOST_SECTIONS = 20

ENOUGH = "enough"
"""The refusal after which only tests that kept their state before ask again (runner/keeper.py)."""


class Postmortem:
    """Registered last in every process that runs tests, so that it sees reports as they are told."""

    def __init__(self, wiring: Mapping[str, Any], channel: Channel) -> None:
        self._wiring = wiring
        self._channel = channel
        self._worker = slot.find_worker(wiring)
        self._process = os.getpid()
        self._began = 0.0
        self._is_told = False
        self._is_enough = False
        self._kept: set[str] = set()
        self._asked = 0

    @wrapper(tryfirst=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """A phase ended: where it failed, the state is kept before the next begins."""
        report = yield
        if call.when == "setup":
            self._began, self._is_told = call.start, False
        if report.failed and self._is_wanted(item):
            self._is_told = True
            self._keep(item, report)
        return report

    def _is_wanted(self, item: pytest.Item) -> bool:
        known = not self._is_enough or item.nodeid in self._kept
        return known and not self._is_told and os.getpid() == self._process

    def _keep(self, item: pytest.Item, report: pytest.TestReport) -> None:
        # Outcomes of pytest are no exceptions: a time limit of the test may end just here.
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                self._write(self._describe(item, report))
                self._ask(item, report)
            self._kept.add(item.nodeid)
        except RefusedError as refusal:
            self._is_enough = self._is_enough or str(refusal) == ENOUGH
        except (Exception, pytest.fail.Exception, pytest.skip.Exception):  # noqa: BLE001 -- the verdict is the test's
            return

    def _describe(self, item: pytest.Item, report: pytest.TestReport) -> dict[str, Any]:
        names = find_stash(item).get(IN_USE, [])
        return {
            "began": self._began,
            "traceback": cut(report.longreprtext),
            "sections": [(title, cut(text)) for title, text in report.sections[-MOST_SECTIONS:]],
            "environment": dict(os.environ),
            "python": platform.python_version(),
            "groups": find_groups(item, self._wiring),
            "databases": names,
            **read_transactions(slot.find_server(self._wiring), names),
        }

    def _write(self, told: Mapping[str, Any]) -> None:
        folder = Path(self._wiring["folders"]) / self._worker
        (folder / FILE).write_bytes(json.dumps(told).encode())

    def _ask(self, item: pytest.Item, report: pytest.TestReport) -> None:
        self._asked += 1
        self._channel.ask(
            "failure-wanted",
            f"failure-{self._worker}-{self._wiring['call']}-{self._asked}",
            slot=self._worker,
            test=item.nodeid,
            attempt=getattr(item, "execution_count", 1),
            phase=str(report.when),
        )


def cut(text: str) -> str:
    """The end of a text that is too long: it says what failed."""
    return text if len(text) <= LONGEST else f"[{len(text) - LONGEST} characters left out]\n{text[-LONGEST:]}"


def read_transactions(server: Mapping[str, str], names: list[str]) -> dict[str, Any]:
    """What the open transactions of this process see: `overlays`, the `pids` that were looked at, what is `unseen`."""
    overlays: list[dict[str, Any]] = []
    pids: list[int] = []
    unseen: list[str] = []
    if server:
        # Needed by no test that passes.
        from .open_transactions import find_transactions
        from .overlay import read_overlay

        token, known = secrets.token_hex(8), dict[str, set[str]]()
        for each in find_transactions(server, {server["dbname"], *names}):
            pids.append(each.pid)
            if each.busy:
                unseen.append(f"the open transaction of pid {each.pid}, which is {each.busy}")
                continue
            found = read_overlay(each, token, known.setdefault(each.database, set()))
            unseen += found.unseen
            if found.blocks:
                head = f"-- ephemeral-runner overlay {token}: what only the transaction of pid {each.pid} saw\n"
                sql = head + "".join(found.blocks)
                overlays.append({"database": each.database, "tables": found.tables, "sql": sql})
    return {"overlays": overlays, "pids": pids, "unseen": unseen}
