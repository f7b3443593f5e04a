"""The plain variables that CI gives to the tests and that the code reads: keys, modes, names of settings. Pure."""

from collections.abc import Iterator

from runner.core.ci_steps import list_steps
from runner.core.detection.database import ADDRESS, find_part, find_variables
from runner.core.detection.services import make_template
from runner.core.detection.tox import list_tox_variables
from runner.core.slots import VARIABLES
from runner.core.snapshot import Detected, Finding, Snapshot

FRAMEWORKS = frozenset({"DJANGO_SETTINGS_MODULE", "DJANGO_CONFIGURATION", "FLASK_APP", "FLASK_ENV", "FLASK_DEBUG"})
"""Variables that no code of the project reads, but what it is built on."""


def detect_ci_variables(snapshot: Snapshot) -> Detected:
    """Variables of the steps that run the tests, and of tox, as far as the code reads them; the first value counts."""
    found: dict[str, tuple[str, str]] = {}
    read = {*find_variables(snapshot), *FRAMEWORKS}
    for name, value, where in list_variables(snapshot):
        # `DATABASE__NAME` is a part of the field `database` for pydantic's settings.
        if {name, name.partition("__")[0]} & read and is_plain(name, value):
            found.setdefault(name, (value.replace("{", "{{").replace("}", "}}"), where))
    findings = [
        Finding("variables", f"`{name}`, as the tests have it there", where) for name, (_, where) in found.items()
    ]
    environment = {name: value for name, (value, _) in found.items()}
    return Detected(tuple(findings), {"environment": environment} if environment else {})


def list_variables(snapshot: Snapshot) -> Iterator[tuple[str, str, str]]:
    """Name, value and file of each variable."""
    for step in list_steps(snapshot):
        yield from ((name, value, step.where) for name, value in step.variables.items())
    yield from ((name, value, "tox.ini") for name, value in list_tox_variables(snapshot.texts.get("tox.ini", "")))


def is_plain(name: str, value: str) -> bool:
    """Whether a value stands there in full and is not the database's, which each worker has its own of."""
    is_address = ADDRESS.fullmatch(name) or find_part(name) or make_template(name, value)
    return bool(value) and "$" not in value and name not in VARIABLES and not is_address
