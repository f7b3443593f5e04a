"""Puts what a build added into the project's folder.

    complete.py SITE_PACKAGES [NAME.dist-info ...]

For a project that is not installed as editable. Where its packages lie in its folder as they are imported, tests may
import them from there: pytest puts that folder first. So what its installation has beyond the sources, such as compiled
modules, goes beside them. The names are those that were there before the project.
"""

import csv
import shutil
import sys
from pathlib import Path

PLACES = ("", "src", "lib", "python")
"""Folders of a project that packages lie in."""

PROJECT = Path("/project")


def list_files(folder):
    """Paths of a distribution's modules, relative to the folder of packages."""
    with (folder / "RECORD").open(newline="") as file:
        paths = [Path(row[0]) for row in csv.reader(file) if row]
    return [path for path in paths if ".." not in path.parts and not path.parts[0].endswith((".dist-info", ".data"))]


def complete(site, path):
    """Copy one file beside its package's sources, where there are some without it."""
    for place in PLACES:
        package = PROJECT / place / path.parts[0]
        target = PROJECT / place / path
        if len(path.parts) > 1 and package.is_dir() and not target.exists() and path.suffix not in {".pth", ".pyc"}:
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(site / path, target)


def main(site, *before):
    """Complete the sources from what is new in a folder of packages."""
    for folder in sorted(Path(site).glob("*.dist-info")):
        if folder.name not in before:
            for path in list_files(folder):
                complete(Path(site), path)


if __name__ == "__main__":
    main(*sys.argv[1:])
