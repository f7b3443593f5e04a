"""Makes compiled Python modules independent of their source's time, and quick to load: unchecked.py FOLDER ...

With SOURCE_DATE_EPOCH in the environment Debian's tools compile modules that are checked by the hash of their source
(PEP 552), so that each import reads the source too. Nobody changes it in an image: one bit turns the check off.
A module that was compiled with a time is removed.
"""

import sys
from pathlib import Path

CHECKED, UNCHECKED = (3).to_bytes(4, "little"), (1).to_bytes(4, "little")
OFFSET = 4
"""Bytes before the flags: the magic number."""

for folder in map(Path, sys.argv[1:]):
    for path in folder.rglob("*.pyc"):
        with path.open("rb") as file:
            flags = file.read(OFFSET + 4)[OFFSET:]
        if flags == CHECKED:
            with path.open("r+b") as file:
                file.seek(OFFSET)
                file.write(UNCHECKED)
        elif flags != UNCHECKED:
            path.unlink()
