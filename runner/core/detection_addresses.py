"""Addresses that the tests, or the settings of the code, have in their text: fixed names, and the isolation for them. Pure."""

import re
from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath
from typing import Any

from runner.core.addresses import URL, Address, find_address, is_fixed
from runner.core.detection_requirements import find_requirements
from runner.core.hard_coded import find_hard_coded
from runner.core.snapshot import Detected, Finding, Snapshot, is_test

CONFIGURES = re.compile(r"(^|_)(conf|config|settings|constants|env)(_|$)")
INI_FILES = re.compile(r"(^|/)(setup\.cfg|test[\w-]*\.cfg|pytest\.ini|tox\.ini|test[\w-]*\.(?:ini|toml))$")
INI_LINE = re.compile(r"^\s*(?P<key>[\w.\" :-]+?)\s*[=:]\s*[\"']?(?=postgres(?:ql)?(?:\+\w+)?://)")
ORDINARY_PORT = "5432"

Found = tuple[Address, str]
"""An address, and the file and line where it stands."""


def detect_addresses(snapshot: Snapshot) -> Detected:
    """The names that addresses in the text fix, and the isolation in which every worker can have them."""
    found = [*find_in_code(snapshot), *find_in_ini(snapshot)]
    local = [each for each in found if each[0].is_local]
    notes = tuple(
        f"{where} connects to the host `{address.host}`; the tests have Postgres at `localhost`"
        for address, where in found[: len(found)]
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
    """Addresses in the settings of test tools, such as those of SQLAlchemy's plugin."""
    for path in sorted(each for each in snapshot.texts if INI_FILES.search(each)):
        for number, line in enumerate(snapshot.texts[path].splitlines(), 1):
            match = INI_LINE.match(line)
            if match and (address := find_address(line)) and is_fixed(address.dbname) and "sqlalchemy.url" not in line:
                yield address, f"{path}:{number}"


def choose_isolation(found: Sequence[Found]) -> str:
    """`sandbox` where host and port are fixed; a server of its own where libpq takes the port from the environment."""
    return "sandbox" if any(address.host and address.port for address, _ in found) else "server"


def list_names(found: Sequence[Found]) -> dict[str, Any]:
    """The settings of `[tool.runner.postgres]` for the names in addresses; the first has the word."""
    names: dict[str, Any] = {}
    for key, part in (
        ("user", "user"),
        ("password", "password"),
        ("database", "dbname"),
        ("host", "host"),
        ("port", "port"),
    ):
        value = next((text for address, _ in found if is_fixed(text := getattr(address, part))), "")
        if (
            value
            and not (key == "host" and value not in {"localhost"})
            and not (key == "port" and value == ORDINARY_PORT)
        ):
            names[key] = int(value) if key == "port" else value
    further = {address.dbname for address, _ in found if is_fixed(address.dbname)} - {
        names.get("database", ""),
        "postgres",
    }
    return names | ({"databases": sorted(further)} if further else {})


def has_address(text: str) -> bool:
    """Whether a text has an address of Postgres's."""
    return URL.search(text) is not None
