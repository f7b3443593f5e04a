"""What an audit found, and a finding in words. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Kind = Literal["fails after", "needs", "unsteady"]

WORDS = {"passed": "passes", "failed": "fails", "error": "has an error", "skipped": "is skipped"}


@dataclass(frozen=True)
class Finding:
    """A test whose verdict does not depend on itself alone.

    Attributes:
        test: its id.
        kind: `fails after` its company and passes alone, `needs` its company and fails alone, or `unsteady`: the same
            tests in the same order gave different verdicts.
        company: the tests that run before it, in order; none of an unsteady test.
        verdicts: its verdicts `alone`, in each order of all tests (`as declared`, `reversed`, `shuffled`) and, but for
            an unsteady test, `in company`.
    """

    test: str
    kind: Kind
    company: tuple[str, ...]
    verdicts: Mapping[str, str]


@dataclass(frozen=True)
class Findings:
    """What an audit found.

    Attributes:
        findings: in the order in which they were found.
        runs: how many were made.
        unresolved: tests that failed in some order and whose reason was not found: the limit of runs was reached, or
            it is in what runs after them.
    """

    findings: tuple[Finding, ...]
    runs: int
    unresolved: tuple[str, ...] = ()


def describe(finding: Finding) -> str:
    """A finding in a sentence."""
    if finding.kind == "unsteady":
        return f"{finding.test} is unsteady: the same tests in the same order gave it different verdicts"
    company = ", then ".join(finding.company) + (" runs first" if len(finding.company) == 1 else " run first")
    alone, together = (
        WORDS.get(text, f"is {text}") for text in (finding.verdicts["alone"], finding.verdicts["in company"])
    )
    if finding.kind == "needs":
        return f"{finding.test} {alone} alone; when {company}, it {together}"
    return f"{finding.test} {together} when {company}; alone it {alone}"
