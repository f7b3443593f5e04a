"""What CI's steps prepare in the database before the tests: the extensions that they make with `psql`. Pure."""

import re

from runner.core.detection.options import list_commands
from runner.core.detection.services import CI_FILES
from runner.core.detection.statements import BUILT_IN, PACKAGES
from runner.core.snapshot import Detected, Finding, Snapshot

EXTENSION = re.compile(
    r"\bpsql\b[^\n]*?\bCREATE\s+EXTENSION\s+(?:IF\s+NOT\s+EXISTS\s+)?[\\\"']*(?P<name>[a-z][\w-]*)", re.IGNORECASE
)


def detect_made_extensions(snapshot: Snapshot) -> Detected:
    """The extensions, which each database has in a run before the tests begin."""
    detected = Detected()
    for path, text in list_commands(snapshot):
        for line in text.splitlines() if CI_FILES.search(path) else ():
            for match in EXTENSION.finditer(line):
                if (name := match["name"].lower()) not in BUILT_IN:
                    found = Finding("extensions", name, path)
                    detected |= Detected((found,), {"postgres": {"extensions": [PACKAGES.get(name, name)]}})
    return detected
