"""Changes in words: `old -> new`, what was added and removed, and long lists cut short. Pure."""

from collections.abc import Sequence

SHOWN = 20
"""Differences that an error names."""


def compare_values(old: str, new: str, words: str) -> list[str]:
    """Nothing for equal values, else words in which `{old}` and `{new}` stand for them."""
    return [] if old == new else [words.replace("{old}", old or "none").replace("{new}", new or "none")]


def compare_lists(old: Sequence[str], new: Sequence[str], name: str) -> list[str]:
    """What was added to a list, and what was removed from it, whatever its order."""
    changes = {"added": sorted({*new} - {*old}), "removed": sorted({*old} - {*new})}
    words = [f"{word} {', '.join(f'`{each}`' for each in items)}" for word, items in changes.items() if items]
    return [f"{name}: {'; '.join(words)}"] if words else []


def shorten(differences: Sequence[str], limit: int = SHOWN) -> list[str]:
    """The first differences, and how many there are beside them."""
    more = len(differences) - limit
    return [*differences] if more <= 0 else [*differences[:limit], f"and {more} more"]
