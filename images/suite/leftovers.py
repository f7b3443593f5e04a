"""Removes a project's files after its build, but for those that the build made.

    leftovers.py ROOT

What a build writes among the sources, such as compiled modules and files with the version, stays; each run unpacks the
sources over it. The sources themselves would be old by then.
"""

import shutil
import sys
import tarfile
from fnmatch import fnmatch
from pathlib import Path

PROJECT = "/project"

ARCHIVES = {"/build/sources.tar": PROJECT, "/build/outside.tar": "/repository"}
"""The sources, and where they were unpacked."""

SCRATCH = (
    "*.egg-info",
    "*.pyc",
    ".eggs",
    ".ephemeral-runner",
    ".git",
    ".venv",
    "__pycache__",
    "build",
    "dist",
    "target",
)
"""What builds leave behind and nobody reads at run time."""


def list_sources():
    """Paths of everything that was unpacked and is no folder."""
    for archive, folder in ARCHIVES.items():
        if Path(archive).exists():
            with tarfile.open(archive) as members:
                yield from (Path(folder, member.name) for member in members if not member.isdir())


def remove(path):
    """Remove a file, or a folder with all that is in it."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def main(root):
    """Clean up below a folder."""
    for path in list_sources():
        path.unlink(missing_ok=True)
    for path in sorted(Path(root).rglob("*")):
        if any(fnmatch(path.name, pattern) for pattern in SCRATCH):
            remove(path)
    # The deepest first, so that folders that hold nothing but empty ones go too.
    for path in sorted(Path(root).rglob("*"), reverse=True):
        if path.is_dir() and not path.is_symlink() and not any(path.iterdir()):
            path.rmdir()
    # Where the project has its place among others, /project is a link to it.
    Path(PROJECT).resolve().mkdir(parents=True, exist_ok=True)


if __name__ == "__main__":
    main(sys.argv[1])
