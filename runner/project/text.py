"""Reads text files of a project."""

import tomllib
from pathlib import Path
from typing import Any

from runner.errors import SettingsError, find_reason


def read_text(path: Path) -> str:
    """The text of a file.

    Raises:
        SettingsError: it cannot be read, or is not UTF-8.
    """
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise SettingsError(f"cannot read `{path}`", "it is not UTF-8") from None
    except OSError as error:
        raise SettingsError(f"cannot read `{path}`", find_reason(error)) from None


def read_tables(path: Path) -> dict[str, Any]:
    """The tables of a TOML file.

    Raises:
        SettingsError: it cannot be read.
    """
    try:
        return tomllib.loads(read_text(path))
    except tomllib.TOMLDecodeError as error:
        cause = str(error)
        raise SettingsError(f"cannot read `{path}`", cause[:1].lower() + cause[1:]) from None
