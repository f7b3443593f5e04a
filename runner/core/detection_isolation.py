"""The isolation that a project's tests need. Pure."""

import re

from runner.core.detection_requirements import find_requirements
from runner.core.snapshot import Detected, Finding, Snapshot, is_own

WITHOUT_SCHEMA = re.compile(r"\bCREATE\s+SCHEMA\b|\bpublic\.\w|\bschema\s*=\s*[\"']\w", re.IGNORECASE)
MIGRATION = re.compile(r"\.sql$|(^|/)(migrations|versions)/.*\.py$")


def detect_isolation(snapshot: Snapshot) -> Detected:
    """The isolation, where a schema for each worker cannot hold what the migrations make."""
    if "pytest-django" in find_requirements(snapshot):
        found = Finding("isolation", "none: pytest-django makes a database for each worker", "the requirements")
        return Detected((found,), {"isolation": "none"})
    for path, text in sorted(snapshot.texts.items()):
        if MIGRATION.search(path) and is_own(path) and (match := WITHOUT_SCHEMA.search(text)):
            found = Finding("isolation", f"database: one schema is not enough for `{match[0]}`", path)
            return Detected((found,), {"isolation": "database"})
    return Detected()
