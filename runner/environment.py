"""The environment of one stage: its containers, started in order; `answers` has what tests ask for meanwhile."""

import json
import secrets
import signal
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from runner.answers import Answers, Served
from runner.core.bulk import describe_bulk
from runner.core.debugging import make_launch
from runner.core.events import Event
from runner.core.groups import OWN_SERVER
from runner.core.keeping import Keeping
from runner.core.names import MASTER
from runner.core.passes import Pass, Stage
from runner.core.plan import Plan, make_pytest_args
from runner.core.script import Script
from runner.core.settings_postgres_rules import OWN_ROLE
from runner.core.shell import choose_terminal
from runner.core.slots import (
    FAILED,
    ORDER,
    fill_server,
    make_environment,
    make_server,
    make_setup_environment,
)
from runner.engines.protocol import Access, Command, Engine, Process, Receiver, Size, Suite
from runner.errors import RunnerError
from runner.project.init_sql import read_init_sql
from runner.steps import Steps
from runner.streams import Streams
from runner.surroundings import Surroundings

if TYPE_CHECKING:
    from runner.postgres.origin import Origin
    from runner.postgres.servers import Servers
    from runner.postgres.slots import Slots
    from runner.postgres.template import Template
    from runner.postgres.use import UseWatch
    from runner.setup import Setup

END_OF_TESTS = "ephemeral-runner: the tests have ended"

PATIENCE = 30.0
"""Seconds for what is still to be kept at the end of a stage."""

ORDERLY = 1.0
"""Seconds that an interrupted pytest has for its summary; an interrupted run ends within two."""


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
        self._answers = Answers(plan, stage, around, steps, keeping or Keeping(*room))
        self._slot_address = make_server(plan.settings.postgres, stage.isolation, secrets.token_hex(16))
        self._calls = 0
        self._setup: Setup | None = None
        self._watch: UseWatch | None = None
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
            # A person works outside of any sandbox.
            sandboxes = stage.isolation == "sandbox" and access is None
            self._suite: Suite = self._engine.start_suite(receiver, stage.database, stage.egress, access, sandboxes)
            self._answers.suite = self._suite
            if plan.failing:
                self._suite.put_files({FAILED: plan.failing.as_json()})
            if self._stage.database and plan.settings.setup:
                from runner.setup import Setup

                around = self._around
                self._setup = Setup(plan.settings, self._stage.isolation, self._engine, around.folder, around.environ)
            is_mounted = access is not None and access.folder is not None
            bulk = "" if is_mounted else describe_bulk(self._engine.sources)
            copied = f"copied in: {bulk}" if bulk else "copied in"
            step["note"] = f"container made, sources {'mounted' if is_mounted else copied}"

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
        server = self._slot_address if each.needs.database else None
        self._calls += 1
        self._answers.current = each
        variables = make_environment(plan, each, server, around.environ, self._calls)
        argv = [*make_launch(plan.debugger), *make_pytest_args(plan, each, around.colour, server)]
        return argv, {"COLUMNS": str(around.columns), **variables}

    def start_postgres(self, check: Callable[[], None]) -> None:
        """Start the server and wait until it answers."""

        def still_wanted() -> None:
            check()
            self._streams.take_all()

        settings = self._plan.settings
        with self._steps.step("postgres") as step:
            self._server = self._engine.start_postgres(
                self._suite, self._choose_password(), self._streams.receive_postgres
            )
            # psycopg takes 0.1 s to import, in which the server boots.
            from runner.postgres.connect import wait_for_server

            addresses = self._server.find_addresses()
            self._connection, self._at = wait_for_server(addresses, settings.startup_timeout, still_wanted)
            step["note"] = f"ready on {self._at.host}:{self._at.port}"

    def _choose_password(self) -> str:
        """The superuser's password; where tests are the superuser it is theirs."""
        address = self._slot_address
        return address["password"].format() if address["user"] == OWN_ROLE else secrets.token_hex(16)

    def prepare(self, find_left: Callable[[], float], check: Callable[[], None]) -> None:
        """Make the template where there is a `setup`, then the slots that the stage starts with."""
        from runner.postgres.use import OWN_DATABASE, UseWatch

        script, isolation = None, self._stage.isolation
        init = read_init_sql(self._around.folder, self._plan.settings.postgres.init_sql)
        template = self._make_template(init)
        if self._setup is not None:
            setup = self._setup
            with self._steps.step("setup") as step:
                run = self._make_command(find_left, check)
                script = setup.make_script(template, self._server, run)
                commands = len(self._plan.settings.setup) if setup.must_run else 0
                self._steps.tell("setup-finished", commands=commands, snapshot=setup.key)
                unchanged = f"nothing to run: its inputs are those of snapshot {setup.key}"
                step["note"] = f"commands run: {commands}" if commands else unchanged
        with self._steps.step("slots") as step:
            slots = self._make_slots(template, script)
            self._answers.serve(Served(self._server, self._at, slots, template, script, self._slot_address))
            warning = "; warning: superusers are kept apart by agreement only" if self._is_by_agreement else ""
            step["note"] = f"{', '.join(slots.made)} ({isolation}){warning}"
        self._watch = UseWatch(
            self._at, counts_own=any(slots.find_place(each)[0] == OWN_DATABASE for each in slots.made)
        )

    def _make_template(self, init: Mapping[str, str]) -> "Template | Origin":
        from runner.postgres.base import make_base

        server, isolation = self._slot_address, self._stage.isolation
        if isolation in OWN_SERVER:
            from runner.postgres.origin import Origin

            origin = Origin(self._connection, self._at, fill_server(server, MASTER), self._stage.rights)
            origin.make_names()
            origin.base = make_base(self._connection, self._at, init)
            return origin
        from runner.postgres.template import Template

        return Template(self._connection, self._at, isolation, server, make_base(self._connection, self._at, init))

    def _make_slots(self, template: "Template | Origin", script: Script | None) -> "Slots | Servers":
        server, isolation = self._slot_address, self._stage.isolation
        if isolation in OWN_SERVER:
            from runner.postgres.servers import Servers

            if not template.is_made:
                template.make(script)
            self._connection.close()
            return Servers(self._at, self._server, fill_server(server, MASTER))
        from runner.postgres.slots import Slots

        return Slots(self._connection, self._at, isolation, server, script, self._stage.rights, template.base)

    @property
    def _is_by_agreement(self) -> bool:
        """Whether the roles of slots on one server have all rights."""
        return "superuser" in self._stage.rights and self._stage.isolation not in OWN_SERVER

    @property
    def is_prepared(self) -> bool:
        """Whether slots can be had."""
        return self._answers.served is not None

    def wait_started(self) -> None:
        """Wait until the suite container has started; raises EngineError."""
        self._suite.wait_started()

    def _make_command(
        self, find_left: Callable[[], float], check: Callable[[], None]
    ) -> Callable[[list[str]], int | None]:
        variables = make_setup_environment(self._plan, self._slot_address, self._around.environ)

        def run(argv: list[str]) -> int | None:
            self._suite.run(argv, variables)
            return self._streams.follow(find_left(), check)

        return run

    def hear(self, event: Event) -> None:
        """Do what an event of the suite asks for."""
        self._answers.hear(event)

    def restore(self, slot: str) -> None:
        """Make a slot as it was at its start."""
        self._answers.restore(slot)

    def was_used(self) -> bool:
        """Whether any session came to the database since it was prepared; True where nobody can tell."""
        served = self._answers.served
        if served is None or self._watch is None:
            return True
        with suppress(RunnerError):
            return self._watch.was_used(served.reach(slot)[1] for slot in served.slots.made)
        return True

    def mark_log(self) -> bytes:
        """Let the server write a line into its log, behind those of the tests; the line."""
        from runner.postgres.connect import reopen, write_log

        write_log(reopen(self._connection, self._at), END_OF_TESTS)
        return END_OF_TESTS.encode()

    def interrupt(self) -> None:
        """Give pytest a moment for its summary."""
        self._is_interrupted = True
        with suppress(RunnerError):
            self._suite.signal(signal.SIGINT)
            self._streams.follow(ORDERLY, lambda: None)

    def close(self) -> None:
        """Finish what is asked for, and copy the results there are; after an error, a second one is of no interest."""
        self._answers.close(ORDERLY if self._is_interrupted else PATIENCE)
        self._keep_service_logs()
        with suppress(RunnerError):
            self._suite.copy_results([f"{each.name}.xml" for each in self._stage.passes], self._around.results)
