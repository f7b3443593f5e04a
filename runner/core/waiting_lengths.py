"""Durations and statements as people want to read them. Pure."""

SHORT = 100
"""Characters of a statement in a line."""


def tell_seconds(seconds: float) -> str:
    """A duration for people."""
    whole = int(seconds)
    if whole < 120:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    return f"{minutes} min {rest} s" if minutes < 120 else f"{minutes // 60} h {minutes % 60} min"


def shorten(statement: str, length: int = SHORT) -> str:
    """A statement on one line."""
    line = " ".join(statement.split())
    return line if len(line) <= length else line[: length - 4] + " ..."
