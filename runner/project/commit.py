"""The commit of a project's checkout."""

import os
import subprocess
from pathlib import Path

from runner.project.sources import has_git


def find_commit(folder: Path) -> str:
    """The full name of the commit that is checked out; empty where there is none."""
    if not has_git():
        return ""
    asked = subprocess.run(
        ["git", "rev-parse", "--verify", "--quiet", "HEAD"],
        cwd=folder,
        env={**os.environ, "LC_ALL": "C"},
        capture_output=True,
        text=True,
        check=False,
    )
    return asked.stdout.strip()
