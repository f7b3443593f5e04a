"""Servers of CI's that let everybody in, and the setting for that where no worker loses by it. Pure."""

from collections.abc import Iterator

from runner.core.detection.services import CI_FILES, COMPOSE_FILES
from runner.core.matrices import ENVIRONMENTS
from runner.core.snapshot import Detected, Finding, Snapshot, dig_table
from runner.core.yaml_reading import read_pairs, read_yaml, walk

METHOD = "POSTGRES_HOST_AUTH_METHOD"
"""Of Postgres's official image."""

OWN_SERVERS = frozenset({"server", "sandbox"})
"""Isolations in which no worker has to be kept from another's role."""


def settle_authentication(snapshot: Snapshot, detected: Detected) -> Detected:
    """What detectors found, without passwords where CI's server asks for none and each worker has a server."""
    where = next(find_trust(snapshot), "")
    if not where or detected.settings.get("isolation") not in OWN_SERVERS:
        return detected
    if dig_table(detected.settings, "postgres").get("password"):
        # Who names a password gives it.
        return detected
    found = Finding("Postgres", "it asks for no password", where)
    return detected | Detected((found,), {"postgres": {"authentication": "trust"}})


def find_trust(snapshot: Snapshot) -> Iterator[str]:
    """The files whose Postgres lets everybody in."""
    for kind in (CI_FILES, COMPOSE_FILES):
        for path in sorted(path for path in snapshot.texts if kind.search(path)):
            tables = walk(read_yaml(snapshot.texts[path]))
            if any(read_pairs(table.get(key)).get(METHOD) == "trust" for table in tables for key in ENVIRONMENTS):
                yield path
