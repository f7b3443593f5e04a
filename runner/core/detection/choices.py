"""Which of several databases the tests take: variables to which CI or a command gives a name of Postgres. Pure."""

import re
from collections.abc import Iterator

from runner.core.detection.database import OTHERS, find_part, find_variables
from runner.core.detection.options import list_commands
from runner.core.detection.services import CI_FILES
from runner.core.matrices import list_given
from runner.core.slots import VARIABLES
from runner.core.snapshot import Detected, Finding, Snapshot
from runner.core.yaml_reading import read_yaml, walk

NAMES = r"postgres(?:ql)?|pgsql|psycopg\d?|asyncpg"
POSTGRES = re.compile(rf"(?:[\w+-]+\.)*(?:[a-z]+[_-])?(?:{NAMES})(?:[._+:-][\w.+:-]*)?", re.IGNORECASE)
"""A name of Postgres or of a driver, such as `postgresql`, `psycopg2`, `project.settings.test_postgres`."""

PLAIN = re.compile(r"postgres(?:ql)?", re.IGNORECASE)
ASSIGNMENT = re.compile(r"(?<![\w$-])(?P<name>[A-Z][A-Z0-9_]+)\s*[:?]?=\s*[\"']?(?P<value>[\w.:+-]+)(?![\w.:+/@-])")
ANYWAY = frozenset({"DJANGO_SETTINGS_MODULE"})
"""Variables that a library reads, not the code."""


def detect_choices(snapshot: Snapshot) -> Detected:
    """The variables that the code reads, with the value for Postgres where a suite can be run with others too."""
    read = find_variables(snapshot).keys() | ANYWAY
    found: dict[str, tuple[str, str]] = {}
    for name, value, where in list_assignments(snapshot):
        if name not in read or is_address(name) or not POSTGRES.fullmatch(value):
            continue
        # The plain name is the driver that most have; the others are variants of it.
        if name not in found or (PLAIN.fullmatch(value) and not PLAIN.fullmatch(found[name][0])):
            found[name] = (value, where)
    findings = [Finding("database", f"`{name}` = {value}", where) for name, (value, where) in found.items()]
    environment = {name: value for name, (value, _) in found.items()}
    return Detected(tuple(findings), {"environment": environment} if environment else {})


def is_address(name: str) -> bool:
    """Whether a variable holds a part of an address, which may be `postgres` as well, or is another server's."""
    return name in VARIABLES or bool(find_part(name)) or OTHERS.search(name) is not None


def list_assignments(snapshot: Snapshot) -> Iterator[tuple[str, str, str]]:
    """Each variable with each value that it is given, and the file; CI's first."""
    for path in sorted(path for path in snapshot.texts if CI_FILES.search(path)):
        document = read_yaml(snapshot.texts[path])
        for table in walk(document):
            yield from ((name, value, path) for name, value in list_given(table, document))
    for path, text in list_commands(snapshot):
        for match in ASSIGNMENT.finditer(text):
            yield match["name"], match["value"], path
