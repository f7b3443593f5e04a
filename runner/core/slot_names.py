"""Which slot a role or a database belongs to, from the templates of their names. Pure."""

import re
from collections.abc import Callable, Iterable

FindSlot = Callable[[str], str]
"""Gives the slot of a name, or an empty text."""

SLOT = "{slot}"


def make_finder(templates: Iterable[str]) -> FindSlot:
    """What finds the slot that a name belongs to.

    Args:
        templates: names in which `{slot}` may stand; one without it belongs to no slot.
    """
    patterns = [re.compile(make_pattern(each)) for each in dict.fromkeys(templates) if SLOT in each]

    def find(name: str) -> str:
        return next((found["slot"] for each in patterns if (found := each.fullmatch(name))), "")

    return find


def make_pattern(template: str) -> str:
    """A template as a pattern; where the slot stands twice, it is twice the same."""
    first, *rest = (re.escape(part.format()) for part in template.split(SLOT))
    return first + r"(?P<slot>gw[0-9]{1,6}|master)" + "(?P=slot)".join(rest)


BY_NAME = make_finder([SLOT])
"""Where roles and databases are called as their slots are."""
