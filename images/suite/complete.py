"""Lets a project that is not installed as editable agree with its folder.

    complete.py copy|link SITE_PACKAGES [NAME.dist-info ...]

Where its packages lie in its folder as they are imported, tests may import them from there: pytest puts that folder
first. So what its installation has beyond the sources, such as compiled modules, goes beside them. With `link` the
installation's own copies are then removed, and the folder is put on the path: what an editable installation is, for
build backends that make none. The names are those that were there before the project.
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
    own = [path for path in paths if ".." not in path.parts and path.suffix not in {".pth", ".pyc"}]
    return [path for path in own if not path.parts[0].endswith((".dist-info", ".data"))]


def find_place(path):
    """The folder of the project that has the package or module of a path; None where none has."""
    return next((PROJECT / place for place in PLACES if (PROJECT / place / path.parts[0]).exists()), None)


def complete(site, path, place):
    """Copy one file beside its package's sources, where they lack it."""
    target = place / path
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(site / path, target)


def link(site, folder, found):
    """Have modules imported from the project's folder alone."""
    for path in found:
        (site / path).unlink()
        for parent in [each for each in path.parents if each.name]:
            if (site / parent).is_dir() and not any((site / parent).iterdir()):
                (site / parent).rmdir()
    places = sorted({str(place) for place in found.values()})
    (site / f"__linked__.{folder.name.partition('-')[0]}.pth").write_text("".join(f"{place}\n" for place in places))


def main(way, site, *before):
    """Complete the sources from what is new in a folder of packages."""
    for folder in sorted(Path(site).glob("*.dist-info")):
        if folder.name not in before:
            found = {path: place for path in list_files(folder) if (place := find_place(path))}
            for path, place in found.items():
                complete(Path(site), path, place)
            if way == "link":
                link(Path(site), folder, found)


if __name__ == "__main__":
    main(*sys.argv[1:])
