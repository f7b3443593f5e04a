"""The slots of a session without the runner: what they can be, how they are made, and how a worker reaches its own."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Mapping
from typing import Any

from . import address
from .connecting import ServerError
from .databases import make_name
from .server import Server

URL = "TEST_DATABASE_URL"

FIRST = "gw0"
"""The worker whose slot is made to see what slots can be."""


class WorkerSlots:
    """Makes and drops slots of the best kind that the role's rights allow."""

    def __init__(self, url: str, pid: int) -> None:
        """Connect, and drop what dead sessions left.

        Args:
            url: the address that the suite was given.
            pid: the session's leading process.

        Raises:
            ServerError: no connection.
            AddressError: the address is no URL.
        """
        address.split(url)
        self._url = url
        self._server = Server(url, pid)
        self._server.sweep()
        self._made: dict[str, Callable[[str], None]] = {}
        self._template: str | None = self._server.of
        self.plan: dict[str, Any] = {
            "kind": "database",
            "of": self._server.of,
            "token": secrets.token_hex(4),
            "path": [],
            "pid": pid,
            "variables": self._server.variables,
        }
        """How a slot's address follows from a worker's name; JSON. Complete after `choose`."""

    def choose(self) -> str:
        """Find the best kind by making the first slot.

        Returns:
            What slots are, as the header has it; the plan's kind is empty where there can be none.
        """
        kinds: list[tuple[str, Callable[[], None]]] = [
            ("a database for each worker, cloned from `{of}`", self._try),
            ("an empty database for each worker: {reason}", self._try_empty),
            ("an empty schema in `{of}` for each worker: {reason}", self._try_schema),
        ]
        reason = ""
        for text, attempt in kinds:
            try:
                attempt()
            except ServerError as error:
                reason = str(error)
            else:
                return text.format(of=self._server.of, reason=reason)
        self.plan["kind"] = ""
        return f"none, all workers share `{self._server.of}`: {reason}"

    def _try(self) -> None:
        self.make(FIRST)

    def _try_empty(self) -> None:
        self._template = None
        self.make(FIRST)

    def _try_schema(self) -> None:
        self.plan.update(kind="schema", path=self._server.find_extensions())
        self.make(FIRST)
        slot = find_slot(self.plan, FIRST)
        # A pooler between the suite and the server may drop the option, and then all workers would share a schema.
        if Server(make_url(self.plan, FIRST, self._url), self.plan["pid"]).schema != slot:
            raise ServerError("the server does not see the option `search_path`")

    def make(self, worker: str) -> None:
        """Make a worker's slot if it is not there yet; raises ServerError."""
        slot, kind = find_slot(self.plan, worker), self.plan["kind"]
        if not kind or slot in self._made:
            return
        # Noted first: an interrupt may come while the server is at it.
        self._made[slot] = self._server.drop_database if kind == "database" else self._server.drop_schema
        try:
            if kind == "database":
                self._server.create_database(slot, self._template)
            else:
                self._server.create_schema(slot)
        except ServerError:
            del self._made[slot]
            raise

    def drop_all(self) -> list[str]:
        """Drop every slot; returns why some stay."""
        from concurrent.futures import ThreadPoolExecutor  # Workers need none.

        # All at once: Postgres writes a checkpoint for each database that it drops, or one for all that wait.
        with ThreadPoolExecutor() as pool:
            return [reason for reason in pool.map(self._drop, self._made) if reason]

    def _drop(self, slot: str) -> str:
        try:
            self._made[slot](slot)
        except ServerError as error:
            return f"{slot}: {error}"
        return ""


def make_variables(plan: Mapping[str, Any], worker: str, environ: Mapping[str, str]) -> dict[str, str]:
    """The variables that lead to a worker's slot.

    Args:
        plan: from `WorkerSlots`.
        worker: xdist's name for it.
        environ: as the leading process has it.
    """
    given = environ[URL]
    url = make_url(plan, worker, given)
    variables = {**plan["variables"], "PGDATABASE": plan["of"], URL: url}
    if plan["kind"] == "database":
        variables["PGDATABASE"] = find_slot(plan, worker)
    else:
        option = f"-csearch_path={find_path(plan, worker)}"
        variables["PGOPTIONS"] = f"{environ.get('PGOPTIONS', '')} {option}".strip()
    if (password := address.find_password(given)) is not None:
        variables["PGPASSWORD"] = password
    if environ.get("DATABASE_URL") == given:
        variables["DATABASE_URL"] = url
    return variables


def make_url(plan: Mapping[str, Any], worker: str, given: str) -> str:
    """The address of a worker's slot, from the one that the suite was given."""
    if plan["kind"] == "database":
        return address.with_database(given, find_slot(plan, worker))
    return address.with_search_path(given, find_path(plan, worker))


def find_slot(plan: Mapping[str, Any], worker: str) -> str:
    """The name of a worker's database or schema; that of a schema needs no quotes."""
    rest = f"{re.sub('[^a-z0-9]', '_', worker.lower())}_{plan['token']}"
    return make_name(plan["of"], rest) if plan["kind"] == "database" else rest


def find_path(plan: Mapping[str, Any], worker: str) -> str:
    """The search_path of a worker whose slot is a schema."""
    return ",".join([find_slot(plan, worker), *plan["path"]])
