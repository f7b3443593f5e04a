"""The retry budget: how many tests of a run, or of one group, may need a retry before the run fails. Pure."""

from collections.abc import Collection, Iterable, Mapping
from fractions import Fraction

from msgspec import Struct

RUN = "run"
"""The scope of the whole run."""


class Overrun(Struct, frozen=True, kw_only=True):
    """A budget that was not kept.

    Attributes:
        scope: `run`, or the name of a group.
        tests: how many tests ran there.
        retried: how many of them needed a retry.
        allowed: how many were allowed to.
        share: the share of tests that was allowed, from 0 to 1.
    """

    scope: str
    tests: int
    retried: int
    allowed: int
    share: float


def allow(tests: int, share: float) -> int:
    """How many of so many tests may need a retry: none for a share of 0, else at least one.

    Without the least of one, a small selection could never have a retry. The share counts as the decimal that was
    written: 0.29 of 100 tests are 29, which the product of floats misses.
    """
    if share == 0:
        return 0
    return max(1, int(tests * Fraction(repr(share))))


def check_budget(
    groups_of: Mapping[str, Iterable[str]],
    retried: Collection[str],
    share: float,
    group_shares: Mapping[str, float],
) -> list[Overrun]:
    """The budgets that were not kept: the whole run's first, then those of groups that have one of their own.

    Args:
        groups_of: for every test that finished, its groups.
        retried: the tests that needed a retry; one that never finished counts for the run.
        share: the share of the run's tests that may need a retry, from 0 to 1.
        group_shares: the same for single groups; other groups count for the run only.
    """
    again = set(retried)
    members: dict[str, set[str]] = {name: set() for name in group_shares}
    for test, groups in groups_of.items():
        for name in members.keys() & set(groups):
            members[name].add(test)
    counts = [(RUN, len(groups_of.keys() | again), len(again), share)]
    counts += [(name, len(tests), len(tests & again), group_shares[name]) for name, tests in members.items()]
    checked = [
        Overrun(scope=scope, tests=tests, retried=count, allowed=allow(tests, each), share=each)
        for scope, tests, count, each in counts
    ]
    return [each for each in checked if each.retried > each.allowed]
