"""Writes the Compose file of a project and what lies beside it, and says whether it is up to date."""

import os
from pathlib import Path

from runner.errors import SettingsError, find_reason

DOT_ENV = ".env"
IGNORED = "# Written by `runner compose`: what differs between checkouts.\n.env\n"


def write_files(path: Path, text: str, dot_env: str) -> None:
    """Write the file, `.env` beside it for this user alone, and a `.gitignore` where there is none.

    Raises:
        SettingsError: a file cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        replace(path, text)
        replace(path.parent / DOT_ENV, dot_env, 0o600)
        if not (path.parent / ".gitignore").exists():
            replace(path.parent / ".gitignore", IGNORED)
    except OSError as error:
        raise SettingsError(f"cannot write `{error.filename or path}`", find_reason(error)) from None


def replace(path: Path, text: str, mode: int = 0o644) -> None:
    """Put a whole file in the place of the one before."""
    temporary = path.with_name(f".{path.name}.new")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with open(descriptor, "w", encoding="utf-8") as target:  # noqa: PTH123 -- a descriptor
        target.write(text)
    temporary.replace(path)


def is_current(path: Path, text: str) -> bool:
    """Whether the file has this text."""
    return path.is_file() and path.read_text(encoding="utf-8", errors="replace") == text
