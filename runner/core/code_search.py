"""Finds patterns in Python code alone: what stands in texts and comments is not done. Pure."""

import re
import tokenize
from functools import cache
from io import StringIO

SAID = frozenset(
    {tokenize.STRING, tokenize.COMMENT}
    # Since Python 3.12 texts with gaps are tokens of their own.
    | {
        getattr(tokenize, name)
        for name in ("FSTRING_START", "FSTRING_MIDDLE", "FSTRING_END")
        if hasattr(tokenize, name)
    }
)


def search_code(pattern: re.Pattern[str], text: str) -> re.Match[str] | None:
    """The first match in code; its positions are also those in the text itself."""
    # Most modules have none, and taking one apart takes its time.
    return pattern.search(blank(text)) if pattern.search(text) else None


@cache
def blank(text: str) -> str:
    """A module with spaces in place of texts and comments; what follows a mistake in its syntax is left out."""
    lines = text.splitlines(keepends=True)
    last = (1, 0)
    try:
        for token in tokenize.generate_tokens(StringIO(text).readline):
            if token.type in SAID:
                erase(lines, token.start, token.end)
            last = token.end
    except (tokenize.TokenError, SyntaxError, ValueError, IndexError):
        return "".join(lines[: last[0] - 1])
    return "".join(lines)


def erase(lines: list[str], start: tuple[int, int], end: tuple[int, int]) -> None:
    """Put spaces from one place to another; line ends stay."""
    for number in range(start[0] - 1, min(end[0], len(lines))):
        line = lines[number]
        first = start[1] if number == start[0] - 1 else 0
        until = end[1] if number == end[0] - 1 else len(line.rstrip("\r\n"))
        lines[number] = line[:first] + " " * (until - first) + line[until:]
