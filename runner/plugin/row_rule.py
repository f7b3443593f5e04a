"""The rule of no shared rows: which of the server's refusals mean that a test reached into another slot."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from .breach import Breach, make_breach
from .slot import find_server, find_worker
from .transient import find_name, find_sqlstate

REFUSAL = r"(?:permission denied for|permission denied to set|must be owner of) "
SLOT = r"(?:gw\d+|master)"


class RowRule:
    """Tests stay in the slot of their worker; without a database there is nothing to find."""

    def __init__(self, wiring: Mapping[str, Any]) -> None:
        self._worker = find_worker(wiring)
        self._server = find_server(wiring)
        self._other_slot = re.compile(make_pattern(wiring.get("server") or {}))

    def find(self, error: BaseException) -> Breach | None:
        """The rule that an error tells was broken, if it is this one."""
        # psycopg's errors on the way to the server have no SQLSTATE.
        on_the_way = find_name(type(error)) in {"psycopg.OperationalError", "psycopg2.OperationalError"}
        if not self._server or not (on_the_way or find_sqlstate(error) == "42501"):
            return None
        named = self._other_slot.search(str(error))
        other = find_slot(named["name"] or named["schema"]) if named else self._worker
        if named is None or other == self._worker:
            return None
        what = f"this test reached into the {named['kind'] or 'schema'} `{other}`, the slot of another worker"
        return make_breach("rows", other, f"{what}; the address in its environment leads to its own, `{self._worker}`")


def find_slot(name: str) -> str:
    """The slot in a name that `make_pattern` found."""
    found = re.search(SLOT, name)
    return found[0] if found else ""


def make_pattern(server: Mapping[str, str]) -> str:
    """What finds another slot in a refusal, by the templates of the names of roles and databases."""
    templates = {"{slot}", *(server[part] for part in ("user", "dbname") if "{slot}" in server.get(part, ""))}
    names = "|".join(SLOT.join(re.escape(part.format()) for part in each.split("{slot}")) for each in sorted(templates))
    return rf'{REFUSAL}(?:(?P<kind>schema|database|role) "?(?P<name>{names})"?(?![\w.])|[a-z ]+ (?P<schema>{SLOT})\.)'
