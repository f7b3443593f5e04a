"""The environment of one stage with a person in it: processes at the caller's terminal, slots by name, kept states."""

from collections.abc import Mapping

from runner.core.failure import Failure
from runner.core.passes import Pass
from runner.core.plan import Plan
from runner.core.shell import Place, make_variables
from runner.core.slots import fill_server
from runner.engines.protocol import Command, Process, Receiver
from runner.environment import Environment


class PersonalEnvironment(Environment):
    """Like that of a run; started in the same order."""

    def attach(self, command: Command, receiver: Receiver, service: str = "") -> Process:
        """Start a process beside the suite's first one, or in the container of a service; `postgres` is one."""
        if service == "postgres":
            return self._server.attach(command, receiver)
        if service:
            return self._engine.attach_service(service, command, receiver)
        return self._suite.attach(command, receiver)

    def read_psql(self) -> Mapping[str, bytes]:
        """The server's own psql; see `runner.engines.protocol`."""
        return self._server.read_psql()

    def make_shell_variables(
        self, each: Pass, slot: str, plan: Plan | None = None, is_pinned: bool = False
    ) -> tuple[Place, dict[str, str]]:
        """The slot of a shell, and the variables in it.

        Args:
            each: the pass whose environment it has.
            slot: its name.
            plan: one that differs from the stage's in what pytest is told, such as the order.
            is_pinned: whether pytest's workers share the slot.
        """
        server = self._slot_address if each.needs.database else None
        place = Place(slot, fill_server(server, slot) if server else None, is_pinned)
        return place, make_variables(plan or self._plan, each, place, server, self._around.environ)

    def revive(self, failure: Failure, scripts: Mapping[str, str]) -> list[str]:
        """Make the slot of a failed test, which is there, as it was kept; what could not be restored, in sentences."""
        from runner.postgres.restoring import restore_failure

        served = self._answers.served
        return restore_failure(served.reach(failure.slot)[1] if served else self._at, failure, scripts)

    def make_slot(self, slot: str) -> None:
        """Make a slot, if it is not there yet."""
        self._answers.want(slot)

    def put_files(self, files: Mapping[str, bytes]) -> None:
        """Put files into the suite container, below `places.FILES`."""
        self._suite.put_files(files)

    def answer(self, name: str) -> None:
        """Let whoever waits in the suite container for an answer of this name go on."""
        self._suite.answer(name)
