"""Suites with pytest-mock-resources, which starts containers unless something answers where it would have one. Pure."""

import re

from runner.core.code_search import search_code
from runner.core.snapshot import Detected, Finding, Snapshot, is_test

FIXTURE = re.compile(r"\bcreate_(?P<kind>postgres|redshift)_fixture\b")
"""How a suite asks for a database; Redshift is Postgres to the plugin."""

CLIENT = "docker-cli"
"""Debian's package of a program that the plugin looks for in any case, and would fetch from the network."""

PARTS = {"HOST": "host", "PORT": "port", "USERNAME": "user", "PASSWORD": "password", "ROOT_DATABASE": "dbname"}
"""Of its variables. Source: pytest-mock-resources' documentation, "Config"."""


def detect_mock_resources(snapshot: Snapshot) -> Detected:
    """The variables by which the plugin finds the run's server, in which it makes a database for each test."""
    found: dict[str, str] = {}
    for path, text in snapshot.python_files():
        if is_test(path) and "pytest_mock_resources" in text and (match := search_code(FIXTURE, text)):
            found.setdefault(match["kind"], path)
    if not found:
        return Detected()
    variables = {f"PMR_{kind.upper()}_{name}": f"{{{part}}}" for kind in sorted(found) for name, part in PARTS.items()}
    where = next(iter(found.values()))
    told = Finding("own server", f"none where `{next(iter(variables))}` and its like are set, so they are", where)
    settings = {"environment": variables, "isolation": "server", "rights": ["createdb"], "packages": [CLIENT]}
    kept = Finding("Postgres", "on disk: the plugin drops none of the databases that it makes for each test", where)
    return Detected((told, kept), {**settings, "postgres_memory": 0})
