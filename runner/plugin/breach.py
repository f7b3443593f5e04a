"""A broken isolation rule: in one line, and in the report of the test that broke it."""

from __future__ import annotations

import pytest

RULES = {"files": "no shared files", "ports": "no port conflicts", "rows": "no shared rows"}

FOUND = "_ephemeral_runner_rule"
"""Attribute of an exception: what was found out while the reason was still there."""

Breach = dict[str, str]
"""A broken rule: `rule`, `object`, `text` (one line), and of ports `holder`, a worker's name or empty."""


def make_breach(rule: str, what: str, text: str) -> Breach:
    """A broken rule in one line."""
    line = " ".join(f"isolation rule broken: {RULES[rule]}: {text}".split())
    return {"rule": rule, "object": what, "text": line}


def show(report: pytest.TestReport, found: Breach) -> None:
    """Let a report name the broken rule: in a section, and first in the one line of the summary."""
    report.sections.append((f"broken rule: {RULES[found['rule']]}", found["text"]))
    if crash := getattr(report.longrepr, "reprcrash", None):
        crash.message = f"{found['text']}\n{crash.message}"
