"""Addresses in the text of tests and settings: the names that they fix, and the isolation that serves them. Pure."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

from runner.core.addresses import Address, find_address, is_fixed
from runner.core.detection_database import ADDRESS, find_part, find_variables
from runner.core.detection_django import has_plugin
from runner.core.hard_coded import find_hard_coded
from runner.core.snapshot import Detected, Finding, Snapshot, dig, is_test

CONFIGURES = re.compile(r"(?:.*_)?(?:conf|config|settings)")
INI_FILES = re.compile(r"(^|/)(setup\.cfg|test[\w-]*\.cfg|pytest\.ini|tox\.ini)$")
INI_LINE = re.compile(r"^\s*(?!\s|D:|R:D:)[\w.\" :-]+?\s*[=:]\s*[\"']?(?=postgres(?:ql)?(?:\+\w+)?://)")
"""`D:` marks a default of pytest-env, which the environment goes before."""

NOT_READ = re.compile(r"testenv|tox|alembic|gh")
"""Sections that are for other programs than pytest and the suite."""

PARTS = {"user": "user", "password": "password", "database": "dbname", "host": "host", "port": "port"}
"""Settings of `[tool.runner.postgres]`, and the parts of an address that they stand for."""

ORDINARY = {"host": "127.0.0.1", "port": "5432"}
"""What a run has anyway."""

NAME = re.compile(r"[A-Za-z_][\w-]*")
OWN_DATABASES = frozenset({"postgres", "template0", "template1"})

Found = tuple[Address, str]
"""An address, and the file and line where it stands."""


def detect_addresses(snapshot: Snapshot) -> Detected:
    """The names that addresses in the text fix, and the isolation in which every worker can have them."""
    found = find_addresses(snapshot)
    local = [each for each in found if each[0].is_local]
    notes = (
        [] if local else [f"{where} connects to the host `{each.host}`; a run has `localhost`" for each, where in found]
    )
    if not local:
        return Detected((), {}, tuple(notes[:1]))
    first, where = choose_first(local)
    isolation, names = choose_isolation(local), list_names(first, [each for each, _ in local])
    words = " ".join(f"{key} `{value}`" for key, value in names.items() if key not in {"password", "databases"})
    reason = "the same address for every worker" if isolation == "sandbox" else "the same names for every worker"
    findings = (
        Finding("database", f"fixed: {words}", where),
        Finding("isolation", f"{isolation}: {reason}", where),
    )
    return Detected(findings, {"isolation": isolation, "postgres": names})


def find_addresses(snapshot: Snapshot) -> list[Found]:
    """Addresses of settings; of what tests share and of tests themselves only where nothing else leads on."""
    settings: list[Found] = [*find_in_ini(snapshot)]
    shared: list[Found] = []
    tests: list[Found] = []
    for path, text in snapshot.python_files():
        is_first = is_settings(path, snapshot)
        for each in find_hard_coded(text) if is_first or is_test(path) else ():
            found = tests if each.in_test else settings if is_first else shared
            found.append((each.address, f"{path}:{each.line}"))
    if settings or has_variables(snapshot):
        return settings
    return shared or tests


def is_settings(path: str, snapshot: Snapshot) -> bool:
    """Whether a module says where the tests' database is; pytest-django makes others beside that of its settings."""
    name = PurePosixPath(path).stem
    has_settings = not has_plugin(snapshot)
    return name == "conftest" or (
        has_settings and not name.startswith("test_") and CONFIGURES.fullmatch(name) is not None
    )


def has_variables(snapshot: Snapshot) -> bool:
    """Whether the code asks the environment for its database."""
    return any(ADDRESS.fullmatch(name) or find_part(name) for name in find_variables(snapshot))


def find_in_ini(snapshot: Snapshot) -> Iterator[Found]:
    """Addresses in the settings of test tools: of SQLAlchemy's plugin, and of pytest-env, which sets variables anew."""
    lines = [
        (line, f"{path}:{number}")
        for path in sorted(each for each in snapshot.texts if INI_FILES.search(each))
        for number, line in list_lines(snapshot.texts[path])
    ]
    for keys in (("tool", "pytest", "ini_options", "env"), ("tool", "pytest_env")):
        found = dig(snapshot.pyproject, *keys)
        pairs = [f"{name}={value}" for name, value in found.items()] if isinstance(found, Mapping) else found
        lines += (
            [(each, "pyproject.toml") for each in pairs if isinstance(each, str)] if isinstance(pairs, list) else []
        )
    for line, where in lines:
        if INI_LINE.match(line) and (address := find_address(line)) and is_fixed(address.dbname):
            yield address, where


def list_lines(text: str) -> Iterator[tuple[int, str]]:
    """The lines that the suite reads, with their numbers."""
    section = ""
    for number, line in enumerate(text.splitlines(), 1):
        section = line.strip("[] ") if line.startswith("[") else section
        if not NOT_READ.match(section):
            yield number, line


def choose_isolation(found: Sequence[Found]) -> str:
    """`sandbox` where host and port are fixed; a server of its own where libpq takes the port from the environment."""
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
    if names.get("host", "localhost") != "localhost":
        del names["host"]
    alike = {each.dbname for each in found if (each.user, each.port) == (first.user, first.port)}
    further = {each for each in alike if NAME.fullmatch(each)} - {first.dbname, *OWN_DATABASES}
    return names | ({"databases": sorted(further)} if further else {})
