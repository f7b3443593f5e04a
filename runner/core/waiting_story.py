"""The names that the backends of one finding have while it is told. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from runner.core.backends import Backend
from runner.core.processes import Process
from runner.core.waiting import Finding, Node, RunningTest


@dataclass
class Story:
    """One finding being told; a backend has its full name where it is named first.

    Attributes:
        finding: what is told.
        backends: by process id.
        tests: by worker.
        processes: those of the suite container.
        named: the backends that were named.
    """

    finding: Finding
    backends: Mapping[int, Backend]
    tests: Mapping[str, RunningTest]
    processes: Sequence[Process] = ()
    named: set[int] = field(default_factory=set)

    def name(self, pid: Node) -> str:
        """A backend; its full name has its owner."""
        if not isinstance(pid, int):
            return "the test" if self.is_alone else f"the test of {pid}"
        is_new = pid not in self.named
        self.named.add(pid)
        if pid == 0:
            return "a prepared transaction"
        return f"backend {pid}" if not is_new else self._introduce(pid)

    def find(self, node: Node) -> Backend | None:
        """The backend that a node stands for, if Postgres still has it."""
        return self.backends.get(node) if isinstance(node, int) else None

    def _introduce(self, pid: int) -> str:
        each = self.backends.get(pid)
        if each is None:
            return f"backend {pid}, which has ended"
        if each.worker and self.finding.workers == (each.worker,):
            return f"its backend {pid}"
        return f"backend {pid} of {self.name_owner(each)}"

    def name_owner(self, each: Backend) -> str:
        """Whose backend it is."""
        if each.worker:
            test = self.tests.get(each.worker)
            known = test is not None and each.worker not in self.finding.workers
            return f"{each.worker} ({test.test})" if known and test else each.worker
        if each.is_ours:
            return "somebody's psql" if each.application.startswith("psql") else "the runner itself"
        return f"the role `{each.role}`" if each.role else "Postgres itself"

    @property
    def is_alone(self) -> bool:
        """Whether it is about one worker."""
        return len(self.finding.workers) == 1
