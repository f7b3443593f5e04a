"""Where a project lies among the files outside its folder that its build or its tests need."""

import os
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from runner.core.fingerprint import parse_toml
from runner.core.git_versions import find_root
from runner.core.outside import find_in_tables, find_in_text, list_members, list_siblings
from runner.core.settings import Settings
from runner.core.snapshot import dig, normalize
from runner.errors import SettingsError
from runner.project.load import Project
from runner.project.repository import find_top

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
    found = named | find_workspace(project) | follow(folder, find_named(folder, project))
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
            found = found | find_named(path, Project(path, read_tables(path / "pyproject.toml")))
    return {path for path in known if top is None or path.is_relative_to(top)}


def find_workspace(project: Project) -> set[Path]:
    """The two files of the uv workspace that a project is a member of, and the members that it asks for."""
    folder = project.folder
    for root in folder.parents:
        members = list_members(read_tables(root / "pyproject.toml"))
        if members is not None and is_member(folder.relative_to(root), members):
            files = {path for name in ("pyproject.toml", "uv.lock") if (path := root / name).is_file()}
            return files | choose_members(project, list_folders(root, members))
        if (root / ".git").exists():
            break
    return set()


def list_folders(root: Path, members: tuple[list[str], list[str]]) -> dict[str, Path]:
    """The folders of a workspace's members, by their normalized names."""
    found = {
        path for pattern in members[0] for path in root.glob(pattern) if is_member(path.relative_to(root), members)
    }
    named = ((dig(read_tables(path / "pyproject.toml"), "project", "name"), path) for path in sorted(found))
    return {normalize(name): path for name, path in named if isinstance(name, str)}


def choose_members(project: Project, known: Mapping[str, Path]) -> set[Path]:
    """The members that a project asks for, and those that they ask for in turn."""
    found: dict[str, Path] = {}
    waiting = list_siblings(project.pyproject)
    while names := waiting & known.keys() - found.keys():
        for name in names:
            found[name] = known[name]
            waiting |= list_siblings(read_tables(known[name] / "pyproject.toml"))
    return {*found.values()} - {project.folder}


def is_member(path: Path, members: tuple[list[str], list[str]]) -> bool:
    """Whether a path matches what a workspace includes, and not what it leaves out."""
    included, excluded = (any(PurePosixPath(path).match(pattern) for pattern in each) for each in members)
    return included and not excluded


def read_tables(path: Path) -> dict[str, object]:
    """What a pyproject.toml holds; nothing where it cannot be read."""
    try:
        return parse_toml(path.read_bytes())
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError):
        return {}


def drop_nested(paths: set[Path]) -> set[Path]:
    """The paths without those that lie below others."""
    return {path for path in paths if not any(parent in paths for parent in path.parents)}
