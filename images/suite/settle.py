"""Rewrites what an installation of the project says of itself, so that only its inputs in the fingerprint decide it.

    settle.py SITE_PACKAGES [NAME.dist-info ...]

The names are those that were there before the project. Out of the metadata of the new ones go the description (the
README), copies of licence files, the list of top-level modules, and the version of the build backend, which nobody
pins: all of them change without a new image being built.
"""

import csv
import hashlib
import re
import shutil
import sys
from base64 import urlsafe_b64encode
from pathlib import Path

DROPPED = ("licenses", "sboms", "top_level.txt", "direct_url.json")
"""Not what is read at run time: entry points, requirements, name and version."""

DESCRIBED = re.compile(
    r"^(Description|Description-Content-Type|License|License-File|Dynamic):.*\n([ \t].*\n)*", re.MULTILINE
)
"""Fields, with the lines that continue them."""

FORMAT = re.compile(r"^Metadata-Version: .*$", re.MULTILINE)


def settle(folder):
    """Rewrite one folder of metadata, and the list of files in it."""
    head, _, _ = (folder / "METADATA").read_text().partition("\n\n")
    fields = FORMAT.sub("Metadata-Version: 2.4", DESCRIBED.sub("", f"{head}\n"))
    (folder / "METADATA").write_text(fields)
    wheel = (folder / "WHEEL").read_text().splitlines()
    (folder / "WHEEL").write_text("".join(f"{line}\n" for line in wheel if not line.startswith("Generator: ")))
    for name in DROPPED:
        path = folder / name
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    record(folder)


def record(folder):
    """Write RECORD again: sorted, with the hashes of what is there."""
    with (folder / "RECORD").open(newline="") as file:
        names = sorted(row[0] for row in csv.reader(file) if row)
    with (folder / "RECORD").open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        for name in names:
            path = folder.parent / name
            if path == folder / "RECORD":
                writer.writerow([name, "", ""])
            elif path.exists():
                content = path.read_bytes()
                digest = urlsafe_b64encode(hashlib.sha256(content).digest()).decode().rstrip("=")
                writer.writerow([name, f"sha256={digest}", len(content)])


def main(site, *before):
    """Settle what is new in a folder of packages."""
    for folder in sorted(Path(site).glob("*.dist-info")):
        if folder.name not in before:
            settle(folder)


if __name__ == "__main__":
    main(*sys.argv[1:])
