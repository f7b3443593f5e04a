"""A run under a debugger: pytest at the caller's terminal, or waiting for an editor."""

import math
from collections.abc import Callable, Sequence
from functools import partial

from runner.core.debugging import EDITOR_PORT
from runner.core.events import Listener
from runner.core.passes import Pass, Stage
from runner.core.places import PROJECT
from runner.core.plan import Plan
from runner.engines.protocol import OUTPUT, Access, Engine, Process
from runner.environment import Environment
from runner.session import Session
from runner.streams import Streams
from runner.surroundings import Surroundings
from runner.terminal import Terminal


class DebugSession(Session):
    """Like any run, but that each call of pytest has the terminal, or a port for an editor."""

    def __init__(
        self, plan: Plan, engine: Engine, around: Surroundings, listeners: Sequence[Listener], terminal: Terminal
    ) -> None:
        super().__init__(plan, engine, around, listeners)
        self._terminal = terminal
        self._process: Process | None = None
        self._streams: Streams | None = None

    @property
    def _port(self) -> int:
        return self._plan.debugger.port if self._plan.debugger else 0

    def _ensure_images(self, check: Callable[[], None]) -> None:
        super()._ensure_images(check)
        if self._port:
            with self._steps.step("debugger") as step:
                built = self._engine.ensure_debugger(self._make_progress(check))
                step["note"] = "built, with debugpy" if built else "already there"

    def _make_access(self) -> Access | None:
        return Access(ports={EDITOR_PORT: self._port}) if self._port else None

    def _open_environment(self, plan: Plan, stage: Stage, streams: Streams) -> Environment:
        self._streams = streams
        return super()._open_environment(plan, stage, streams)

    def _start(self, environment: Environment, each: Pass) -> None:
        """Start pytest where its output, and what is typed, can reach it; for an editor as in any run."""
        if self._port:
            super()._start(environment, each)
            for name in self._plan.debugger.left_out if self._plan.debugger else ():
                self._steps.tell("banner", text=f"left out, for an editor cannot reach them: the tests of `{name}`")
            at = f"127.0.0.1:{self._port}"
            self._steps.tell("banner", text=f"waiting for an editor at {at}; {PROJECT} is {self._around.folder}")
            return
        streams = self._streams
        assert streams is not None  # noqa: S101
        environment.wait_started()
        self._process = environment.attach_pass(
            each, self._terminal.find_size(), lambda _, data: streams.receive_suite(OUTPUT, data)
        )

    def _follow_process(self, limit: float, streams: Streams, check: Callable[[], None]) -> int | None:
        process, self._process = self._process, None
        if process is None:
            return super()._follow_process(limit, streams, check)
        code = self._terminal.follow(process, partial(self._listen, streams, check))
        streams.take_all()
        return code

    def _find_left(self) -> float:
        """A person decides how long it takes."""
        return math.inf
