"""The nearest known word, for hints. Pure."""

import difflib
from collections.abc import Iterable

FEW = 5


def make_hint(word: str, known: Iterable[str]) -> str:
    """`did you mean ...` for a near miss, else the list of what is known."""
    names = sorted(known)
    near = difflib.get_close_matches(word, names, n=1)
    return f"did you mean `{near[0]}`" if near else "known: " + ", ".join(names)


def find_near(word: str, known: Iterable[str]) -> list[str]:
    """A few known words that are like a word, or have it in them; all of them where none is, or they are few."""
    names = sorted(known)
    near = difflib.get_close_matches(word, names, n=FEW, cutoff=0.5)
    parts = [name for name in names if word.lower() in name.lower() and name not in near]
    return (near + parts)[: 2 * FEW] or names
