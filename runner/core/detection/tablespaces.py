"""Suites that make tablespaces, and the variable by which they learn that the server is on another machine. Pure."""

import re

from runner.core.detection.database import find_variables
from runner.core.detection.statements import find_statement
from runner.core.snapshot import Detected, Finding, Snapshot, is_test

TABLESPACE = re.compile(r"\bCREATE\s+TABLESPACE\b", re.IGNORECASE)
REMOTE = re.compile(r"CONTAINER|DOCKER|REMOTE")
"""What such a variable has in its name."""


def detect_tablespaces(snapshot: Snapshot) -> Detected:
    """The variables, where the tests make a tablespace, whose folder is the server's."""
    tests = [(path, text) for path, text in snapshot.python_files() if is_test(path)]
    if not any(find_statement(TABLESPACE, path, text) for path, text in tests):
        return Detected()
    told = {name: path for name, path in sorted(find_variables(snapshot).items()) if REMOTE.search(name)}
    findings = [Finding("database", f"`{name}` = true, for tablespaces", path) for name, path in told.items()]
    return Detected(tuple(findings), {"environment": dict.fromkeys(told, "true")} if told else {})
