"""Projects whose tests have nothing to do with Postgres: a run of theirs needs none. Pure."""

import re

from runner.core.address_places import find_addresses
from runner.core.addresses import SCHEME
from runner.core.code_search import search_code
from runner.core.detection.database import find_variables
from runner.core.detection.django import has_plugin
from runner.core.detection.requirements import find_requirements
from runner.core.detection.services import list_services
from runner.core.placeholders import has_placeholder
from runner.core.snapshot import Detected, Finding, Snapshot, is_own, is_test

PACKAGE = re.compile(
    r"postg|psycopg|asyncpg|pg8000|psqlextra|pgsql|pg$|^pg|-pg|testcontainers|docker|^pytest-(?:databases|mock-resources)$"
)
"""Names of drivers, of what is built on them, and of tools that start servers for tests."""

IMPORT = re.compile(
    r"^\s*(?:from|import)\s+(?:psycopg\w*|asyncpg|pg8000|aiopg|\w*postgres\w*|testing\.postgresql)\b", re.MULTILINE
)
COMMAND = re.compile(r"[\"'](?:psql|pg_\w+|createdb)[\"' ]")
URL = re.compile(rf"\b{SCHEME}://")
VARIABLE = re.compile(r"POSTGRES|PSQL|PGSQL|PSYCOPG|ASYNCPG|(?:^|_)PG")
"""Names that no other database has; `DATABASE_URL` is that of any."""

OF_ADDRESSES = frozenset({"database", "isolation", "rights", "Postgres", "extensions"})
SETTINGS = frozenset({"isolation", "rights", "setup", "setup_inputs", "postgres"})
"""Subjects of findings, and settings, that say nothing where there is no Postgres."""

NONE = "none: no driver, no address and no server of Postgres's is in sight"
OWN = "none of the run's: the tests start their own"


def settle_absence(snapshot: Snapshot, detected: Detected) -> Detected:
    """What detectors found; where the tests cannot come to a Postgres, `database = false` and nothing about one.

    Nobody has written that down anywhere, so all must be silent: the requirements, the code, CI, and what the detectors
    have found. A project without tests may still get some that want a database.
    """
    if detected.settings.get("database") is False:
        return leave_out(detected, OWN)
    has_tests = any(is_test(path) and path.endswith(".py") for path in snapshot.names)
    if not has_tests or has_sign(snapshot) or tells_of_postgres(snapshot, detected):
        return detected
    return leave_out(detected, NONE)


def has_sign(snapshot: Snapshot) -> bool:
    """Whether anything in the project is Postgres's."""
    texts = [*snapshot.python_files()]
    packages = find_requirements(snapshot)
    return (
        # Where nobody says what is installed, a driver may be.
        not packages
        or any(map(PACKAGE.search, packages))
        or any(map(VARIABLE.search, find_variables(snapshot)))
        or any(search_code(IMPORT, text) or COMMAND.search(text) for _, text in texts)
        or any(URL.search(text) for path, text in texts if is_own(path) and not is_test(path))
        or bool(list_services(snapshot) or find_addresses(snapshot))
    )


def tells_of_postgres(snapshot: Snapshot, detected: Detected) -> bool:
    """Whether a detector has seen what only a server can do, or a suite that has one of its own.

    Django's migrations are for any database, and pytest-django takes them to the one of the settings.
    """
    subjects = {each.subject for each in detected.findings}
    telling = {"Postgres", "extensions", "own server"} | (set() if has_plugin(snapshot) else {"migrations"})
    is_reached = "rights" in detected.settings or detected.settings.get("isolation", "none") != "none"
    return bool(telling & subjects) or is_reached or "postgres" in detected.settings


def leave_out(detected: Detected, why: str) -> Detected:
    """What is left without a database: variables and arguments for its address go, too."""
    findings = [each for each in detected.findings if each.subject not in OF_ADDRESSES]
    kept = {name: value for name, value in detected.settings.items() if name not in SETTINGS}
    plain = {name: text for name, text in kept.pop("environment", {}).items() if not has_placeholder(text)}
    environment = {"environment": plain} if plain else {}
    return Detected((*findings, Finding("database", why)), kept | environment | {"database": False}, detected.notes)
