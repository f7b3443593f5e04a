"""What the tests of one stage ask for meanwhile, and its answers: slots, restored slots, databases, kept failures."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from runner.core.events import Event
from runner.core.groups import OWN_SERVER
from runner.core.keeping import Keeping
from runner.core.names import is_database_of, is_slot
from runner.core.passes import Stage
from runner.core.plan import Plan
from runner.core.script import Script
from runner.engines.protocol import Server, ServerAddress, Suite
from runner.errors import EngineError, PostgresError
from runner.report.results import keep_dump
from runner.steps import Steps
from runner.surroundings import Surroundings

if TYPE_CHECKING:
    from runner.desk import Desk
    from runner.keeper import Keeper
    from runner.kept_state import Order
    from runner.postgres.origin import Origin
    from runner.postgres.servers import Servers
    from runner.postgres.slots import Slots
    from runner.postgres.template import Template


@dataclass(frozen=True)
class Served:
    """The server, once slots can be had.

    Attributes:
        server: dumps databases.
        at: a superuser's address on it.
        slots: makes and restores them.
        template: what they are copies of.
        script: what `setup` made; None without one.
        parts: of a slot's address, from `core.slots.make_server`.
    """

    server: Server
    at: ServerAddress
    slots: "Slots | Servers"
    template: "Template | Origin"
    script: Script | None
    parts: Mapping[str, str] = field(default_factory=dict)

    def reach(self, slot: str) -> tuple[Server, ServerAddress]:
        """The server that has a slot, and a superuser's address on it."""
        return self.slots.reach(slot) or (self.server, self.at)

    def open_template(self, slot: str) -> None:
        """See to it that databases of single tests can be cloned on the server that has a slot."""
        template, found = self.template, self.slots.reach(slot)
        if found is not None:
            from runner.postgres.base import make_base
            from runner.postgres.connect import connect
            from runner.postgres.template import Template

            connection = connect(found[1], "postgres")
            base = make_base(connection, found[1], template.base.scripts)
            template = Template(connection, found[1], "database", self.parts, base)
        if not template.is_made:
            template.make(self.script)


class Answers:
    """Hears the events of the suite; `serve` tells when slots can be had.

    Attributes:
        suite: the container that gets the answers; set as soon as there is one.
        current: the pass that runs.
        served: the server; None until slots can be had.
    """

    suite: Suite

    def __init__(self, plan: Plan, stage: Stage, around: Surroundings, steps: Steps, keeping: Keeping) -> None:
        self._plan, self._stage, self._around, self._steps, self._keeping = plan, stage, around, steps, keeping
        self._wanted: list[str] = [*stage.slots] if stage.database else []
        self.current = stage.passes[0]
        self.served: Served | None = None
        self._desks: dict[str, Desk] = {}
        self._keeper: Keeper | None = None

    def serve(self, served: Served) -> None:
        """Make the slots that were asked for so far, and from now on at once."""
        self.served = served
        wanted, self._wanted = self._wanted, []
        served.slots.ensure(*dict.fromkeys(wanted))
        for slot in wanted:
            self.suite.answer(slot)

    def hear(self, event: Event) -> None:
        """Do what an event of the suite asks for."""
        self._tell_kept()
        data = event.data
        match event.name:
            case "slot-wanted":
                self.want(data["slot"])
            case "restore-wanted" if self.served is not None and data["slot"] in self.served.slots.made:
                self._answer(data["answer"], lambda: self._restore(data))
            case "database-wanted" if self.served is not None and is_database_of(data["name"], data["slot"]):
                self._refuse(data["name"], lambda: self._make_database(data["slot"], data["name"]))
            case "database-done" if self.served is not None and is_database_of(data["name"], data["slot"]):
                if desk := self._desks.get(self._name_desk(data["slot"])):
                    desk.give_back(data["name"], data["test"] if data["failed"] else "")
            case "sandbox-refused":
                hint = 'set `isolation = "server"`: it needs no more rights than any container has'
                raise EngineError("the engine lets nobody make sandboxes", data["cause"], hint)
            case "failure-wanted" if is_slot(data["slot"]):
                self._open_keeper().keep(self._make_order(event))

    def want(self, slot: str) -> None:
        """Make a slot, or remember it until the server is there. Workers ask as xdist starts them."""
        if not is_slot(slot):
            return
        if self.served is None:
            self._wanted.append(slot)
            return
        self.served.slots.ensure(slot)
        self.suite.answer(slot)

    def _answer(self, name: str, act: Callable[[], None]) -> None:
        """Do something and say so."""
        if not self._refuse(name, act):
            self.suite.answer(name)

    def _refuse(self, name: str, act: Callable[[], None]) -> bool:
        """Do something; a refusal of Postgres, which is told, is the asking test's failure, not the run's."""
        try:
            act()
        except PostgresError as error:
            self.suite.answer(name, f"{error.what}: {error.cause}")
            return True
        return False

    def restore(self, slot: str) -> None:
        """Make a slot as it was at its start."""
        if self.served is not None:
            self.served.slots.end_transactions(slot)
            self.served.slots.restore(slot)

    def _restore(self, data: Mapping[str, Any]) -> None:
        """Keep what a failed attempt left in its slot, and make the slot as it was at its start.

        It stays as it is where later tests would miss what is older than the failed one.
        """
        if self.served is None or self._stage.isolation == "none":
            return
        slot, slots = data["slot"], self.served.slots
        older = self._keep_attempt(self.served, data) if slots.answers(slot) else []
        if not older and self._is_alone and (desk := self._desks.pop(slot, None)):
            desk.close()  # The server that has the databases of single tests is thrown away.
        slots.restore(slot, older)
        self._steps.tell("slot-restored", slot=slot, test=data["test"], attempt=data["attempt"], older=older)

    def _keep_attempt(self, served: Served, data: Mapping[str, Any]) -> list[str]:
        """Keep what a failed attempt left in its slot; what there is older than it."""
        slot, slots, (server, _) = data["slot"], served.slots, served.reach(data["slot"])
        slots.end_transactions(slot)
        database, schemas = slots.find_place(slot)
        name = f"attempt-{data['attempt']}"
        keep_dump(self._around.results, data["test"], name, lambda: server.dump(database, schemas))
        return slots.find_older(slot, data["began"])

    @property
    def _is_alone(self) -> bool:
        return self._stage.isolation in OWN_SERVER

    def _name_desk(self, slot: str) -> str:
        """One for each server."""
        return slot if self._is_alone else ""

    def _make_database(self, slot: str, name: str) -> None:
        if self.served is not None:
            self._open_desk(self.served, slot).make(name, self.served.slots.find_role(slot))

    def _open_desk(self, served: Served, slot: str) -> "Desk":
        server, address = served.reach(slot)
        key = self._name_desk(slot)
        if key not in self._desks:
            from runner.desk import Desk

            served.open_template(slot)
            isolation, results = self._stage.isolation, self._around.results
            self._desks[key] = Desk(address, isolation, self.suite.answer, server, results)
        return self._desks[key]

    def _open_keeper(self) -> "Keeper":
        if self._keeper is None:
            from runner.keeper import Keeper

            own = [self._plan.settings.environment, *(dict(each.needs.environment) for each in self._stage.passes)]
            self._keeper = Keeper(self.suite, self._around.results, self._keeping, [self._around.environ, *own])
        return self._keeper

    def _make_order(self, event: Event) -> "Order":
        from runner.kept_state import Order, Place

        order = Order(event.data, self.current.name, self._plan.seed, self._stage.isolation, Place())
        slot, served = event.data["slot"], self.served
        if served is None or not self.current.needs.database or slot not in served.slots.made:
            return order
        preamble = served.script.preamble if served.script else ""
        slots = served.slots
        place = Place(slot, slots.find_role(slot), *slots.find_place(slot), preamble, not slots.has_own_role)
        try:
            server, address = served.reach(slot)
        except PostgresError as error:
            return replace(order, place=place, problem=f"{error.what}: {error.cause}")
        return replace(order, place=place, server=server, address=address)

    def _tell_kept(self) -> None:
        """Tell what the keeper has done since."""
        for name, data in self._keeper.take_said() if self._keeper else ():
            self._steps.tell(name, **data)

    def close(self, patience: float) -> None:
        """Finish what is asked for; what is still to be kept has so many seconds."""
        if self._keeper is not None:
            self._keeper.close(patience)
            self._tell_kept()
        for desk in self._desks.values():
            desk.close()
