"""Where a project lies among the files outside its folder that its build or its tests need."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from runner.core.git_versions import find_root
from runner.core.outside import find_in_tables, find_in_text
from runner.core.settings import Settings
from runner.errors import SettingsError
from runner.project.load import Project
from runner.project.repository import find_top
from runner.project.workspace import find_workspace, read_pyproject

TEXTS = ("uv.lock", "poetry.lock", "pdm.lock", "Pipfile", "setup.cfg", "setup.py", "pytest.ini", "tox.ini")
"""Files beside pyproject.toml that may name files outside; requirements do too."""


@dataclass(frozen=True)
class Layout:
    """A project and what is around it.

    Attributes:
        root: the folder that holds the project and everything of `outside`; the project's own where there is none.
        inside: the project's path below it; empty where it is the same.
        outside: files and folders, relative to `root`, that go into the environment too.
    """

    root: Path
    inside: str = ""
    outside: Sequence[str] = ()


def find_layout(project: Project, settings: Settings) -> Layout:
    """The layout of a project: with the folders that its metadata and lock name, and what `include` adds.

    Raises:
        SettingsError: `include` names something that is not there.
    """
    folder = project.folder
    named = {(folder / path).resolve() for path in settings.include}
    for path in sorted(named):
        if not path.exists():
            raise SettingsError(f"`include` names what is not there: `{path}`", "no such file or folder")
    found = named | find_members(project) | follow(folder, find_named(folder, project))
    outside = {path for path in found if not path.is_relative_to(folder) and not folder.is_relative_to(path)}
    roots = {folder, *(path.parent for path in outside)}
    if settings.git or find_root(project.pyproject):
        roots.add(find_top(folder) or folder)
    root = Path(os.path.commonpath(roots))
    inside = "" if root == folder else folder.relative_to(root).as_posix()
    return Layout(root, inside, sorted(path.relative_to(root).as_posix() for path in drop_nested(outside)))


def find_named(folder: Path, project: Project) -> set[Path]:
    """What the files of a project name outside its folder, where it is there."""
    texts = [folder / name for name in TEXTS] + [*folder.glob("*requirements*.txt"), *folder.glob("requirements/*.txt")]
    paths = {(folder / path).resolve() for path in find_in_tables(project.pyproject)}
    for text in texts:
        if text.is_file():
            found = find_in_text(text.read_text(encoding="utf-8", errors="replace"))
            # Requirements name files from where they are, locks and the rest from the project's folder.
            paths |= {(text.parent / path).resolve() for path in found}
    return {path for path in paths if path.exists()}


def follow(folder: Path, found: set[Path]) -> set[Path]:
    """The same with what other projects among them name in turn, within the repository."""
    top = find_top(folder) if found else None
    known: set[Path] = set()
    while waiting := found - known:
        path = waiting.pop()
        known.add(path)
        if (path / "pyproject.toml").is_file() and not folder.is_relative_to(path):
            found = found | find_named(path, Project(path, read_pyproject(path)))
    return {path for path in known if top is None or path.is_relative_to(top)}


def find_members(project: Project) -> set[Path]:
    """The two files of the uv workspace that a project is a member of, and the members that it asks for."""
    workspace = find_workspace(project.folder)
    if workspace is None:
        return set()
    return workspace.files | workspace.choose_members(project.pyproject) - {project.folder}


def drop_nested(paths: set[Path]) -> set[Path]:
    """The paths without those that lie below others."""
    return {path for path in paths if not any(parent in paths for parent in path.parents)}
