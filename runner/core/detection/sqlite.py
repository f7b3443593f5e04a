"""A database of SQLite in a file of the project, which Django's tests make beside the sources. Pure."""

import re
from pathlib import PurePosixPath

from runner.core.address_places import is_named
from runner.core.snapshot import Detected, Finding, Snapshot

FILE = re.compile(
    r"[\"']ENGINE[\"']\s*:\s*[\"']django\.db\.backends\.sqlite3[\"'][^{}]*"
    r"[\"']TEST[\"']\s*:\s*\{[^{}]*[\"']NAME[\"']\s*:[^}\n]*?[\"'](?P<name>\w[\w./-]*)[\"'](?!\s*:)"
)
"""The name of the tests' own; without one they have it in memory. Source: Django's documentation, "Settings"."""


def detect_sqlite(snapshot: Snapshot) -> Detected:
    """The folder of that file, which tests must be able to write to: each worker's has a name of its own."""
    for path, text in snapshot.python_files():
        match = FILE.search(text)
        if match and is_named(f"{path}:1", snapshot):
            folder = str(PurePosixPath(match["name"]).parent)
            found = Finding("database", f"SQLite in the file `{match['name']}`, so that its folder is writable", path)
            return Detected((found,), {"writable": [folder]})
    return Detected()
