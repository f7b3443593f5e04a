"""A visit in the server of a run that belongs to another process."""

import os
import secrets
import signal
import time
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Self

from runner.core.logins import Logins
from runner.engines.docker.connect import connect
from runner.engines.docker.execution import UNKNOWN, Execution
from runner.engines.docker.inquiry import ask_postgres, list_servers
from runner.engines.docker.living import find_living
from runner.engines.protocol import Command
from runner.errors import PostgresError, RunnerError, SettingsError
from runner.interrupts import Interrupts
from runner.postgres.activity import end_sessions, read_logins
from runner.terminal import Terminal

TICK = 0.02
"""Seconds between two looks whether psql has ended."""

PATIENCE = 3.0
"""Seconds for a container to be gone."""

KILLED = frozenset({128 + signal.SIGKILL, UNKNOWN})
"""Exit codes of a psql that did not end by itself."""


class Visit:
    """One connection to the engine, for one run."""

    def __init__(self, run: str, containers: Mapping[str, str], slot: str = "") -> None:
        """Connect.

        Args:
            run: the run's id.
            containers: its containers by role.
            slot: whose server is meant, where each slot has one; empty for the first.

        Raises:
            SettingsError: it has no server.
        """
        if "postgres" not in containers:
            hint = f"it may not be there yet, or its tests need none: `runner status {run}`"
            raise SettingsError(f"the run `{run}` has no Postgres now", hint=hint)
        self.container = containers["postgres"]
        self._run, self._slot = run, slot
        self._client = connect(os.environ.get("DOCKER_HOST"))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    @cached_property
    def logins(self) -> Logins:
        """Who may log in where; raises PostgresError."""
        return read_logins(self._ask)

    def _ask(self, database: str, statement: str) -> str:
        return ask_postgres(self._client.api, self.container, database, statement, self.port)

    @cached_property
    def port(self) -> int:
        """Of the slot's server, or of the first one; raises SettingsError where the slot has none yet."""
        servers = list_servers(self._client.api, self.container)
        if not self._slot or "" in servers:
            return min(servers.values())
        if self._slot not in servers:
            raise SettingsError(f"no slot `{self._slot}`", hint=f"there are {', '.join(servers)}")
        return servers[self._slot]

    def open_psql(self, user: str, database: str, arguments: Sequence[str], term: str) -> int:
        """Give the terminal to psql; its exit code.

        Raises:
            PostgresError: the run has ended meanwhile.
            Interrupted: a signal came, or nobody reads the output any more.
        """
        terminal, name = Terminal(), f"psql {secrets.token_hex(4)}"
        variables = {"PGHOST": "/tmp", "PGUSER": user, "PGDATABASE": database, "PGAPPNAME": name}  # noqa: S108 -- its socket
        variables |= {"PGPORT": str(self.port)}
        variables |= {"TERM": term or "dumb", "LANG": "C.UTF-8", "HOME": "/tmp"}  # noqa: S108 -- it may write there
        command = Command(["psql", *arguments], variables, terminal.find_size(), "postgres")
        process = None
        try:
            with Interrupts() as interrupts:
                process = Execution(self._client.api, self.container, command, terminal.receive)
                code = terminal.follow(process, lambda: pause(interrupts))
        finally:
            if process is None or process.exit_code is None:
                self._end_session(name)
        if code in KILLED and self._has_ended():
            raise PostgresError(f"the run `{self._run}` has ended, and its database with it")
        return code

    def _has_ended(self) -> bool:
        """Whether the server's container ends: its processes are killed a moment before it is gone."""
        deadline = time.monotonic() + PATIENCE
        while "postgres" in find_living(self._client, self._run).get(self._run, {}):
            if time.monotonic() > deadline:
                return False
            time.sleep(TICK)
        return True

    def _end_session(self, name: str) -> None:
        """End what psql has left open: the engine does not end a process whose client is gone."""
        try:
            end_sessions(self._ask, name)
        except RunnerError:
            # The container has ended, and the session with it.
            return


def pause(interrupts: Interrupts) -> None:
    """Take a moment; raises Interrupted."""
    interrupts.check()
    time.sleep(TICK)
