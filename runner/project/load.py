"""Reads the project's pyproject.toml."""

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runner.core.fingerprint import parse_toml
from runner.errors import SettingsError, find_reason


@dataclass(frozen=True)
class Project:
    """A project folder and what its pyproject.toml holds."""

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
    """The project that a folder belongs to: the nearest pyproject.toml in it or above.

    Raises:
        SettingsError: there is none, or it cannot be read.
    """
    start = start.resolve()
    if not start.is_dir():
        raise SettingsError(f"cannot find the project folder `{start}`", "no such folder")
    for folder in (start, *start.parents):
        path = folder / "pyproject.toml"
        if path.is_file():
            return Project(folder, check_tables(path, read(path)))
    raise SettingsError(
        f"no pyproject.toml in `{start}` or above",
        hint="go to the project's folder, or name it with `--project`",
    )


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
