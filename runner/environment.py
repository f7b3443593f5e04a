"""The environment of one stage: the suite and Postgres containers, the slots, and what tests ask for meanwhile."""

import json
import secrets
import signal
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from runner.core.debugging import make_launch
from runner.core.events import Event
from runner.core.failure import Failure
from runner.core.keeping import Keeping
from runner.core.names import is_database_of, is_slot
from runner.core.passes import Pass, Stage
from runner.core.plan import Plan, make_pytest_args
from runner.core.shell import Place, choose_terminal, make_variables
from runner.core.slots import (
    FAILED,
    ORDER,
    fill_server,
    make_environment,
    make_server,
    make_setup_environment,
)
from runner.engines.protocol import Access, Command, Engine, Process, Receiver, ServerAddress, Size, Suite
from runner.errors import PostgresError, RunnerError
from runner.report.results import keep_dump
from runner.steps import Steps
from runner.streams import Sink, Streams

if TYPE_CHECKING:
    from runner.desk import Desk
    from runner.keeper import Keeper, Order
    from runner.postgres.slots import Slots
    from runner.setup import Setup

END_OF_TESTS = "ephemeral-runner: the tests have ended"

PATIENCE = 30.0
"""Seconds for what is still to be kept at the end of a stage."""

ORDERLY = 1.0
"""Seconds that an interrupted pytest has for its summary; an interrupted run ends within two."""


@dataclass(frozen=True)
class Surroundings:
    """What a run touches of the process around it.

    Attributes:
        environ: the caller's environment.
        folder: the project's.
        results: the folder for result files.
        show: takes the suite's output.
        colour: whether the suite's output may have colours.
        columns: width of the terminal, in characters.
    """

    environ: Mapping[str, str]
    folder: Path
    results: Path
    show: Sink
    colour: bool
    columns: int


class Environment:
    """Started in the order of its methods; `hear` answers what tests ask for."""

    def __init__(
        self,
        plan: Plan,
        stage: Stage,
        engine: Engine,
        around: Surroundings,
        streams: Streams,
        steps: Steps,
        keeping: Keeping | None = None,
    ) -> None:
        """Start nothing yet; `keeping` is the room for kept states where several stages share it."""
        self._plan, self._stage, self._engine = plan, stage, engine
        self._around, self._streams, self._steps = around, streams, steps
        room = plan.settings.kept_failures, plan.settings.kept_megabytes
        self._keeping = keeping or Keeping(*room)
        self._pass: Pass = stage.passes[0]
        self._secret = secrets.token_hex(16)
        self._wanted: list[str] = [*stage.slots] if stage.database else []
        self._calls = 0
        self._setup: Setup | None = None
        self._slots: Slots | None = None
        self._desk: Desk | None = None
        self._keeper: Keeper | None = None
        self._is_interrupted = False

    @property
    def must_set_up(self) -> bool:
        """Whether `setup` has to run before any test that needs a database."""
        return self._setup is not None and self._setup.must_run

    def start_suite(self, access: Access | None = None) -> None:
        """Make the suite container, and let it start; a person who works in it gets `access`."""
        plan = self._plan
        with self._steps.step("suite") as step:
            receiver = self._streams.receive_suite
            stage = self._stage
            self._suite: Suite = self._engine.start_suite(receiver, stage.database, stage.egress, access)
            if plan.failing:
                self._suite.put_files({FAILED: plan.failing.as_json()})
            if self._stage.database and plan.settings.setup:
                # psycopg takes 0.1 s to import, in which the engine starts the container.
                from runner.setup import Setup

                around = self._around
                self._setup = Setup(plan.settings, self._stage.isolation, self._engine, around.folder, around.environ)
            is_mounted = access is not None and access.folder is not None
            step["note"] = f"container made, sources {'mounted' if is_mounted else 'copied in'}"

    def start_services(self, check: Callable[[], None]) -> None:
        """Start the project's own services, where it has some; before the suite, which joins their networks."""
        services = self._plan.settings.services
        if not services:
            return

        def progress(text: str) -> None:
            check()
            if text:
                self._steps.tell("progress", text=text)

        with self._steps.step("services") as step:
            try:
                started = self._engine.start_services(self._around.folder / services, self._stage.egress, progress)
            except RunnerError:
                self._keep_service_logs()
                raise
            step["note"] = f"ready: {', '.join(started)}"

    def _keep_service_logs(self) -> None:
        """Add what the services wrote to the results; after an error, a second one is of no interest."""
        if self._plan.settings.services:
            with suppress(RunnerError, OSError), (self._around.results / "services.log").open("ab") as target:
                target.write(self._engine.read_service_logs())

    def put_order(self, order: Sequence[str]) -> None:
        """Say which tests the next pass runs, and in which order."""
        self._suite.put_files({ORDER: json.dumps(order).encode()})

    def start_pass(self, each: Pass, plan: Plan | None = None) -> None:
        """Start pytest; the plugin waits where it needs a slot that is not there yet.

        Args:
            each: the pass.
            plan: one that differs from the stage's in what pytest is told, such as the order.
        """
        argv, variables = self._make_call(each, plan or self._plan)
        self._suite.run(argv, variables)

    def attach_pass(self, each: Pass, size: Size | None, receiver: Receiver) -> Process:
        """Start pytest with a terminal, or pipes, of the caller's."""
        argv, variables = self._make_call(each, self._plan)
        if size is not None:
            # Of a terminal the size is asked for, and changes.
            del variables["COLUMNS"]
            variables["TERM"] = choose_terminal(self._around.environ.get("TERM", ""))
        return self._suite.attach(Command(argv, variables, size), receiver)

    def _make_call(self, each: Pass, plan: Plan) -> tuple[list[str], dict[str, str]]:
        """The command line of pytest for a pass, and its variables."""
        around = self._around
        server = make_server(self._stage.isolation, self._secret) if each.needs.database else None
        self._calls += 1
        self._pass = each
        variables = make_environment(plan, each, server, around.environ, self._calls)
        argv = [*make_launch(plan.debugger), *make_pytest_args(plan, each, around.colour)]
        return argv, {"COLUMNS": str(around.columns), **variables}

    def start_postgres(self, check: Callable[[], None]) -> None:
        """Start the server and wait until it answers."""

        def still_wanted() -> None:
            check()
            self._streams.take_all()

        settings = self._plan.settings
        with self._steps.step("postgres") as step:
            self._server = self._engine.start_postgres(
                self._suite, secrets.token_hex(16), self._streams.receive_postgres
            )
            # psycopg takes 0.1 s to import, in which the server boots.
            from runner.postgres.connect import wait_for_server

            addresses = self._server.find_addresses()
            self._connection, self._at = wait_for_server(addresses, settings.startup_timeout, still_wanted)
            step["note"] = f"ready on {self._at.host}:{self._at.port}"

    def prepare(self, find_left: Callable[[], float], check: Callable[[], None]) -> None:
        """Make the template where there is a `setup`, then the slots that the stage starts with."""
        from runner.postgres.slots import Slots
        from runner.postgres.template import Template

        self._script = None
        self._template = Template(self._connection, self._at, self._stage.isolation, self._secret)
        if self._setup is not None:
            setup = self._setup
            with self._steps.step("setup") as step:
                run = self._make_command(find_left, check)
                self._script = setup.make_script(self._template, self._server, run)
                commands = len(self._plan.settings.setup) if setup.must_run else 0
                self._steps.tell("setup-finished", commands=commands, snapshot=setup.key)
                unchanged = f"nothing to run: its inputs are those of snapshot {setup.key}"
                step["note"] = f"commands run: {commands}" if commands else unchanged
        with self._steps.step("slots") as step:
            isolation = self._stage.isolation
            self._slots = Slots(self._connection, self._at, isolation, self._secret, self._script)
            wanted, self._wanted = self._wanted, []
            for slot in wanted:
                self._want_slot(slot)
            step["note"] = f"{', '.join(self._slots.made)} ({isolation})"

    @property
    def is_prepared(self) -> bool:
        """Whether slots can be had."""
        return self._slots is not None

    def attach(self, command: Command, receiver: Receiver, service: str = "") -> Process:
        """Start a process beside the suite's first one, or in the container of a service; `postgres` is one."""
        if service == "postgres":
            return self._server.attach(command, receiver)
        if service:
            return self._engine.attach_service(service, command, receiver)
        return self._suite.attach(command, receiver)

    def equip_with_psql(self, keep: Callable[[Mapping[str, bytes]], None]) -> None:
        """Put the server's psql into the suite container, and let it be kept for the next time."""
        files = self._server.read_psql()
        self._suite.put_files(files)
        keep(files)

    def find_address(self) -> ServerAddress | None:
        """Where the server is reached from this machine; None without one."""
        return self._at if self._stage.database else None

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
        server = make_server(self._stage.isolation, self._secret) if each.needs.database else None
        place = Place(slot, fill_server(self._stage.isolation, self._secret, slot) if server else None, is_pinned)
        return place, make_variables(plan or self._plan, each, place, server, self._around.environ)

    def revive(self, failure: Failure, scripts: Mapping[str, str]) -> list[str]:
        """Make the slot of a failed test as it was kept; what could not be restored, in sentences."""
        from runner.postgres.restoring import restore_failure

        self._want_slot(failure.slot)
        return restore_failure(self._at, failure, scripts)

    def make_slot(self, slot: str) -> None:
        """Make a slot, if it is not there yet."""
        self._want_slot(slot)

    def put_files(self, files: Mapping[str, bytes]) -> None:
        """Put files into the suite container, below `places.FILES`."""
        self._suite.put_files(files)

    def answer(self, name: str) -> None:
        """Let whoever waits in the suite container for an answer of this name go on."""
        self._suite.answer(name)

    def wait_started(self) -> None:
        """Wait until the suite container has started; raises EngineError."""
        self._suite.wait_started()

    def _make_command(
        self, find_left: Callable[[], float], check: Callable[[], None]
    ) -> Callable[[list[str]], int | None]:
        variables = make_setup_environment(self._plan, self._stage.isolation, self._secret, self._around.environ)

        def run(argv: list[str]) -> int | None:
            self._suite.run(argv, variables)
            return self._streams.follow(find_left(), check)

        return run

    def hear(self, event: Event) -> None:
        """Do what an event of the suite asks for."""
        self._tell_kept()
        data = event.data
        match event.name:
            case "slot-wanted":
                self._want_slot(data["slot"])
            case "restore-wanted" if self._slots is not None and data["slot"] in self._slots.made:
                self._answer(data["answer"], lambda: self._restore(data["slot"], data["test"], data["attempt"]))
            case "database-wanted" if self._slots is not None and is_database_of(data["name"], data["slot"]):
                self._open_desk().make(data["name"], self._slots.find_role(data["slot"]))
            case "database-done" if self._desk is not None and is_database_of(data["name"], data["slot"]):
                self._desk.give_back(data["name"], data["test"] if data["failed"] else "")
            case "failure-wanted" if is_slot(data["slot"]):
                self._open_keeper().keep(self._make_order(event))

    def _want_slot(self, slot: str) -> None:
        """Make a slot, or remember it until the server is there. Workers ask as xdist starts them."""
        if not is_slot(slot):
            return
        if self._slots is None:
            self._wanted.append(slot)
            return
        self._slots.ensure(slot)
        self._suite.answer(slot)

    def _answer(self, name: str, act: Callable[[], None]) -> None:
        """Do something and say so; a refusal of Postgres is the asking test's failure, not the run's."""
        try:
            act()
        except PostgresError as error:
            self._suite.answer(name, f"{error.what}: {error.cause}")
        else:
            self._suite.answer(name)

    def restore(self, slot: str) -> None:
        """Make a slot as it was at its start."""
        if self._slots is not None:
            self._slots.end_transactions(slot)
            self._slots.restore(slot)

    def _restore(self, slot: str, test: str, attempt: int) -> None:
        """Keep what a failed attempt left in its slot, and make the slot as it was at its start."""
        if self._slots is None or self._stage.isolation == "none":
            return
        self._slots.end_transactions(slot)
        database, schemas = self._slots.find_place(slot)
        keep_dump(self._around.results, test, f"attempt-{attempt}", lambda: self._server.dump(database, schemas))
        self._slots.restore(slot)
        self._steps.tell("slot-restored", slot=slot, test=test, attempt=attempt)

    def _open_desk(self) -> "Desk":
        if self._desk is None:
            from runner.desk import Desk

            if not self._template.is_made:
                self._template.make(self._script)
            self._desk = Desk(self._at, self._stage.isolation, self._suite.answer, self._server, self._around.results)
        return self._desk

    def _open_keeper(self) -> "Keeper":
        if self._keeper is None:
            from runner.keeper import Keeper

            own = [self._plan.settings.environment, *(dict(each.needs.environment) for each in self._stage.passes)]
            self._keeper = Keeper(self._suite, self._around.results, self._keeping, [self._around.environ, *own])
        return self._keeper

    def _make_order(self, event: Event) -> "Order":
        from runner.keeper import Order, Place

        order = Order(event.data, self._pass.name, self._plan.seed, self._stage.isolation, Place())
        slot = event.data["slot"]
        if self._slots is None or not self._pass.needs.database or slot not in self._slots.made:
            return order
        preamble = self._script.preamble if self._script else ""
        place = Place(slot, self._slots.find_role(slot), *self._slots.find_place(slot), preamble)
        return replace(order, place=place, server=self._server, address=self._at)

    def _tell_kept(self) -> None:
        """Tell what the keeper has done since."""
        for name, data in self._keeper.take_said() if self._keeper else ():
            self._steps.tell(name, **data)

    def mark_log(self) -> bytes:
        """Let the server write a line into its log, behind those of the tests; the line."""
        from runner.postgres.connect import write_log

        write_log(self._connection, END_OF_TESTS)
        return END_OF_TESTS.encode()

    def interrupt(self) -> None:
        """Give pytest a moment for its summary."""
        self._is_interrupted = True
        with suppress(RunnerError):
            self._suite.signal(signal.SIGINT)
            self._streams.follow(ORDERLY, lambda: None)

    def close(self) -> None:
        """Finish what is asked for, and copy the results there are; after an error, a second one is of no interest."""
        if self._keeper is not None:
            self._keeper.close(ORDERLY if self._is_interrupted else PATIENCE)
            self._tell_kept()
        if self._desk is not None:
            self._desk.close()
        self._keep_service_logs()
        with suppress(RunnerError):
            self._suite.copy_results([f"{each.name}.xml" for each in self._stage.passes], self._around.results)
