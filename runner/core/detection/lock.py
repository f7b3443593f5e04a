"""The lock file of a project. Pure."""

from runner.core.lock_source import Source, find_source
from runner.core.snapshot import Detected, Finding, Snapshot

FOREIGN = ("pixi.lock", "conda-lock.yml")
"""Locks of another packaging world: packages of conda are not Python's alone."""


def detect_lock(snapshot: Snapshot) -> Detected:
    """The lock that a run takes, or what it resolves where there is none."""
    source = find_source(snapshot)
    if source.is_locked:
        return Detected((Finding("lock", describe_lock(source), source.path),))
    foreign = tuple(
        f"`{name}` cannot be used: it pins conda's packages; Debian's can be had by `packages`"
        for name in FOREIGN
        if name in snapshot.names
    )
    found = f"none; {', '.join(source.files) or source.path or 'nothing but pytest and psycopg'}"
    return Detected((Finding("lock", found),), {}, (*foreign, advise_lock(source), *advise_day(snapshot)))


def describe_lock(source: Source) -> str:
    """A lock in words."""
    if source.path.startswith("../"):
        return "uv.lock of the workspace"
    return "requirements with hashes" if source.kind == "requirements" else source.path


def advise_lock(source: Source) -> str:
    """What becomes of a project without a lock."""
    resolved = "there is no lock: versions are resolved when the image is built, and stay as long as it does"
    own = f"; `{source.kind} lock` makes one" if source.kind != "project" else ""
    return f"{resolved}; `runner lock` pins them{own}"


def advise_day(snapshot: Snapshot) -> tuple[str, ...]:
    """The versions with which an old project was last tried, where nothing pins them: newer ones may break it."""
    day = snapshot.idle_since
    if not day or find_source(snapshot).is_locked:
        return ()
    return (f'the last commit is of {day}: `exclude_newer = "{day}"` takes the packages of that day',)
