"""The uv workspace that a project is a member of: its folder, its lock, and its other members."""

import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from runner.core.fingerprint import parse_toml
from runner.core.outside import list_members, list_siblings
from runner.core.snapshot import dig, normalize


@dataclass(frozen=True)
class Workspace:
    """A workspace.

    Attributes:
        root: its folder.
        included: patterns of the members' folders.
        excluded: patterns of what they leave out.
    """

    root: Path
    included: Sequence[str]
    excluded: Sequence[str]

    @cached_property
    def folders(self) -> set[Path]:
        """The folders of its members. Source: uv's documentation, "Using workspaces"."""
        return {*find_folders(self.root, self.included)} - {*find_folders(self.root, self.excluded)}

    @property
    def files(self) -> set[Path]:
        """Its own two files, as far as they are there."""
        return {path for name in ("pyproject.toml", "uv.lock") if (path := self.root / name).is_file()}

    def choose_members(self, pyproject: dict[str, Any]) -> set[Path]:
        """The members that a project asks for, and those that they ask for in turn."""
        tables = {path: read_pyproject(path) for path in sorted(self.folders)}
        named = ((dig(table, "project", "name"), path) for path, table in tables.items())
        known = {normalize(name): path for name, path in named if isinstance(name, str)}
        found: set[str] = set()
        waiting = list_siblings(pyproject)
        while names := waiting & known.keys() - found:
            found |= names
            waiting = waiting.union(*(list_siblings(tables[known[name]]) for name in names))
        return {known[name] for name in found}


def find_workspace(folder: Path) -> Workspace | None:
    """The nearest workspace above a folder, in the same repository, of which it is a member."""
    for root in folder.parents:
        if members := list_members(read_pyproject(root)):
            workspace = Workspace(root, *members)
            if folder in workspace.folders:
                return workspace
        if (root / ".git").exists():
            return None
    return None


def find_folders(root: Path, patterns: Sequence[str]) -> Iterator[Path]:
    """The folders that patterns name."""
    for pattern in patterns:
        try:
            yield from root.glob(pattern.rstrip("/"))
        except (ValueError, NotImplementedError):  # Empty, or absolute.
            continue


def read_pyproject(folder: Path) -> dict[str, Any]:
    """What a folder's pyproject.toml holds; nothing where there is none, or it cannot be read."""
    try:
        return parse_toml((folder / "pyproject.toml").read_bytes())
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError):
        return {}
