"""Drivers that take neither port nor password from the environment, and what they need to do without. Pure."""

import re

from runner.core.code_search import search_code
from runner.core.snapshot import Detected, Finding, Snapshot, dig_table, is_test

PG8000 = re.compile(r"\bpg8000\b")
"""It wants both as arguments. Source: its README; libpq and asyncpg take `PGPORT` and `PGPASSWORD`."""


def settle_ports(snapshot: Snapshot, detected: Detected) -> Detected:
    """What detectors found; with the usual port and no password where tests in which one is used have an address."""
    names = dig_table(detected.settings, "postgres")
    if detected.settings.get("isolation") != "server" or not {"database", "host"} & names.keys():
        return detected
    for path, text in snapshot.python_files():
        if is_test(path) and (search_code(PG8000, text) or "+pg8000://" in text):
            found = Finding("isolation", "sandbox: pg8000 takes no port and no password from the environment", path)
            trust = {} if "password" in names else {"postgres": {"authentication": "trust"}}
            return detected | Detected((found,), {"isolation": "sandbox", **trust})
    return detected
