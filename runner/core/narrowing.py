"""Narrows the company with which a difference shows to what is needed for it. Pure."""

from collections.abc import Callable, Sequence


def narrow(company: tuple[str, ...], shows: Callable[[Sequence[str]], bool]) -> tuple[str, ...] | None:
    """A company with which the difference shows and none of which can be left out; None where it does not show.

    A single test is found by halves: about log2 of the number of tests in runs that become shorter each time.
    """
    one = company
    while len(one) > 1:
        half = one[: len(one) // 2]
        one = half if shows(half) else one[len(half) :]
    if shows(one):
        return one
    return combine(company, shows) if shows(company) else None


def combine(company: tuple[str, ...], shows: Callable[[Sequence[str]], bool]) -> tuple[str, ...]:
    """The same for a combination: again and again the last test without which the rest is not enough."""
    found: tuple[str, ...] = ()
    rest = company
    while not shows(found):
        # With the rest from `low` on the difference shows, from `high` on it does not.
        low, high = 0, len(rest)
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if shows((*found, *rest[middle:])) else (low, middle)
        found, rest = (*found, rest[low]), rest[low + 1 :]
    for test in found:
        without = tuple(each for each in found if each != test)
        found = without if shows(without) else found
    return found
