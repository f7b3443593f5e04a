"""The commit of a project's checkout."""

import os
import subprocess
from datetime import date, timedelta
from pathlib import Path

from runner.project.sources import has_git

MONTHS = timedelta(days=90)
"""After this time packages have had versions that nobody has tried with a project that stands still."""


def find_commit(folder: Path) -> str:
    """The full name of the commit that is checked out; empty where there is none."""
    return ask_git(folder, "rev-parse", "--verify", "--quiet", "HEAD")


def find_idle_day(folder: Path, today: date) -> str:
    """The day of the last commit, such as `2024-10-24`; empty where there is none, or it is not months ago."""
    day = ask_git(folder, "log", "-1", "--date=short", "--format=%cd")
    return day if day and date.fromisoformat(day) + MONTHS < today else ""


def ask_git(folder: Path, *words: str) -> str:
    """What git answers; empty where it is not there or has no answer."""
    if not has_git():
        return ""
    asked = subprocess.run(
        ["git", *words],
        cwd=folder,
        env={**os.environ, "LC_ALL": "C"},
        capture_output=True,
        text=True,
        check=False,
    )
    return asked.stdout.strip()
