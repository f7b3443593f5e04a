"""Databases for single tests: from the runner, or by SQL where there is none."""

from __future__ import annotations

import os
import secrets
from collections import deque
from collections.abc import Mapping
from itertools import count
from typing import Any, Protocol

from . import address
from .channel import Channel, wait_for
from .connecting import ServerError
from .server import Server

AHEAD = 2
"""Databases that the runner makes before tests ask for them."""

LONGEST = 63
"""Bytes of a name that Postgres keeps."""

NUMBERS = count(1)
"""Of the databases that this process asked for."""


class Databases(Protocol):
    """Where `fresh_database` has its databases from."""

    def take(self) -> tuple[str, str]:
        """The name and the address of a database that no test has had."""

    def give_back(self, name: str, test: str, failed: bool, /) -> str:
        """End the use of a database; returns what to say about it below the test, or an empty text."""

    def forget_ahead(self) -> None:
        """Give back what was made ahead: a restored slot may be a new server, which has none of it."""


class RunnerDatabases:
    """Databases that the runner clones from its template and drops; those asked for in vain end with the run."""

    def __init__(self, channel: Channel, own: str, slot: str, call: int) -> None:
        """Ask for nothing yet.

        Args:
            channel: the way to the runner.
            own: the address of this process's slot.
            slot: its name.
            call: which call of pytest in its containers this is.
        """
        self._channel = channel
        self._own = own
        self._slot = slot
        self._stem = f"{slot}_{call}_db"
        self._wanted: deque[str] = deque()

    def take(self) -> tuple[str, str]:
        """Raises channel's RefusedError and TimeoutError."""
        while len(self._wanted) <= AHEAD:
            self._want()
        name = self._wanted.popleft()
        wait_for(name)
        return name, address.with_database(self._own, name)

    def _want(self) -> None:
        name = f"{self._stem}{next(NUMBERS)}"
        self._channel.tell("database-wanted", slot=self._slot, name=name)
        self._wanted.append(name)

    def give_back(self, name: str, test: str, failed: bool) -> str:
        """The runner decides what becomes of it, and says so itself."""
        self._channel.tell("database-done", slot=self._slot, name=name, test=test, failed=failed)
        return ""

    def forget_ahead(self) -> None:
        """The next test asks for new ones, under names that nobody had."""
        while self._wanted:
            self.give_back(self._wanted.popleft(), "", failed=False)


class OwnDatabases:
    """Databases that this process makes itself, as clones of its slot or, while that is in use, of the original."""

    def __init__(self, given: str, own: str, worker: str, pid: int) -> None:
        """Look at the server, and drop what dead processes left there.

        Args:
            given: the address that the suite was given.
            own: that of this process's slot, which is the same without xdist.
            worker: the slot's name.
            pid: the session's leading process.

        Raises:
            ServerError: no connection.
            AddressError: the address is no URL.
        """
        self._given = given
        self._server = Server(given, pid)
        self._server.sweep()
        slot = Server(own, pid).of if own != given else self._server.of
        self._templates = list(dict.fromkeys([slot, self._server.of]))
        # With a worker there are two databases to clone, of which tests have sessions on one only.
        self._hint = "close the sessions first, or run with `-n 1`" if own == given else "close the sessions first"
        self._stem = f"{worker}_{secrets.token_hex(3)}"

    def take(self) -> tuple[str, str]:
        """Raises ServerError: the role may not create databases, or all that could be cloned are in use."""
        if not self._server.creates:
            raise ServerError("the role may not create databases; hint: grant it CREATEDB")
        name = make_name(self._server.of, f"{self._stem}_db{next(NUMBERS)}")
        reasons = []
        for template in self._templates:
            try:
                self._server.create_database(name, template)
            except ServerError as error:
                reasons.append(str(error))
            else:
                return name, address.with_database(self._given, name)
        raise ServerError(f"{'; '.join(reasons)}; hint: {self._hint}")

    def give_back(self, name: str, _test: str, failed: bool) -> str:
        """Drop the database, or keep that of a failed test until another session's sweep; raises ServerError."""
        if failed:
            drop = f"""psql "$TEST_DATABASE_URL" -c 'DROP DATABASE "{name}"'"""
            return f"kept: database {name}; drop it with {drop}, or the next session does"
        self._server.drop_database(name)
        return ""

    def forget_ahead(self) -> None:
        """None is made ahead."""


def open_databases(wiring: Mapping[str, Any], server: Mapping[str, str], channel: Channel | None) -> Databases:
    """The databases of this process; raises as `OwnDatabases` does.

    Args:
        wiring: the runner's configuration, or what `standalone.activate` returned.
        server: the parts of the address of the runner's slot; empty without the runner.
        channel: the way to the runner.
    """
    own = os.environ["TEST_DATABASE_URL"]
    if server:
        if channel is None:
            raise ServerError("a pytest that a test starts cannot ask the runner")
        return RunnerDatabases(channel, own, server["slot"], wiring["call"])
    leads = {"given": own, "worker": "master", "pid": os.getpid()}
    return OwnDatabases(own=own, **wiring.get("standalone", leads))


def make_name(of: str, rest: str) -> str:
    """A name that Postgres keeps whole: a database's name, cut where that is needed, and the rest."""
    room = LONGEST - len(rest.encode()) - 1
    return f"{of.encode()[:room].decode(errors='ignore')}_{rest}"
