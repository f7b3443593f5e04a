"""The files of a project that may hold pytest's settings, as text."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from runner.core.pytest_files import ALONE, SECTIONS


def read_pytest_settings(folder: Path) -> Iterator[str]:
    """The texts of those files that can be read, one after the other."""
    for name in ("pyproject.toml", *ALONE, *SECTIONS):
        with suppress(OSError, UnicodeDecodeError):
            yield (folder / name).read_text(encoding="utf-8")
