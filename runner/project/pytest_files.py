"""The files of a project that may hold pytest's settings."""

import tomllib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from runner.core.habits import find_addopts, read_habits
from runner.core.ini_text import read_sections
from runner.core.pytest_files import ALONE, SECTIONS, TABLES
from runner.core.snapshot import dig_table


def read_pytest_settings(folder: Path) -> Iterator[str]:
    """The texts of those files that can be read, one after the other."""
    for name in ("pyproject.toml", *ALONE, *SECTIONS):
        with suppress(OSError, UnicodeDecodeError):
            yield (folder / name).read_text(encoding="utf-8")


def load_habits(folder: Path, pyproject: Mapping[str, Any]) -> dict[str, Any]:
    """What the suite's own `addopts` decide; see `runner.core.habits`."""
    return read_habits(find_addopts(list_places(folder, pyproject)))


def list_places(folder: Path, pyproject: Mapping[str, Any]) -> Iterator[Mapping[str, Any] | None]:
    """Pytest's settings in each file where it looks for them, in its own order; None where they are not."""
    for name in ALONE:
        yield read_alone(folder / name) if (folder / name).is_file() else None
    for keys in TABLES:
        yield dig_table(pyproject, *keys) or None
    for name, section in SECTIONS.items():
        yield read_section(folder / name, section)


def read_alone(path: Path) -> Mapping[str, Any]:
    """The settings in a file that is pytest's own."""
    if path.suffix != ".toml":
        return read_section(path, "pytest") or {}
    with suppress(OSError, ValueError):
        return dig_table(tomllib.loads(path.read_text(encoding="utf-8")), "pytest")
    return {}


def read_section(path: Path, section: str) -> Mapping[str, Any] | None:
    """The settings in a section of an INI file; None where it has none such, or cannot be read."""
    with suppress(OSError, UnicodeDecodeError):
        return read_sections(path.read_text(encoding="utf-8")).get(section)
    return None
