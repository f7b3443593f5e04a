"""A shell as a run: the environment of a test run, in which a person, or one command, has the terminal."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from runner.core.events import Listener
from runner.core.names import MASTER
from runner.core.passes import Stage
from runner.core.plan import Plan
from runner.core.shell import READY_ANSWER, make_argv, make_banner, make_files
from runner.engines.protocol import Access, Command, Engine, Process
from runner.environment import Environment, Surroundings
from runner.project.kept import keep_files, load_files
from runner.session import Session
from runner.streams import Streams
from runner.terminal import Terminal

POSTGRES = "postgres"


@dataclass(frozen=True)
class Wish:
    """What is wanted of a shell.

    Attributes:
        project: the project's name.
        command: one command; empty for an interactive shell.
        mount: the project's folder, to be mounted for writing; None works on a private copy.
        is_root: whether it is root's, who may install packages.
        service: the container of another service instead of the suite's; empty for that.
    """

    project: str
    command: Sequence[str] = ()
    mount: Path | None = None
    is_root: bool = False
    service: str = ""


class ShellSession(Session):
    """One shell; its exit code is the run's."""

    def __init__(
        self,
        plan: Plan,
        engine: Engine,
        around: Surroundings,
        listeners: Sequence[Listener],
        wish: Wish,
        terminal: Terminal,
    ) -> None:
        super().__init__(plan, engine, around, listeners)
        self._wish, self._terminal = wish, terminal
        self._slot, self._is_pinned = MASTER, False

    def _work(self, streams: Streams, check: Callable[[], None]) -> None:
        stage, wish = self._plan.stages[0], self._wish
        environment = self._open_environment(self._plan, stage, streams)
        environment.start_services(check)
        kept = self._find_kept_psql() if stage.database and not wish.service else None
        psql = load_files(kept) if kept else {}
        environment.start_suite(self._open(psql))
        with ThreadPoolExecutor(1) as beside:
            # Starting a process takes the engine 0.2 s, in which Postgres starts. The process waits for the slot.
            attaching = None if wish.service else beside.submit(self._attach, environment, stage)
            try:
                if stage.database:
                    environment.start_postgres(check)
                    if kept and not psql:
                        environment.equip_with_psql(lambda files: keep_files(kept, files))
                    environment.prepare(self._find_left, check)
                self._furnish(environment, stage)
                process = attaching.result() if attaching else self._attach(environment, stage)
                self._tell_banner(environment, stage)
                environment.answer(READY_ANSWER)
                self.outcome.exit_code = self._terminal.follow(process, partial(self._listen, streams, check))
            finally:
                environment.close()

    def _furnish(self, environment: Environment, stage: Stage) -> None:
        """Do what is left to do before the terminal is given away: nothing, for an ordinary shell."""

    def _find_kept_psql(self) -> Path:
        """Where the psql of this server is kept: taking it out of the container takes 0.3 s."""
        tag = self._engine.postgres_image.rpartition(":")[2]
        return self._around.folder / self._plan.settings.results / "tools" / f"psql-{tag}.tar"

    def _open(self, psql: Mapping[str, bytes]) -> Access:
        wish = self._wish
        return Access(wish.mount, wish.is_root, {**make_files(wish.project, self._slot), **psql})

    def _attach(self, environment: Environment, stage: Stage) -> Process:
        environment.wait_started()
        _, variables = environment.make_shell_variables(stage.passes[0], self._slot, is_pinned=self._is_pinned)
        return environment.attach(self._make_command(variables), self._terminal.receive, self._wish.service)

    def _make_command(self, variables: Mapping[str, str]) -> Command:
        wish, size = self._wish, self._terminal.find_size()
        user = "root" if wish.is_root else ""
        if not wish.service:
            return Command(make_argv(wish.command), variables, size, user)
        own = {"PGHOST": "/tmp", "PGUSER": POSTGRES} if wish.service == POSTGRES else {}  # noqa: S108 -- its socket
        argv = wish.command or ["sh", "-c", "command -v bash >/dev/null && exec bash; exec sh"]
        return Command(argv, {**own, "TERM": variables["TERM"]}, size, user)

    def _tell_banner(self, environment: Environment, stage: Stage) -> None:
        """What is where, before the terminal is lent: then line feeds are not enough for it."""
        wish, at = self._wish, environment.find_address()
        if wish.command or wish.service:
            return
        place, _ = environment.make_shell_variables(stage.passes[0], self._slot, is_pinned=self._is_pinned)
        reachable = f"psql -h {at.host} -p {at.port}" if at and not at.host.startswith("/") else ""
        network = "with a network" if stage.egress else "no network but its own"
        lines = make_banner(place, wish.mount, network, self._engine.image, reachable)
        for line in lines:
            self._steps.tell("banner", text=line)

    def _write_junit(self) -> None:
        """A shell has no tests of its own."""
