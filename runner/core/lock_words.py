"""What a lock is on, in words. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from runner.core.backends import Backend, Lock

Names = Mapping[tuple[str, int], tuple[str, str]]
"""Name and kind (`pg_class.relkind`) of relations by database and object id."""

TABLES = frozenset("rpmt")
ROW_MODES = frozenset({"RowShareLock", "RowExclusiveLock"})

OTHERS = {
    "virtualxid": "the end of a transaction",
    "object": "an object that is no table",
    "frozenid": "the age of a database",
    "userlock": "a user lock",
}
"""Kinds of locks that are on no table (PostgreSQL's documentation, "pg_locks")."""


def find_targets(backends: Sequence[Backend], locks: Sequence[Lock], names: Names) -> list[Backend]:
    """The backends, each with the lock that it waits for."""
    awaited = {lock.pid: lock for lock in locks if not lock.granted}

    def add(each: Backend) -> Backend:
        lock = awaited.get(each.pid)
        if lock is None:
            return each
        target = describe(lock, each.blockers, locks, names)
        queued = tuple(pid for pid in each.blockers if pid in awaited and is_same(lock, awaited[pid]))
        return replace(each, queued=queued, target=target, mode=lock.mode, lock_seconds=lock.seconds)

    return [add(each) for each in backends]


def is_same(lock: Lock, other: Lock) -> bool:
    """Whether two locks are on the same thing; who has one on a row waits for the transaction that changed the row."""
    if lock.kind == "tuple":
        return True
    return (lock.kind, lock.database, lock.relation, lock.key) == (
        *(other.kind, other.database, other.relation),
        other.key,
    )


def describe(lock: Lock, blockers: Sequence[int], locks: Sequence[Lock], names: Names) -> str:
    """What one lock is on."""
    match lock.kind:
        case "relation" | "extend" | "page":
            return name_relation(lock, names)
        case "tuple":
            return f"a row of {name_relation(lock, names)}"
        case "transactionid" | "spectoken":
            tables = find_tables(lock.pid, blockers, locks, names)
            return f"a row of {' or '.join(tables)}" if tables else "what a transaction has changed"
        case "advisory":
            return f"the advisory lock {name_key(lock.key)}"
        case _:
            return OTHERS.get(lock.kind, lock.kind)


def name_relation(lock: Lock, names: Names) -> str:
    """The name of the relation that a lock is on; where nobody knows it, its number."""
    known = names.get((lock.database, lock.relation))
    return f"`{known[0]}`" if known else f"relation {lock.relation}"


def find_tables(pid: int, blockers: Sequence[int], locks: Sequence[Lock], names: Names) -> list[str]:
    """The tables of which a row is waited for, where the lock itself is on a transaction.

    Whoever waits for a row first takes a lock on the very row (source code of PostgreSQL, README.tuplock); not so for
    a unique key that another transaction has added. Then it is one of the tables that both write to.
    """
    rows = [lock for lock in locks if lock.pid == pid and lock.kind == "tuple" and lock.granted]
    if rows:
        return sorted({name_relation(lock, names) for lock in rows})
    ours, theirs = (find_written(pids, locks, names) for pids in ([pid], blockers))
    return sorted(ours & theirs)


def find_written(pids: Sequence[int], locks: Sequence[Lock], names: Names) -> set[str]:
    """The tables whose rows backends have locked or changed."""
    return {
        name_relation(lock, names)
        for lock in locks
        if lock.pid in pids
        and lock.kind == "relation"
        and lock.mode in ROW_MODES
        and names.get((lock.database, lock.relation), ("", ""))[1] in TABLES
    }


def name_key(key: tuple[int, int, int]) -> str:
    """The key of an advisory lock as the suite wrote it: one number of 64 bits, or two of 32 (`objsubid` 2)."""
    high, low, parts = key
    if parts == 2:
        return f"({to_signed(high, 32)}, {to_signed(low, 32)})"
    return str(to_signed(high << 32 | low, 64))


def to_signed(number: int, bits: int) -> int:
    """A number that Postgres shows without its sign."""
    return number - (1 << bits) if number >= 1 << (bits - 1) else number
