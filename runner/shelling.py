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
from runner.core.shell import BEGIN, READY, make_argv, make_banner, make_files
from runner.engines.protocol import Access, Command, Engine, Process
from runner.personal import PersonalEnvironment
from runner.project.kept import keep_files, load_files
from runner.session import Session
from runner.streams import Streams
from runner.surroundings import Surroundings
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
        stage = self._plan.stages[0]
        environment = PersonalEnvironment(
            self._plan, stage, self._engine, self._around, streams, self._steps, self._keeping
        )
        self._environment = environment
        environment.start_services(check)
        environment.start_suite(self._open())
        get_ready = partial(self._get_ready, environment, stage, check)
        with ThreadPoolExecutor(1) as beside:
            # Starting a process takes the engine 0.2 s, in which Postgres starts. The process waits.
            attaching = None if self._wish.service else beside.submit(self._attach, environment, stage)
            try:
                if not self._is_early(environment):
                    get_ready()
                    get_ready = partial(environment.answer, READY)
                process = attaching.result() if attaching else self._attach(environment, stage)
                self._tell_banner(environment, stage)
                with self._steps.quiet():
                    self.outcome.exit_code = self._terminal.follow(
                        process, partial(self._listen, streams, check), partial(self._begin, environment, get_ready)
                    )
            finally:
                environment.close()

    def _is_early(self, environment: PersonalEnvironment) -> bool:
        """Whether the prompt comes while Postgres starts; the first command waits for it.

        Not where there is something to see before the prompt.
        """
        return not (self._wish.command or self._wish.service or environment.must_set_up)

    @staticmethod
    def _begin(environment: PersonalEnvironment, get_ready: Callable[[], None]) -> None:
        environment.answer(BEGIN)
        get_ready()

    def _get_ready(self, environment: PersonalEnvironment, stage: Stage, check: Callable[[], None]) -> None:
        """Let the slot be there, and psql."""
        if stage.database:
            environment.start_postgres(check)
            if not self._wish.service:
                environment.put_files(self._find_psql(environment))
            environment.prepare(self._find_left, check)
        self._furnish(environment, stage)
        environment.answer(READY)

    def _furnish(self, environment: PersonalEnvironment, stage: Stage) -> None:
        """Do what else is to be ready: nothing, for an ordinary shell."""

    def _find_psql(self, environment: PersonalEnvironment) -> Mapping[str, bytes]:
        """The server's psql; kept for the next time, since taking it out of the container takes 0.3 s."""
        tag = self._engine.postgres_image.rpartition(":")[2]
        kept = self._around.folder / self._plan.settings.results / "tools" / f"psql-{tag}.tar"
        if not (files := load_files(kept)):
            files = dict(environment.read_psql())
            keep_files(kept, files)
        return files

    def _open(self) -> Access:
        wish = self._wish
        return Access(wish.mount, wish.is_root, make_files(wish.project, self._slot))

    def _attach(self, environment: PersonalEnvironment, stage: Stage) -> Process:
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

    def _tell_banner(self, environment: PersonalEnvironment, stage: Stage) -> None:
        """What is where, before the terminal is lent: then line feeds are not enough for it."""
        wish = self._wish
        if wish.command or wish.service:
            return
        place, _ = environment.make_shell_variables(stage.passes[0], self._slot, is_pinned=self._is_pinned)
        network = "with a network" if stage.egress else "no network but its own"
        for line in make_banner(place, wish.mount, network, self._engine.image):
            self._steps.tell("banner", text=line)

    def _write_junit(self) -> None:
        """A shell has no tests of its own."""
