"""Addresses in the text of tests and settings: the names that they fix, and the isolation that serves them. Pure."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from runner.core.address_places import Found, find_addresses, is_django
from runner.core.addresses import Address, is_fixed
from runner.core.settings_postgres import Postgres
from runner.core.settings_postgres_rules import find_conflict
from runner.core.snapshot import Detected, Finding, Snapshot

PARTS = {"user": "user", "password": "password", "database": "dbname", "host": "host", "port": "port"}
"""Settings of `[tool.runner.postgres]`, and the parts of an address that they stand for."""

ORDINARY = {"host": "127.0.0.1", "port": "5432"}
"""What a run has anyway."""

NEAR = re.compile(r"[A-Za-z][\w-]*")
"""The name of a machine without a domain, such as a service's in Compose: a run can have it."""

NAME = re.compile(r"[A-Za-z_][\w-]*")
OWN_DATABASES = frozenset({"postgres", "template0", "template1"})


def detect_addresses(snapshot: Snapshot) -> Detected:
    """The names that addresses in the text fix, and the isolation in which every worker can have them."""
    found = find_addresses(snapshot)
    local = [each for each in found if each[0].is_local] or [each for each in found if NEAR.fullmatch(each[0].host)]
    notes = (
        [] if local else [f"{where} connects to the host `{each.host}`; a run has `localhost`" for each, where in found]
    )
    if not local:
        return Detected((), {}, tuple(notes[:1]))
    first, where = choose_first(local)
    names = list_names(first, [each for each, _ in local])
    isolation = choose_isolation(snapshot, names, local)
    settings = {"postgres": names, **({"isolation": isolation} if isolation else {})} if names else {}
    return Detected(tuple(describe(names, isolation, where)), settings)


def describe(names: Mapping[str, Any], isolation: str, where: str) -> Iterator[Finding]:
    """What an address fixes, in words."""
    words = " ".join(f"{key} `{value}`" for key, value in names.items() if key not in {"password", "databases"})
    if words:
        yield Finding("database", f"fixed: {words}", where)
    if isolation:
        reason = "the same address for every worker" if isolation == "sandbox" else "the same names for every worker"
        yield Finding("isolation", f"{isolation}: {reason}", where)


def choose_isolation(snapshot: Snapshot, names: Mapping[str, Any], found: Sequence[Found]) -> str:
    """`sandbox` where host and port are fixed; a server of its own where libpq takes the port from the environment.

    None is needed where role and database are not fixed, nor where pytest-django makes databases of other names.
    """
    allowed = is_django(snapshot) and find_conflict(Postgres(**names), "none", ()) is None
    if allowed or not {"user", "database"} & names.keys():
        return ""
    return "sandbox" if any(address.host and address.port for address, _ in found) else "server"


def choose_first(found: Sequence[Found]) -> Found:
    """The address that stands there most often; of equals the first."""
    counts = Counter(address for address, _ in found)
    return max(found, key=lambda each: counts[each[0]])


def list_names(first: Address, found: Sequence[Address]) -> dict[str, Any]:
    """The settings of `[tool.runner.postgres]` for an address, and the databases of others that are like it."""
    names: dict[str, Any] = {}
    for key, part in PARTS.items():
        text = getattr(first, part)
        if is_fixed(text) and ORDINARY.get(key) != text:
            names[key] = int(text) if key == "port" else text
    if first.is_local and (names.get("host") != "localhost" or not first.has_names):
        names.pop("host", None)
    alike = {each.dbname for each in found if (each.user, each.port) == (first.user, first.port)}
    further = {each for each in alike if NAME.fullmatch(each)} - {first.dbname, *OWN_DATABASES}
    return names | ({"databases": sorted(further)} if further else {})
