"""What Postgres says of its backends and their locks, and whose backends they are. Pure."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from runner.core.names import MASTER, is_slot

SUPERUSER = "postgres"
IN_TRANSACTION = "idle in transaction"


@dataclass(frozen=True)
class Lock:
    """A line of `pg_locks`.

    Attributes:
        pid: the backend's process id in the server's container.
        kind: Postgres's `locktype`.
        database: the name of the database that the relation is in; empty for those that all databases share.
        relation: its object id, or 0.
        key: what an advisory lock is taken on: `classid`, `objid`, `objsubid`.
        mode: such as `ShareLock`.
        granted: whether the backend has it.
        seconds: how long it has been waited for.
    """

    pid: int
    kind: str
    database: str = ""
    relation: int = 0
    key: tuple[int, int, int] = (0, 0, 0)
    mode: str = ""
    granted: bool = True
    seconds: float = 0.0


@dataclass(frozen=True)
class Backend:
    """A line of `pg_stat_activity`, with what it waits for.

    Attributes:
        pid: its process id in the server's container.
        role: whom it is logged in as.
        database: where.
        application: what the client calls itself.
        port: the client's, on the suite's own network; 0 for others.
        state: Postgres's own word, such as `idle in transaction`.
        seconds: how long it has been in that state.
        wait: Postgres's names of what it waits for, such as `Lock/transactionid`; empty while it works.
        statement: the one that it works on, or its last one.
        transaction_seconds: how long its transaction is open; None without one.
        blockers: the backends that it waits for; 0 stands for a prepared transaction.
        queued: those of them that only wait for the same, and came first.
        target: what the lock that it waits for is on, in words; empty without one.
        mode: the mode of that lock.
        lock_seconds: how long it has waited for the lock.
        worker: the worker that it belongs to; empty where nobody knows.
    """

    pid: int
    role: str = ""
    database: str = ""
    application: str = ""
    port: int = 0
    state: str = ""
    seconds: float = 0.0
    wait: str = ""
    statement: str = ""
    transaction_seconds: float | None = None
    blockers: tuple[int, ...] = ()
    queued: tuple[int, ...] = ()
    target: str = ""
    mode: str = ""
    lock_seconds: float = 0.0
    worker: str = ""

    @property
    def is_in_transaction(self) -> bool:
        """Whether its client keeps a transaction open, and asks nothing meanwhile."""
        return self.state.startswith(IN_TRANSACTION)

    @property
    def is_ours(self) -> bool:
        """Whether it is the runner's own, or a person's who uses `runner psql`; no test may log in like that."""
        return self.role == SUPERUSER


def find_owners(backends: Sequence[Backend], ports: Mapping[int, str], workers: Collection[str]) -> list[Backend]:
    """The backends with their workers.

    A slot's role has its worker's name. Without isolation all have one role, and the client's port tells; or there is
    only one worker.

    Args:
        backends: as Postgres says.
        ports: the workers by the ports that processes of theirs connect from.
        workers: those that run tests now.
    """

    def find(each: Backend) -> str:
        if each.worker and each.worker != MASTER:
            return each.worker  # Its slot's server has told.
        if each.is_ours:
            return ""
        only = next(iter(workers)) if len(workers) == 1 else ""
        return each.role if is_slot(each.role) else ports.get(each.port, only)

    return [replace(each, worker=find(each)) for each in backends]
