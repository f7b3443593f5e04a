"""Finds the project's folder, and reads its pyproject.toml where it has one."""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runner.core.fingerprint import parse_toml
from runner.errors import SettingsError, find_reason

DISTRIBUTION = ("pyproject.toml", "setup.py", "setup.cfg")
"""Files of which one makes a folder a project."""

OTHERS = ("Pipfile", "pytest.ini", "tox.ini", "requirements.txt", "conftest.py")
"""Files that do it where there is none of those up to the repository's own folder."""


@dataclass(frozen=True)
class Project:
    """A project folder and what its pyproject.toml holds; nothing where there is none."""

    folder: Path
    pyproject: dict[str, Any]

    @property
    def name(self) -> str:
        """The distribution's name, or the folder's where there is none."""
        return str(self.pyproject.get("project", {}).get("name") or self.folder.name)

    @property
    def settings(self) -> dict[str, Any]:
        """The table `[tool.runner]`."""
        return dict(self.pyproject.get("tool", {}).get("runner", {}))


def load_project(start: Path) -> Project:
    """The project that a folder belongs to: the nearest with a pyproject.toml, or what older projects have instead.

    Raises:
        SettingsError: there is none, or it cannot be read.
    """
    start = start.resolve()
    if not start.is_dir():
        raise SettingsError(f"cannot find the project folder `{start}`", "no such folder")
    folder = find_nearest(start, DISTRIBUTION) or find_nearest(start, OTHERS)
    if folder is None:
        raise SettingsError(
            f"no pyproject.toml in `{start}` or above",
            "nor is there a setup.py, a setup.cfg, a Pipfile, a requirements.txt, or settings of pytest",
            "go to the project's folder, or name it with `--project`",
        )
    path = folder / "pyproject.toml"
    return Project(folder, check_tables(path, read(path)) if path.is_file() else {})


def find_mark(folder: Path) -> Path:
    """The file that makes a folder a project."""
    return next(path for name in (*DISTRIBUTION, *OTHERS) if (path := folder / name).is_file())


def find_nearest(start: Path, names: Sequence[str]) -> Path | None:
    """The nearest folder, in the same repository, that has one of some files."""
    for folder in (start, *start.parents):
        if any((folder / name).is_file() for name in names):
            return folder
        if (folder / ".git").exists():
            return None
    return None


def check_tables(path: Path, pyproject: dict[str, Any]) -> dict[str, Any]:
    """The same, if the tables that are read here are tables."""
    tool = pyproject.get("tool", {})
    tables = {"project": pyproject.get("project", {}), "tool": tool}
    if isinstance(tool, dict):
        tables |= {f"tool.{name}": tool.get(name, {}) for name in ("runner", "uv", "hatch", "setuptools")}
    for name, table in tables.items():
        if not isinstance(table, dict):
            raise SettingsError(f"cannot read `{path}`", f"`{name}` is not a table", f"write it as `[{name}]`")
    return pyproject


def read(path: Path) -> dict[str, Any]:
    """The TOML of a file."""
    try:
        return parse_toml(path.read_bytes())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        cause = str(error)
        raise SettingsError(f"cannot read `{path}`", cause[:1].lower() + cause[1:]) from None
    except OSError as error:
        raise SettingsError(f"cannot read `{path}`", find_reason(error)) from None


def read_settings(path: Path) -> dict[str, Any]:
    """The settings in a file of their own: its table `[tool.runner]`, or all of it where it has no `[tool]`.

    Raises:
        SettingsError: it cannot be read.
    """
    tables = read(path)
    return Project(path.parent, check_tables(path, tables)).settings if "tool" in tables else tables
