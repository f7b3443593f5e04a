"""The Python that a project asks for, and whether it can be had. Pure."""

from collections.abc import Iterable

from runner.core.ci_pythons import list_ci_pythons
from runner.core.lock_source import find_source
from runner.core.lock_wheels import find_compiled
from runner.core.python_requirements import FILES, find_requires
from runner.core.pythons import (
    DOWNLOADED,
    KNOWN,
    PATCHES,
    Interpreter,
    choose_python,
    parse_specifiers,
    sort_down,
)
from runner.core.snapshot import Detected, Finding, Snapshot
from runner.errors import SettingsError

MOST = 3
"""Packages that are named."""


def detect_interpreter(snapshot: Snapshot) -> Detected:
    """The Python that a run takes; where it cannot be had, what can."""
    version_file = snapshot.texts.get(".python-version", "")
    requires = find_requires(snapshot.pyproject, {name: snapshot.texts.get(name, "") for name in FILES})
    try:
        found = choose_python("", version_file, *requires)
    except SettingsError as error:
        return Detected((Finding("Python", "none that can be had"),), {}, (f"{error.what}; {error.cause}",))
    if tried := find_tried(snapshot, found, requires[0]):
        version, where = tried
        return Detected((Finding("Python", f"{version}, since CI has no {found.version}", where),), {"python": version})
    if built := find_built(snapshot, found, requires[0]):
        version, lacking = built
        words = f"{version}, since the lock has no wheel of {lacking} for {found.version}"
        return Detected((Finding("Python", words, find_source(snapshot).path),), {"python": version})
    if not found.asked:
        return Detected()
    return Detected(
        (Finding("Python", f"{found.version} for {found.asked}", found.where.strip("`")),),
        {},
        list_notes(found, find_newest(snapshot, requires[0])),
    )


def find_tried(snapshot: Snapshot, found: Interpreter, requires: str) -> tuple[str, str] | None:
    """The newest Python that CI has and Debian too, where it has not the one that a run would take.

    Metadata says `>=3.9` and means what there was when somebody looked; an old lock has packages that no newer Python
    takes. A version that somebody named is another matter, and none is fetched that nobody asked for.
    """
    tried = list_ci_pythons(snapshot)
    if not tried or found.version in tried or found.where == "`.python-version`":
        return None
    return find_newest(snapshot, requires)


def find_newest(snapshot: Snapshot, requires: str) -> tuple[str, str] | None:
    """The newest Python that CI has, and Debian too, and the file that says so."""
    tried = list_ci_pythons(snapshot)
    known = [each for each in tried if each in KNOWN and each not in DOWNLOADED]
    return next(((each, tried[each]) for each in sort_down(keep_allowed(known, requires))), None)


def find_built(snapshot: Snapshot, found: Interpreter, requires: str) -> tuple[str, str] | None:
    """The newest Python of Debian's for which the lock has more wheels, and the packages without one for another.

    An old lock has packages that were built for no newer Python; their sources may not even be for it.
    """
    text = snapshot.texts.get(find_source(snapshot).path, "")
    lacking = find_compiled(text, found.version)
    if not lacking or found.where == "`.python-version`" or found.version in list_ci_pythons(snapshot):
        return None
    others = sort_down(keep_allowed([each for each in PATCHES if each != found.version], requires))
    compiled = {each: find_compiled(text, each) for each in others}
    best = min(compiled, key=lambda each: len(compiled[each]), default="")
    if not best or len(compiled[best]) >= len(lacking):
        return None
    better = {*lacking} - {*compiled[best]}
    words = ", ".join(f"`{each}`" for each in sorted(better)[:MOST])
    return best, words + (f" and {len(better) - MOST} more" if len(better) > MOST else "")


def keep_allowed(versions: Iterable[str], requires: str) -> list[str]:
    """The versions that the project's metadata allows."""
    allowed = parse_specifiers(requires) if requires else []
    return [each for each in versions if not allowed or any(one.contains(f"{each}.99") for one in allowed)]


def list_notes(found: Interpreter, other: tuple[str, str] | None) -> tuple[str, ...]:
    """What to know of a Python that no release of Debian has, with another that CI has, too."""
    if found.origin != "download":
        return ()
    cause = "no release of Debian has it, so that it is fetched where uv gets its builds"
    instead = f'`python = "{other[0]}"`, which CI has ({other[1]})' if other else "`python` to another"
    return (f"{found.where} asks for Python `{found.asked}`: {cause}; else set {instead}",)
