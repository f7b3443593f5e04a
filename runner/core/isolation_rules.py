"""The rules that a test breaks where its verdict depends on the isolation, told from its error. Pure."""

import re
from dataclasses import dataclass

from runner.core.attempts import Attempt


@dataclass(frozen=True)
class Rule:
    """What a test assumes about the world around it.

    Attributes:
        name: in a few words.
        pattern: what an error says that follows from it.
    """

    name: str
    pattern: re.Pattern[str]


def make_rule(name: str, *patterns: str) -> Rule:
    """A rule; of its patterns any will do."""
    return Rule(name, re.compile("|".join(patterns), re.IGNORECASE))


IDS = "ids differ between workers"
HANG = "hang"
ENDED = "the run ended early"

COLLECTED = re.compile(r"^.*Different tests were collected between (\w+) and (\w+)", re.MULTILINE)
"""What pytest-xdist says, before a difference as `diff -u` has it."""

OBJECT = r"(?:relation|table|type|function|index|sequence|view|extension|constraint|domain|operator|language)"
RULES = (
    make_rule("schema `public` named", r"schema public\b", r'"public\.', r'schema "public"', r"'public\.\w+'"),
    make_rule("fixed database name", r'database "[^"]*" (?:already exists|does not exist|is being accessed)'),
    make_rule(
        "fixed role name", r'role "[^"]*" (?:already exists|does not exist|cannot be dropped)', r"tuple concurrently"
    ),
    make_rule("fixed schema name", r'schema "[^"]*" (?:already exists|does not exist)'),
    make_rule("relation exists already", rf'{OBJECT} "[^"]*" (?:for relation "[^"]*" )?already exists'),
    make_rule(
        "hard-coded address",
        r"password authentication failed|no password supplied|connection refused|connect call failed|no pg_hba",
        r"could not connect|connection to server .* failed|could not translate host|name or service not known",
    ),
    make_rule(
        "work tree changed",
        r"read-only file system",
        r"no shared files:",
        r"permission denied: '/project",
        r"\bEROFS\b",
    ),
    make_rule("another slot's rows", r"no shared rows:", r"was refused `"),
    make_rule(
        "server changed for all",
        r"terminating connection due to administrator",
        r"server closed the connection",
        r"database system is (?:shutting down|starting up)",
        r"Postgres ended in the middle",
    ),
    make_rule(
        "shared rows",
        r"deadlock detected",
        r"duplicate key value",
        r"could not serialize",
        r"lock timeout|LockNotAvail",
    ),
    make_rule("port taken", r"address already in use", r"no port conflicts:"),
    make_rule(
        "permission", r"permission denied (?:for|to)\b", r"must be (?:owner|superuser|member)", r"InsufficientPrivilege"
    ),
)
"""The first that matches is told, so the telling ones stand before the general ones.

Source of the texts: PostgreSQL's `src/backend/commands` and `catalog/aclchk.c`, CPython's `OSError`, our plugin.
"""


def find_rule(text: str) -> str:
    """The name of the rule that an error's text shows; empty where it shows none."""
    return next((rule.name for rule in RULES if rule.pattern.search(text)), "")


def make_evidence(attempt: Attempt, broken: str, place: str) -> str:
    """What a failed test said of it, in one line, and where.

    Args:
        attempt: the failed one.
        broken: what the runner saw beside the test's own error; empty where it saw nothing.
        place: file and line, or empty.
    """
    text = attempt.message or broken or attempt.error
    return f"{text} ({place})" if place and text else text or place


def find_difference(output: str) -> str:
    """What pytest-xdist says of workers that collected different tests: two ids; empty where it says nothing."""
    found = COLLECTED.search(output)
    if not found:
        return ""
    lines = output[found.end() :].splitlines()[:40]
    ids = [line[1:].strip() for line in lines if re.match(r"[-+](?![-+])\S", line)]
    return f"{found[1]} and {found[2]} collected different tests" + (
        f", such as {' and '.join(ids[:2])}" if ids else ""
    )
