"""Packages of the system that CI installs beside the project's, for the jobs that run its tests. Pure."""

import re

from runner.core.detection.installs import list_installing
from runner.core.detection.services import CI_FILES
from runner.core.snapshot import Detected, Snapshot

APT = re.compile(r"\bapt(?:-get)?\b(?:\s+-\S+)*\s+install\b(?P<words>[^\n;&|]*)")
NAME = re.compile(r"[a-z0-9][a-z0-9+.-]+")
"""Of a package. Source: Debian Policy, 5.6.1."""

COMMON = re.compile(
    r"python3?(?:-.*)?|gcc|g\+\+|make|build-essential|git|curl|wget|postgresql(?:-client)?(?:-[\d.]+)?|libpq-dev"
)
"""What a run has, or a build finds to be needed, anyway."""


def detect_system_packages(snapshot: Snapshot) -> Detected:
    """A note that names them: which of them tests need, and what Debian calls them, nobody can see from here."""
    found: dict[str, str] = {}
    for path, text in list_installing(snapshot):
        for match in APT.finditer(text) if CI_FILES.search(path) else ():
            words = [each for each in match["words"].split() if NAME.fullmatch(each)]
            found |= {each: path for each in words if not COMMON.fullmatch(each) and each not in found}
    if not found:
        return Detected()
    names = ", ".join(f"`{each}`" for each in found)
    note = f"CI installs {names} ({next(iter(found.values()))}): `packages` is for those that the tests need"
    return Detected((), {}, (note,))
