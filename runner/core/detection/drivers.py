"""What drivers expect of the server beyond an address. Pure."""

from runner.core.detection.requirements import find_requirements
from runner.core.snapshot import Detected, Finding, Snapshot

ROUNDS = 4096
"""The fewest rounds of a password's hashing that pg8000 takes. Source: RFC 7677; a run has one, which is faster."""


def detect_drivers(snapshot: Snapshot) -> Detected:
    """The parameter without which pg8000 refuses to log in."""
    if "pg8000" not in find_requirements(snapshot):
        return Detected()
    found = Finding("Postgres", f"scram_iterations = {ROUNDS}: pg8000 takes no fewer", "the requirements")
    return Detected((found,), {"postgres": {"settings": {"scram_iterations": ROUNDS}}})
