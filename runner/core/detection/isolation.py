"""The isolation that a project's tests need. Pure."""

import re

from runner.core.code_search import search_code
from runner.core.detection.django import has_plugin
from runner.core.snapshot import Detected, Finding, Snapshot, is_own, is_test, join

WITHOUT_SCHEMA = re.compile(r"\bCREATE\s+SCHEMA\b|\bpublic\.\w|\bschema\s*=\s*[\"']\w", re.IGNORECASE)
MIGRATION = re.compile(r"\.sql$|(^|/)(migrations|versions)/.*\.py$")


SQLALCHEMY = re.compile(r"\bsqlalchemy\.testing\.plugin\b|^\[(?:tool\.)?sqla_testing\]", re.MULTILINE)
SECTION = re.compile(r"^\[db\](?:\n[^\[\n]*)*?\npostgresql\s*=", re.MULTILINE)
"""Where the plugin finds the address for `--db postgresql`; what it takes else is mostly SQLite."""

OWN = "none: SQLAlchemy's plugin makes a database for each worker, from the process that leads them"
TEST_SCHEMAS = ("test_schema", "test_schema_2")
"""What the suite's README wants to be there."""


def settle(snapshot: Snapshot, detected: Detected) -> Detected:
    """What detectors found, where a plugin of the suite has the last word about isolation.

    SQLAlchemy's makes the workers' databases in the process that leads them, on the server that it knows: with a server
    for each worker these would not be there. Source: its `testing/plugin/pytestplugin.py` and `testing/provision.py`;
    the schema is in its README for those who run its tests.
    """
    texts = sorted(snapshot.texts.items())
    where = next(
        (path for path, text in texts if (search_code if path.endswith(".py") else re.search)(SQLALCHEMY, text)), ""
    )
    if not where:
        return detected
    settings = {**detected.settings, "isolation": "none", "rights": ["superuser"]}
    if any(SECTION.search(text) for path, text in texts if path.endswith(".cfg")):
        settings = join(settings, {"pytest_args": ["--db=postgresql"]})
        tests = [text for path, text in texts if is_test(path)]
        if wanted := [name for name in TEST_SCHEMAS if any(re.search(rf"\b{name}\b", text) for text in tests)]:
            made = [f"CREATE SCHEMA IF NOT EXISTS {name}" for name in wanted]
            settings = join(settings, {"postgres": {"init_sql": made}})
    findings = [each for each in detected.findings if each.subject not in {"isolation", "rights"}]
    return Detected((*findings, Finding("isolation", OWN, where)), settings, detected.notes)


def detect_isolation(snapshot: Snapshot) -> Detected:
    """The isolation, where a schema for each worker cannot hold what the migrations make."""
    if has_plugin(snapshot):
        found = Finding("isolation", "none: pytest-django makes a database for each worker", "the requirements")
        return Detected((found,), {"isolation": "none"})
    for path, text in sorted(snapshot.texts.items()):
        if MIGRATION.search(path) and is_own(path) and (match := WITHOUT_SCHEMA.search(text)):
            found = Finding("isolation", f"database: one schema is not enough for `{match[0]}`", path)
            return Detected((found,), {"isolation": "database"})
    return Detected()
