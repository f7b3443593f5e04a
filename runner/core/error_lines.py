"""The lines of a traceback or an output that name errors, apart from source code that only mentions some. Pure."""

import re
from collections.abc import Sequence

LONGEST, MOST = 500, 100
"""Characters of a line, and lines, that are looked at: a dumped value may have thousands, and names no cause."""

PYTEST = re.compile(r"^E(?: {3,}(.*)|\s*)$")
"""What pytest puts before the lines of an error, but not before those of the code around."""

NAMED = re.compile(
    r"^(?:E\s+)?(?:[A-Za-z_]\w*\.)*[A-Z]\w*(?:Error|Exception|Warning|Refused|Denied|Exit|Timeout|Failure|Missing|Configured|NotReady)"
    r"(?:\[\w+\])?(?:: .*)?$"
)
"""A line of a plain traceback that names the class of an error, at its start as Python writes it."""

DIFFERENCE = re.compile(r"^(?:assert\b|AssertionError\b|\+|-|\?|At index|Differing|Full diff|Use -v|where |and  )")
"""Lines with which pytest shows a comparison: they hold what a test looked at, which is no error of its own."""


def find_errors(message: str, text: str) -> str:
    """The error lines of a failed test; none of those that a comparison shows.

    Args:
        message: the error in one line, as the report of the test has it.
        text: the end of its traceback, in any of pytest's styles.
    """
    marked = [found[1] or "" for line in text.splitlines() if (found := PYTEST.match(line))]
    lines = marked or find_named(text)
    if is_comparison(lines, message):
        return ""
    if message and not any(message in line for line in lines):
        lines = [*lines, message]
    return "\n".join(line.strip()[:LONGEST] for line in lines[-MOST:] if line.strip())


def is_comparison(lines: Sequence[str], message: str) -> bool:
    """Whether a test failed because two values differ, and no error came before."""
    first = next((line.strip() for line in lines if line.strip()), message)
    return bool(DIFFERENCE.match(message) and DIFFERENCE.match(first))


def find_named(text: str) -> list[str]:
    """The lines that name the class of an error, with what follows them as its message."""
    found, is_open = [], False
    for line in text.splitlines():
        is_open = NAMED.match(line) is not None or (is_open and bool(line.strip()) and line[0] in " \t(")
        if is_open and not line.lstrip().startswith("File "):
            found.append(line.removeprefix("E").strip())
    return found
