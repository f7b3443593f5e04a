"""Finds what a project's Python packages are installed from: its lock, or what they are resolved from."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from runner.core.lock_kinds import LOCKS, METADATA, LockKind, choose_unlocked, find_kind
from runner.core.lock_source import Source, choose_source, make_unlocked
from runner.core.settings import Settings
from runner.errors import SettingsError
from runner.project.broken_locks import refuse_dangling
from runner.project.load import Project
from runner.project.text import read_text
from runner.project.workspace import find_workspace

PATTERNS = (*LOCKS, *METADATA, "pylock.*.toml", "*requirements*.txt", "*requirements*.in", "requirements/*.txt")
"""Files that a project may be installed from."""

WORKSPACE_LOCK = "../uv.lock"
"""How the lock of a workspace is told from a project's own; which folder above it is in does not matter."""


@dataclass(frozen=True)
class ProjectLock:
    """What a project's Python packages are installed from.

    Attributes:
        kind: who reads it.
        path: the lock; where there is none, the file that says what the project needs.
        is_locked: whether it is a lock.
        files: requirements files that are resolved with `path`, or without it, relative to the project.
        root: the folder of the workspace that the lock is of; None where it is the project's own.
    """

    kind: LockKind
    path: Path
    is_locked: bool = True
    files: Sequence[str] = ()
    root: Path | None = None


def find_lock(project: Project, settings: Settings) -> ProjectLock:
    """The lock: the setting's, else the project's own, else its workspace's; else what it is resolved from.

    Raises:
        SettingsError: the setting names no file that can be used, or a file cannot be read.
    """
    if settings.lock:
        return take_named(project, settings.lock)
    refuse_dangling(project.folder)
    names = list_names(project.folder)
    texts = {name: read_text(project.folder / name) for name in names if name.endswith((".txt", ".in"))}
    root = find_workspace_lock(project.folder)
    source = choose_source(names, texts, project.pyproject, WORKSPACE_LOCK if root else "")
    return take_workspace(root) if root and source.path == WORKSPACE_LOCK else locate(project, source)


def take_named(project: Project, named: str) -> ProjectLock:
    """The file that the setting names."""
    path = project.folder / named
    if not path.is_file():
        raise SettingsError(
            f"cannot find the lock file `{named}`",
            f"no such file in `{project.folder}`",
            "correct the setting `lock`",
        )
    root = find_workspace_lock(project.folder)
    if root and path.resolve() == root / "uv.lock":
        return take_workspace(root)
    if not path.resolve().is_relative_to(project.folder):
        raise SettingsError(f"the lock file `{named}` is outside the project", f"the project is `{project.folder}`")
    if path.name in METADATA:
        return locate(project, make_unlocked(named, [], project.pyproject))
    kind = find_kind(named, read_text(path))
    if kind != "project":
        return ProjectLock(kind, path)
    described = choose_unlocked(list_names(project.folder), project.pyproject)
    return locate(project, make_unlocked(described, [named], project.pyproject))


def take_workspace(root: Path) -> ProjectLock:
    """The lock of a workspace."""
    return ProjectLock("uv", root / "uv.lock", root=root)


def locate(project: Project, source: Source) -> ProjectLock:
    """A source with its place."""
    path = project.folder / (source.path or next(iter(source.files), "pyproject.toml"))
    return ProjectLock(source.kind, path, source.is_locked, source.files)


def list_names(folder: Path) -> list[str]:
    """The files of a folder that may matter, relative to it."""
    found = {path.relative_to(folder).as_posix() for pattern in PATTERNS for path in folder.glob(pattern)}
    return sorted(name for name in found if (folder / name).is_file())


def find_workspace_lock(folder: Path) -> Path | None:
    """The folder above, in the same repository, whose uv.lock covers this one as a member."""
    workspace = find_workspace(folder)
    return workspace.root if workspace and (workspace.root / "uv.lock").is_file() else None
