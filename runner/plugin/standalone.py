"""Slots without the runner: plain `pytest -n 4` with only TEST_DATABASE_URL set.

Xdist's leading process makes a slot for each worker before it starts it, and drops them all at its end; what a killed
session leaves, the next one on the same database drops. The worker sets its variables when the plugin is imported,
which is before any conftest file is. A slot is the best of these that the role's rights allow:

1. a database, cloned from the one in the address;
2. an empty database, where that one is in use or not the role's own;
3. an empty schema in that database, reached by `options=-csearch_path=...`;
4. nothing: all workers share the database.

The header of pytest says which. Nothing happens inside the runner, without xdist's workers, without
TEST_DATABASE_URL, and with `EPHEMERAL_RUNNER_SLOTS=off`, which is for suites that isolate their workers themselves.
"""

from __future__ import annotations

import json
import os
from collections.abc import MutableMapping
from typing import Any

import pytest

from .address import AddressError
from .connecting import ServerError
from .slot import VARIABLE, WORKER
from .worker_slots import URL, WorkerSlots, make_variables

SWITCH = "EPHEMERAL_RUNNER_SLOTS"
PLAN = "EPHEMERAL_RUNNER_STANDALONE"
"""From the leading process to its workers: `WorkerSlots.plan` as JSON."""

HINT = f"hint: grant the role CREATEDB, or set {SWITCH}=off if the suite isolates its workers itself"


def activate(environ: MutableMapping[str, str] = os.environ) -> dict[str, Any]:
    """Set the variables that lead to this worker's slot, which is there already.

    Returns:
        Under `standalone` what `databases.OwnDatabases` needs; empty where the process has no slot of its own.
    """
    plan = json.loads(environ.pop(PLAN, "{}"))
    if not plan or WORKER not in environ:
        return {}
    worker, given = environ[WORKER], environ[URL]
    environ.update(make_variables(plan, worker, environ))
    # A pytest that a test starts may have workers too: they share the slot, as they do under the runner.
    environ[SWITCH] = "off"
    return {"standalone": {"given": given, "worker": worker, "pid": plan["pid"]}}


class Standalone:
    """Has slots made and dropped; for xdist's leading process, and idle in any other."""

    def __init__(self, environ: MutableMapping[str, str] = os.environ) -> None:
        self._environ = environ
        self._slots: WorkerSlots | None = None
        self._lines: list[str] = []

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionstart(self, session: pytest.Session) -> None:
        """Find out what slots can be, before the header is written and workers start."""
        leads = session.config.pluginmanager.hasplugin("dsession")
        if leads and VARIABLE not in self._environ and URL in self._environ and self._environ.get(SWITCH) != "off":
            self._lines = [f"slots: {self._prepare(self._environ[URL])}"]

    def _prepare(self, url: str) -> str:
        try:
            self._slots = WorkerSlots(url, os.getpid())
        except (ServerError, AddressError) as error:
            return f"none, all workers share {URL}: {error}; hint: check the address, the server and psycopg"
        chosen = self._slots.choose()
        if not self._slots.plan["kind"]:
            return f"{chosen}; {HINT}"
        self._environ[PLAN] = json.dumps(self._slots.plan)
        return chosen

    def pytest_report_header(self) -> list[str]:
        """What the slots are."""
        return self._lines

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """A worker is about to start, perhaps in place of a crashed one: make its slot."""
        if self._slots is None:
            return
        try:
            self._slots.make(node.gateway.id)
        except ServerError as error:
            raise pytest.UsageError(f"cannot make the slot of {node.gateway.id}: {error}") from None

    def pytest_unconfigure(self, config: pytest.Config) -> None:
        """The workers ended: drop their slots."""
        if self._slots is None:
            return
        self._environ.pop(PLAN, None)
        for reason in self._slots.drop_all():
            config.get_terminal_writer().line(f"slots: not dropped: {reason}; the next session tries again")
