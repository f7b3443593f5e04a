"""Programs of Postgres's own that a project calls, such as `psql`, and the package that has them. Pure."""

import re

from runner.core.debian_names import PROGRAMS
from runner.core.snapshot import Detected, Finding, Snapshot

PACKAGE = "postgresql-client"
NAMES = "|".join(sorted({name for name, package in PROGRAMS.items() if package == PACKAGE}))
CALL = re.compile(rf"[\[(]\s*f?[\"'](?P<name>{NAMES})(?:[\"']|\s+[-\w{{])")
"""As the first word of a command: of a list, or of a call's argument."""

COMMANDS = re.compile(r"subprocess|Popen|os\.system|sh\.|run_cmd|check_call|check_output")


def detect_programs(snapshot: Snapshot) -> Detected:
    """The package of clients, where the project's code calls one."""
    for path, text in snapshot.python_files():
        match = CALL.search(text)
        if match and COMMANDS.search(text):
            place = f"{path}:{text.count(chr(10), 0, match.start('name')) + 1}"
            found = Finding("packages", f"`{PACKAGE}`, which has `{match['name']}`", place)
            return Detected((found,), {"packages": [PACKAGE]})
    return Detected()
