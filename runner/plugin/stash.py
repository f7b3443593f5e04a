"""What is kept on pytest's items: in `stash` since pytest 7, and under another name before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from _pytest.stash import StashKey
elif hasattr(pytest, "StashKey"):
    StashKey = pytest.StashKey
else:
    from _pytest.store import StoreKey as StashKey

__all__ = ["StashKey", "find_stash"]


def find_stash(item: Any) -> pytest.Stash:
    """The stash of an item."""
    stash: pytest.Stash = item.stash if hasattr(item, "stash") else item._store  # noqa: SLF001 -- pytest 6 has no other
    return stash
