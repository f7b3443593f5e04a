"""Suites that start a server or a container of their own, and how they come to one that a run can give them. Pure."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from runner.core.address_places import has_variables
from runner.core.code_search import search_code
from runner.core.detection.database import ADDRESS
from runner.core.detection.python import read_uses
from runner.core.detection.requirements import find_requirements
from runner.core.settings_postgres import DEFAULT_VERSION
from runner.core.snapshot import Detected, Finding, Snapshot, is_test

CONTAINERS = {
    "testcontainers": re.compile(r"\bPostgresContainer\b|^\s*(?:from|import) testcontainers", re.MULTILINE),
    "pytest-docker": re.compile(r"\bdocker_(?:services|compose_file|ip)\b"),
    "pytest-databases": re.compile(r"\bpytest_databases\b"),
    "docker": re.compile(r"\bdocker\.(?:from_env|DockerClient|APIClient)\(|^from docker import\b", re.MULTILINE),
}
"""Tools that need an engine, which tests do not have, and how their use looks."""

COMMAND = re.compile(
    r"[\[(]\s*[\"']docker(?:-compose)?[\"']\s*,\s*[\"'](?:run|compose|up|start)|[\"']docker(?:-| )(?:compose|run) "
)
MARKERS = frozenset({"CI", "GITHUB_ACTIONS", "GITLAB_CI", "TRAVIS", "CIRCLECI", "TF_BUILD"})
"""Variables by which a suite knows that its server is there already."""

NOPROC, PROC = (
    re.compile(r"\bpostgresql_noproc\b"),
    re.compile(r"\bpostgresql_proc\b|\bdef test_\w+\([^)]*\bpostgresql\b"),
)
ASKS = re.compile(r"\bgetfixturevalue\(\s*[\"']postgresql[\"']")
"""The fixture with a server of its own, unless the suite makes one of this name itself."""

MAKES = re.compile(r"^\s*postgresql\s*=|\bfactories\.postgresql\(", re.MULTILINE)
IMPORTS = re.compile(r"^\s*(?:from|import) pytest_postgresql\b", re.MULTILINE)
STARTS = re.compile(r"\bpostgresql_proc\(")
PROGRAMS = re.compile(r"[\"'](?:[^\s\"']*/)?(?:initdb|pg_ctl)[\"']")
"""Programs of a server's own, as an argument or a part of a path."""

EXECUTABLE = re.compile(r"postgresql_proc\([^)]*\bexecutable\s*=", re.DOTALL)
OPTIONS = ("host", "port", "user", "password")
"""Of pytest-postgresql, as its documentation has them below "Configuration"."""

LINES = 'if url := os.environ.get("TEST_DATABASE_URL"): yield url; return'

BEGIN = f"let its fixture begin with: `{LINES}`"

BY_ENGINE = frozenset({"testcontainers", "pytest-databases", "docker"})
"""Tools that speak to an engine by the package `docker`; the plugin's own engine (`plugin/engine.py`) answers them."""

INSTEAD: Mapping[str, Any] = {"isolation": "server", "postgres": {"authentication": "trust"}}
"""What a container of a test's own has: a server that is its alone, and roles and passwords of its choice."""


def detect_own_servers(snapshot: Snapshot) -> Detected:
    """What starts a server, with the settings where settings are all it takes, and a note where lines of code are."""
    detected = Detected()
    for tool, path in find_tools(snapshot):
        detected |= make_detected(snapshot, tool, path)
    return detected | detect_fixtures(snapshot)


def find_tools(snapshot: Snapshot) -> Iterator[tuple[str, str]]:
    """Each tool that starts containers, and the first file of the tests that has it; else the requirements."""
    needed = find_requirements(snapshot)
    tests = [(path, text) for path, text in snapshot.python_files() if is_test(path)]
    for tool, pattern in CONTAINERS.items():
        if path := next((path for path, text in tests if search_code(pattern, text)), ""):
            if tool != "pytest-docker" or tool in needed:
                yield tool, path
        elif tool in {"testcontainers", "pytest-databases"} & needed:
            yield tool, "the requirements"
    shared = (path for path, text in tests if path.endswith("conftest.py") and COMMAND.search(text))
    if path := next(shared, ""):
        yield "docker run", path


def make_detected(snapshot: Snapshot, tool: str, path: str) -> Detected:
    """What to do about a tool: say what the suite looks for itself, else the lines that it lacks."""
    found = Finding("own server", f"`{tool}` starts containers, which tests in one cannot", path)
    variables = read_uses(snapshot.texts.get(path, "")).variables
    if variable := next((each for each in variables if ADDRESS.fullmatch(each)), ""):
        return Detected((found, Finding("own server", f"none where `{variable}` is set, so it is", path)))
    if variable := next((each for each in variables if each in MARKERS), ""):
        told = Finding("own server", f"none where `{variable}` is set, so it is", path)
        return Detected((found, told), {"environment": {variable: "true"}})
    if tool in BY_ENGINE and is_of_postgres(snapshot, tool):
        told = Finding("isolation", f"server: it stands in for the containers of `{tool}`", path)
        return Detected((found, told), {**INSTEAD})
    return Detected((found,), {}, (f"`{tool}` starts a Postgres by itself ({path}); {BEGIN}",))


def is_of_postgres(snapshot: Snapshot, tool: str) -> bool:
    """Whether a file with a tool says what it is for; one that only the requirements name is for the database."""
    texts = [text for path, text in snapshot.python_files() if is_test(path) and search_code(CONTAINERS[tool], text)]
    return not texts or any("postgres" in text.lower() for text in texts)


def detect_fixtures(snapshot: Snapshot) -> Detected:
    """Servers that are processes: pytest-postgresql's fixtures for a server that is there, or its own programs."""
    needed = find_requirements(snapshot)
    texts = [(path, text) for path, text in snapshot.python_files() if is_test(path)]
    if "pytest-postgresql" in needed or any(search_code(IMPORTS, text) for _, text in texts):
        is_asked = any(ASKS.search(text) for _, text in texts) and not any(MAKES.search(text) for _, text in texts)
        # Where one module has both, it chooses between them by what it finds.
        starts = any(search_code(STARTS, text) and not NOPROC.search(text) for _, text in texts)
        if not (is_asked or starts) and (path := next((path for path, text in texts if NOPROC.search(text)), "")):
            arguments = [f"--postgresql-{each}={{{each}}}" for each in OPTIONS]
            found = Finding("own server", "none: `postgresql_noproc` is told where the server is", path)
            settings = {"pytest_args": arguments, "isolation": "server", "rights": ["createdb"]}
            return Detected((found,), settings)
        path = next((path for path, text in texts if PROC.search(text)), "the requirements")
        program = f"--postgresql-exec=/usr/lib/postgresql/{DEFAULT_VERSION}/bin/pg_ctl"
        is_named = any(EXECUTABLE.search(text) for _, text in texts)
        return start_own(snapshot, "pytest-postgresql", path, {} if is_named else {"pytest_args": [program]})
    if "testing-postgresql" in needed:
        return start_own(snapshot, "testing.postgresql", "the requirements", {})
    # In a single test it may be one server more, beside the one that all others use.
    shared = (path for path, text in texts if path.endswith("conftest.py") and PROGRAMS.search(text))
    path = next(shared, "")
    return start_own(snapshot, "initdb", path, {}) if path else Detected()


def start_own(snapshot: Snapshot, tool: str, path: str, settings: dict[str, Any]) -> Detected:
    """A tool that runs Postgres's programs: the suite image gets them, and the tool is left alone."""
    found = Finding("own server", f"`{tool}` starts it from the package `postgresql`, one for each worker", path)
    note = (
        f"`{tool}` starts a Postgres by itself, which takes its time; `postgresql_noproc` would take the run's"
        if tool == "pytest-postgresql"
        else f"`{tool}` starts a Postgres by itself; let the tests take `TEST_DATABASE_URL` where it is set"
    )
    # No test will use the run's own, which a strict run would take for a mistake; where no variable asks for it, it
    # is not needed at all.
    spared = {"isolation": "none", "strict": False} if has_variables(snapshot) else {"database": False}
    return Detected((found,), {"packages": ["postgresql"], **spared, **settings}, (note,))
