"""What a run will install a project's packages from, as far as names and texts tell. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from runner.core.lock_export import is_described
from runner.core.lock_kinds import (
    LockKind,
    choose_lock,
    choose_requirements,
    choose_unlocked,
    find_kind,
    find_locker,
)
from runner.core.snapshot import Snapshot


@dataclass(frozen=True)
class Source:
    """What packages are installed from.

    Attributes:
        kind: who reads it.
        path: the lock, or the file that says what the project needs, relative to the project; empty where none does.
        is_locked: whether it is a lock.
        files: requirements files that are resolved with `path`, or without it.
    """

    kind: LockKind
    path: str
    is_locked: bool = True
    files: Sequence[str] = ()


def choose_source(
    names: Sequence[str], texts: Mapping[str, str], pyproject: Mapping[str, Any], workspace: str = ""
) -> Source:
    """The project's own lock, else its workspace's, else requirements with hashes; else what is resolved.

    Args:
        names: paths relative to the project.
        texts: the text of the requirements files among them.
        pyproject: what pyproject.toml holds.
        workspace: path of the lock of a workspace that the project is a member of.
    """
    chosen = choose_lock(names, texts)
    if workspace and (not chosen or chosen.endswith(".txt")):
        return Source("uv", workspace)
    if chosen:
        return Source(find_kind(chosen, texts.get(chosen, "")), chosen)
    described = choose_unlocked(names, pyproject)
    return make_unlocked(described, choose_requirements(names, texts, is_package(described, pyproject)), pyproject)


def make_unlocked(described: str, files: Sequence[str], pyproject: Mapping[str, Any]) -> Source:
    """What a project without a lock is resolved from; without anything, it needs no more than every suite has."""
    if described == "Pipfile":
        return Source("pipenv", described, is_locked=False)
    locker = find_locker(pyproject) if described == "pyproject.toml" else "project"
    return Source(locker, described, is_locked=False, files=() if locker != "project" else files)


def is_package(described: str, pyproject: Mapping[str, Any]) -> bool:
    """Whether the project itself says what it needs."""
    return bool(described) and described != "Pipfile" and is_described(described, pyproject)


def find_source(snapshot: Snapshot) -> Source:
    """The same for what `runner init` knows."""
    return choose_source(sorted(snapshot.names), snapshot.texts, snapshot.pyproject, snapshot.workspace)
