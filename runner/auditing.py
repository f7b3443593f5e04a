"""An audit as a run: calls of pytest in orders that `core.audit` chooses, each in the one slot, restored before."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from msgspec import structs

from runner.core.audit import audit
from runner.core.audit_case import FAILURES
from runner.core.events import Event, Listener
from runner.core.findings import Findings
from runner.core.names import MASTER
from runner.core.passes import Pass
from runner.core.plan import Plan
from runner.engines.protocol import Engine
from runner.environment import Environment
from runner.errors import CollectionError, EmptySelectionError
from runner.session import Session
from runner.streams import Streams, make_timeout
from runner.surroundings import Surroundings

HARMLESS = frozenset({0, 1, 5})
"""Pytest's exit codes of calls that ran their tests: passed, failed, none left."""


class AuditSession(Session):
    """Audits each pass of a plan on its own: tests of two passes never share a process."""

    def __init__(
        self, plan: Plan, engine: Engine, around: Surroundings, listeners: Sequence[Listener], seed: int
    ) -> None:
        # Tests fail here on purpose, and many times.
        unkept = structs.replace(plan.settings, kept_failures=0)
        super().__init__(replace(plan, settings=unkept), engine, around, listeners)
        self._seed = seed
        self._collected: list[str] = []
        self._verdicts: dict[str, str] = {}
        self._running = ""
        self.findings: list[Findings] = []

    def _work(self, streams: Streams, check: Callable[[], None]) -> None:
        """Audit every pass, in an environment of its own."""
        for each in [one for stage in self._plan.stages for one in stage.passes]:
            if self._is_empty(each):
                continue
            alone = replace(each, needs=replace(each.needs, workers=0, reruns=0))
            with self._start_alone(alone, streams, check) as environment:
                self._audit(environment, alone, streams, check)
        if not self.findings:
            raise EmptySelectionError(f"no test matches {self._plan.selection.as_text()}")

    def _audit(self, environment: Environment, each: Pass, streams: Streams, check: Callable[[], None]) -> None:
        def call(plan: Plan) -> int:
            environment.start_pass(each, plan)
            code = streams.follow(self._find_left(), check)
            if code is None:
                raise make_timeout(self._plan.settings.timeout, self.outcome.tally.running, self._steps.clock())
            return code

        def run(tests: Sequence[str]) -> Mapping[str, str]:
            if each.needs.database:
                environment.restore(MASTER)
            environment.put_order(tests)
            self._verdicts, self._running = {}, ""
            if call(replace(self._plan, order=tuple(tests))) not in HARMLESS and self._running:
                self._verdicts[self._running] = "error"
                self._steps.tell("audit", text=f"{self._running} ended the process: no verdicts of those after it")
            return self._verdicts

        self._collected = []
        if (code := call(replace(self._plan, collect_only=True))) not in HARMLESS:
            raise CollectionError(
                f"cannot collect the tests: pytest ended with the exit code {code}", hint="`runner run` shows why"
            )
        if self._collected:
            found = audit(self._collected, run, self._seed, lambda text: self._steps.tell("audit", text=text))
            self.findings.append(found)

    def _hear(self, event: Event) -> None:
        """Beside what every run does with an event: keep tests and verdicts, of which a failing phase decides."""
        super()._hear(event)
        match event.name:
            case "test-collected":
                self._collected.append(event.data["test"])
            case "test-started":
                self._running = event.data["test"]
            case "test-finished":
                self._running = ""
                if self._verdicts.get(event.data["test"]) not in FAILURES:
                    self._verdicts[event.data["test"]] = event.data["verdict"]
