"""Fixtures of single tests, under the runner and without it; a project's own fixture of the same name comes first."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import Any

import pytest

from . import session_fixtures, slot, standalone
from .address import AddressError
from .channel import Channel, RefusedError
from .connecting import ServerError, connect
from .databases import Databases, open_databases
from .ports import NoFreePortError
from .session_fixtures import fail, find_url
from .stash import StashKey, find_stash
from .wrapping import wrapper

FAILED: StashKey[bool] = StashKey()
"""Whether a test failed so far, its setup included."""

IN_USE: StashKey[list[str]] = StashKey()
"""The names of a test's own databases while it uses them."""

TROUBLE = (ServerError, AddressError, RefusedError, TimeoutError)


class Fixtures:
    """The fixtures of one process; see also `session_fixtures`."""

    def __init__(self, wiring: Mapping[str, Any], channel: Channel | None) -> None:
        """Prepare nothing: what a fixture needs is opened when a test asks for it.

        Args:
            wiring: the runner's configuration, or what `standalone.activate` returned.
            channel: the way to the runner.
        """
        self._wiring = wiring
        self._channel = channel
        self._databases: Databases | None = None

    def pytest_configure(self, config: pytest.Config) -> None:
        """Register the session's fixtures, which pytest 10 takes as functions only, and what makes workers' slots."""
        config.pluginmanager.register(session_fixtures, "ephemeral-runner-session-fixtures")
        config.pluginmanager.register(standalone.Standalone(), "ephemeral-runner-standalone")

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Before another attempt the slot is restored."""
        if self._databases is not None and getattr(item, "execution_count", 1) > 1:
            self._databases.forget_ahead()

    @wrapper(tryfirst=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> Any:
        """Keep whether the test failed until its fixtures end; a repeated test begins anew."""
        report = yield
        find_stash(item)[FAILED] = report.failed or (call.when != "setup" and find_stash(item).get(FAILED, False))
        return report

    @pytest.fixture
    def db_connection(self, db_url: str) -> Iterator[Any]:
        """A psycopg connection to the worker's own slot, in a transaction that ends with the test.

        It is rolled back and closed afterwards, in whatever state the test left it. What a test commits stays.
        """
        try:
            connection = connect(db_url)
        except ServerError as error:
            fail(f"cannot connect to the database: {error}")
        yield from lend(connection)

    @pytest.fixture
    def fresh_database(self, request: pytest.FixtureRequest) -> Iterator[str]:
        """The address of a database of the test's own, cloned from the template.

        It is dropped afterwards, and kept for the post-mortem when the test fails.

        Under the runner the template is the run's. Without it, it is the worker's own database or, while sessions
        are on that, the one that the suite was given; the role needs CREATEDB.
        """
        find_url()
        try:
            if self._databases is None:
                self._databases = open_databases(self._wiring, slot.find_server(self._wiring), self._channel)
            name, url = self._databases.take()
        except TROUBLE as error:
            fail(f"no database of its own for the test: {error}")
        in_use = find_stash(request.node).setdefault(IN_USE, [])
        in_use.append(name)
        yield url
        in_use.remove(name)
        self._end(self._databases, name, request.node)

    @staticmethod
    def _end(databases: Databases, name: str, item: pytest.Item) -> None:
        try:
            said = databases.give_back(name, item.nodeid, find_stash(item).get(FAILED, False))
        except ServerError as error:
            fail(f"cannot drop the database {name}: {error}")
        if said:
            item.add_report_section("teardown", "fresh_database", said)

    @pytest.fixture
    def free_port(self, free_port_factory: Callable[[], int]) -> int:
        """A port for a server that the test starts; no other worker can get it."""
        try:
            return free_port_factory()
        except NoFreePortError as error:
            fail(str(error))


def lend(connection: Any) -> Iterator[Any]:
    """A connection for the time of one test."""
    import psycopg

    try:
        yield connection
    finally:
        # Closing would do, but the server learns of it only later, and keeps the test's locks until then.
        with suppress(psycopg.Error):
            connection.rollback()
        connection.close()
