"""The nearest known word, for hints. Pure."""

import difflib
from collections.abc import Iterable


def make_hint(word: str, known: Iterable[str]) -> str:
    """`did you mean ...` for a near miss, else the list of what is known."""
    names = sorted(known)
    near = difflib.get_close_matches(word, names, n=1)
    return f"did you mean `{near[0]}`" if near else "known: " + ", ".join(names)
