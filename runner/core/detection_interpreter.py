"""The Python that a project asks for, and whether it can be had. Pure."""

from runner.core.python_requirements import FILES, find_requires
from runner.core.pythons import Interpreter, choose_python
from runner.core.snapshot import Detected, Finding, Snapshot
from runner.errors import SettingsError


def detect_interpreter(snapshot: Snapshot) -> Detected:
    """The Python that a run takes; where it cannot be had, what can."""
    version_file = snapshot.texts.get(".python-version", "")
    requires = find_requires(snapshot.pyproject, {name: snapshot.texts.get(name, "") for name in FILES})
    try:
        found = choose_python("", version_file, *requires)
    except SettingsError as error:
        return Detected((Finding("Python", "none that can be had"),), {}, (f"{error.what}; {error.cause}",))
    if not found.asked:
        return Detected()
    return Detected(
        (Finding("Python", f"{found.version} for {found.asked}", found.where.strip("`")),), {}, list_notes(found)
    )


def list_notes(found: Interpreter) -> tuple[str, ...]:
    """What to know of a Python that no release of Debian has."""
    if found.origin != "download":
        return ()
    cause = "no release of Debian has it, so that it is fetched where uv gets its builds"
    return (f"{found.where} asks for Python `{found.asked}`: {cause}; else set `python` to another",)
