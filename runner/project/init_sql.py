"""Reads the setting `postgres.init_sql`: statements as they stand, and files of them."""

from collections.abc import Sequence
from pathlib import Path

from runner.errors import SettingsError, find_reason

LONGEST = 60
"""Characters of a statement that an error shows."""


def read_init_sql(folder: Path, entries: Sequence[str]) -> dict[str, str]:
    """The SQL of each entry by its name for people, in order.

    Args:
        folder: the project's.
        entries: statements, or paths of files that end with `.sql`.

    Raises:
        SettingsError: a file cannot be read, or an entry is empty.
    """
    found: dict[str, str] = {}
    for number, each in enumerate(entries, 1):
        name = shorten(each)
        # Long statements often begin alike.
        found[f"{name} ({number})" if name in found else name] = read_entry(folder, each)
    return found


def read_entry(folder: Path, entry: str) -> str:
    """The SQL of one entry."""
    what = f"setting `tool.runner.postgres.init_sql` is not valid: `{shorten(entry)}`"
    if not entry.strip():
        raise SettingsError(what, "it is empty")
    if len(entry.split()) > 1 or not entry.endswith(".sql"):
        return entry
    try:
        return (folder / entry).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(what, find_reason(error) if isinstance(error, OSError) else "it is not UTF-8") from None


def shorten(entry: str) -> str:
    """An entry in one line of limited length."""
    line = " ".join(entry.split())
    return line if len(line) <= LONGEST else line[: LONGEST - 1] + "…"
