"""Reads text files of a project."""

from pathlib import Path

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
