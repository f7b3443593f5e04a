"""Locales that CI makes on the machine of the tests. Pure."""

import re

from runner.core.detection.options import list_commands
from runner.core.detection.services import CI_FILES
from runner.core.snapshot import Detected, Finding, Snapshot

MAKES = re.compile(
    r"\blocale-gen\b[ \t]+(?P<names>\w[^\n;&|]*)|\blocaledef\b[^\n;&|]*[ \t](?P<name>[a-z]{2,3}_[\w.@-]+)"
)
USUAL = re.compile(r"(?:C|POSIX|en_US)(?:\.utf-?8)?", re.IGNORECASE)
"""What programs are content without, as messages and sorting are the same in the one that is there."""

PACKAGE = "locales-all"
"""All that Debian knows; a package for each there is none."""


def detect_locales(snapshot: Snapshot) -> Detected:
    """The package with the locales; programs of Postgres's that a suite starts by itself take them from there, too."""
    for path, text in list_commands(snapshot):
        for match in MAKES.finditer(text) if CI_FILES.search(path) else ():
            names = [each for each in (match["names"] or match["name"]).split() if not USUAL.fullmatch(each)]
            if names and not names[0].startswith("-"):
                words = ", ".join(f"`{each}`" for each in names)
                found = Finding("locales", f"{words}, from the package `{PACKAGE}`", path)
                return Detected((found,), {"packages": [PACKAGE]})
    return Detected()
