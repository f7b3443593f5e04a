"""What a lock is on, in words."""

import pytest

from runner.core.backends import Backend, Lock
from runner.core.lock_words import find_targets, name_key

pytestmark = pytest.mark.unit

NAMES = {("suite", 10): ("gw0.orders", "r"), ("suite", 11): ("gw0.orders_pkey", "i"), ("suite", 12): ("gw0.items", "r")}


def relation(pid, number, mode="RowExclusiveLock"):
    return Lock(pid, "relation", "suite", number, mode=mode)


def find(awaited, *others, blockers=(2,)):
    [found] = find_targets([Backend(1, blockers=blockers)], [awaited, *others], NAMES)
    return found


def awaits(kind, **more):
    return Lock(1, kind, granted=False, seconds=4.0, mode="ShareLock", **more)


@pytest.mark.smoke
def test_a_row_is_known_by_the_lock_on_the_very_row():
    found = find(awaits("transactionid"), Lock(1, "tuple", "suite", 10), relation(1, 12), relation(2, 12))
    assert (found.target, found.mode, found.lock_seconds) == ("a row of `gw0.orders`", "ShareLock", 4.0)


def test_a_new_unique_key_is_in_one_of_the_tables_that_both_write_to():
    written = [relation(pid, number) for pid in (1, 2) for number in (10, 11)]
    assert find(awaits("transactionid"), *written, relation(1, 12)).target == "a row of `gw0.orders`"
    both = [*written, relation(1, 12), relation(2, 12)]
    assert find(awaits("transactionid"), *both).target == "a row of `gw0.items` or `gw0.orders`"
    assert find(awaits("transactionid"), relation(1, 10)).target == "what a transaction has changed"


@pytest.mark.parametrize(
    ("lock", "words"),
    [
        (awaits("relation", database="suite", relation=10), "`gw0.orders`"),
        (awaits("relation", database="suite", relation=99), "relation 99"),
        (awaits("tuple", database="suite", relation=10), "a row of `gw0.orders`"),
        (awaits("advisory", key=(0, 42, 1)), "the advisory lock 42"),
        (awaits("virtualxid"), "the end of a transaction"),
        (awaits("something new"), "something new"),
    ],
)
def test_other_locks_say_what_they_are_on(lock, words):
    assert find(lock).target == words


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ((0, 42, 1), "42"),
        ((1, 0, 1), str(1 << 32)),
        ((0xFFFFFFFF, 0xFFFFFFFF, 1), "-1"),
        ((7, 0xFFFFFFFE, 2), "(7, -2)"),
    ],
)
def test_an_advisory_lock_has_the_numbers_that_the_suite_wrote(key, words):
    assert name_key(key) == words


def test_who_only_waits_before_is_told_from_who_holds_the_lock():
    table = {"database": "suite", "relation": 10}
    other = Lock(2, "relation", granted=False, **table)
    assert find(awaits("relation", **table), other, blockers=(2, 3)).queued == (2,)
    elsewhere = Lock(2, "relation", "suite", 12, granted=False)
    assert find(awaits("relation", **table), elsewhere).queued == ()
    assert find(awaits("tuple", **table), Lock(2, "transactionid", granted=False)).queued == (2,)


def test_a_backend_that_waits_for_no_lock_stays_as_it_is():
    assert find_targets([Backend(3)], [awaits("relation")], NAMES) == [Backend(3)]
