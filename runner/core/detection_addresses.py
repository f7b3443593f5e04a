"""Addresses in the text of tests and settings: the names that they fix, and the isolation that serves them. Pure."""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

from runner.core.addresses import Address, find_address, is_fixed
from runner.core.detection_requirements import find_requirements
from runner.core.hard_coded import find_hard_coded
from runner.core.snapshot import Detected, Finding, Snapshot, dig, is_test

CONFIGURES = re.compile(r"(^|_)(conf|config|settings|constants|env)(_|$)")
INI_FILES = re.compile(r"(^|/)(setup\.cfg|test[\w-]*\.cfg|pytest\.ini|tox\.ini)$")
INI_LINE = re.compile(r"^\s*(?!\s|D:|R:D:)[\w.\" :-]+?\s*[=:]\s*[\"']?(?=postgres(?:ql)?(?:\+\w+)?://)")
"""`D:` marks a default of pytest-env, which the environment goes before."""

NOT_READ = re.compile(r"testenv|tox|alembic|gh")
"""Sections that are for other programs than pytest and the suite."""

PARTS = {"user": "user", "password": "password", "database": "dbname", "host": "host", "port": "port"}
"""Settings of `[tool.runner.postgres]`, and the parts of an address that they stand for."""

ORDINARY = {"host": "127.0.0.1", "port": "5432"}
"""What a run has anyway."""

Found = tuple[Address, str]
"""An address, and the file and line where it stands."""


def detect_addresses(snapshot: Snapshot) -> Detected:
    """The names that addresses in the text fix, and the isolation in which every worker can have them."""
    found = [*find_in_code(snapshot), *find_in_ini(snapshot)]
    local = [each for each in found if each[0].is_local]
    notes = tuple(
        f"{where} connects to the host `{address.host}`; the tests have Postgres at `localhost`"
        for address, where in found
        if not address.is_local
    )[:3]
    if not local:
        return Detected((), {}, notes)
    isolation = choose_isolation(local)
    words = " ".join(
        f"{key} `{value}`" for key, value in list_names(local).items() if key not in {"password", "databases"}
    )
    reason = "the same address for every worker" if isolation == "sandbox" else "the same names for every worker"
    findings = (
        Finding("database", f"fixed: {words}", local[0][1]),
        Finding("isolation", f"{isolation}: {reason}", local[0][1]),
    )
    return Detected(findings, {"isolation": isolation, "postgres": list_names(local)}, notes)


def find_in_code(snapshot: Snapshot) -> Iterator[Found]:
    """Addresses in tests and in modules of settings; pytest-django makes databases of its own beside those named."""
    for path, text in snapshot.python_files():
        name = PurePosixPath(path).stem
        if is_test(path) or (CONFIGURES.search(name) and "pytest-django" not in find_requirements(snapshot)):
            yield from ((address, f"{path}:{line}") for address, line in find_hard_coded(text))


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


def list_names(found: Sequence[Found]) -> dict[str, Any]:
    """The settings of `[tool.runner.postgres]` for the names in addresses; the first has the word."""
    parts = {
        key: next((text for address, _ in found if is_fixed(text := getattr(address, part))), "")
        for key, part in PARTS.items()
    }
    names: dict[str, Any] = {key: text for key, text in parts.items() if text and ORDINARY.get(key) != text}
    if names.get("host", "localhost") != "localhost":
        del names["host"]
    if "port" in names:
        names["port"] = int(names["port"])
    further = {address.dbname for address, _ in found if is_fixed(address.dbname)} - {parts["database"], "postgres"}
    return names | ({"databases": sorted(further)} if further else {})
