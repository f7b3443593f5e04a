"""The audit of isolations as a run: the selection serially and with workers, each time in new containers."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import replace

from msgspec import structs

from runner.core.attempt_log import AttemptLog
from runner.core.events import Event, Listener
from runner.core.groups import Isolation
from runner.core.isolation_audit import Advice, IsolationAudit
from runner.core.outcome import NO_TESTS, Tally
from runner.core.passes import Pass
from runner.core.plan import Plan
from runner.core.settings_postgres_rules import find_conflict
from runner.core.trials import Trial
from runner.engines.protocol import Engine
from runner.environment import Environment
from runner.errors import CollectionError, EmptySelectionError, EngineError, Interrupted, RunnerError, SettingsError
from runner.isolation import RuleWatch
from runner.session import Session, take_last_words
from runner.streams import Streams, make_timeout
from runner.surroundings import Surroundings

RAN = frozenset({0, 1})
"""Pytest's exit codes of serial runs that tell something: passed, failed."""

SLOWER, GRACE = 3.0, 30.0
"""A run with workers hangs when it takes this many times as long as the serial one, and so many seconds more."""

TAIL = 100_000
"""Bytes of pytest's output that are searched."""


class ComparingSession(Session):
    """Compares isolations for each pass of a plan that has a database and may have workers."""

    def __init__(
        self, plan: Plan, engine: Engine, around: Surroundings, listeners: Sequence[Listener], tries_all: bool
    ) -> None:
        # Tests fail here on purpose, and many times.
        unkept = structs.replace(plan.settings, kept_failures=0)
        self._show = around.show
        around = replace(around, show=self._take_output)
        super().__init__(replace(plan, settings=unkept), engine, around, listeners)
        self._tries_all = tries_all
        self._output = b""
        self._places: dict[str, str] = {}
        self._limit = 0.0
        self.advice: list[Advice] = []

    def _work(self, streams: Streams, check: Callable[[], None]) -> None:
        """Audit every pass that workers and a database make a difference to."""
        passes = [one for stage in self._plan.stages for one in stage.passes]
        for each in passes:
            if self._is_empty(each):
                continue
            if not each.needs.database or each.needs.workers < 2:
                reason = "two workers" if each.needs.database else "a database"
                self._steps.tell("audit", text=f"{each.name}: left out, since it does not run with {reason}")
                continue
            with suppress(EmptySelectionError):
                self._audit(each, streams, check)
        if not self.advice:
            alone = any(each.needs.database and each.needs.workers < 2 for each in passes)
            raise EmptySelectionError(
                f"no test of {self._plan.selection.as_text()} runs with workers and a database",
                hint="`-n 2` sets the number of workers" if alone else "select tests that ask for a database",
            )

    def _audit(self, each: Pass, streams: Streams, check: Callable[[], None]) -> None:
        self._limit = 0.0

        def run(isolation: Isolation, with_workers: bool) -> Trial:
            workers = each.needs.workers if with_workers else 0
            needs = replace(each.needs, isolation=isolation, workers=workers, reruns=0, timeout=0.0)
            trial = self._try(replace(each, needs=needs), streams.renew(), check)
            ended = f" ({trial.ended})" if trial.ended else ""
            told = trial.error.what if trial.error else f"{trial.as_text()} in {trial.seconds:.1f} s{ended}"
            self._steps.tell("audit", text=f"  {told}")
            return trial

        def tell(text: str) -> None:
            self._steps.tell("audit", text=f"{each.name}: {text}")

        self.advice.append(IsolationAudit(run, tell, self._tries_all).search(each.name, each.needs.isolation))

    def _try(self, each: Pass, streams: Streams, check: Callable[[], None]) -> Trial:
        """One run; what cannot be started tells why."""
        self._forget()
        if bad := find_conflict(self._plan.settings.postgres, each.needs.isolation, each.needs.rights):
            return Trial(error=SettingsError(f"`{'.'.join(bad.keys)}` cannot be with it", bad.cause, bad.hint))
        with ExitStack() as stack:
            try:
                environment = stack.enter_context(self._start_alone(each, streams, check))
            except Interrupted:
                raise
            except RunnerError as error:
                return Trial(error=error)
            return self._follow_trial(environment, each, streams, check)

    def _forget(self) -> None:
        """Make what hears of tests know none yet."""
        self.outcome.tally, self.outcome.log = Tally(), AttemptLog()
        self._rules, self._places, self._output = RuleWatch(), {}, b""

    def _follow_trial(self, environment: Environment, each: Pass, streams: Streams, check: Callable[[], None]) -> Trial:
        began, ended, running = self._steps.clock(), "", {}
        left = self._find_left()
        environment.start_pass(each)
        try:
            code = streams.follow(min(left, self._limit or left), check)
            take_last_words(streams, environment.mark_log())
        except Interrupted:
            environment.interrupt()
            raise
        except RunnerError as error:
            if isinstance(error, EngineError) and not self.outcome.log.last:
                # What an engine refuses may show only once pytest has started.
                return Trial(error=error)
            if not each.needs.workers:
                raise
            code, ended = 0, ": ".join(filter(None, (error.what, error.cause)))
        seconds = self._steps.clock() - began
        if code is None:
            now = self._steps.clock()
            running = {test: now - since for test, since in self.outcome.tally.running.items()}
            ended = f"no end within {seconds:.0f} s"
            environment.interrupt()
        self._check_serial(each, code, left, seconds)
        return Trial(
            {one.test: one for one in self.outcome.log.last},
            seconds,
            running,
            self._output.decode(errors="replace"),
            tuple(self._rules.find_broken()),
            self._places,
            ended or ("" if code in {*RAN, NO_TESTS} else f"pytest ended with the exit code {code}"),
        )

    def _check_serial(self, each: Pass, code: int | None, left: float, seconds: float) -> None:
        """Refuse to compare with a serial run that tells nothing, and take its time for a measure.

        Raises:
            NotReadyError: it did not end in time.
            CollectionError: pytest could not run the tests.
        """
        if each.needs.workers:
            return
        if code is None:
            raise make_timeout(left, self.outcome.tally.running, self._steps.clock())
        if code == NO_TESTS:
            raise EmptySelectionError(f"no test matches {self._plan.selection.as_text()}")
        if code not in RAN or not self.outcome.log.last:
            raise CollectionError(
                f"cannot run the tests serially: pytest ended with the exit code {code}", hint="`runner run` shows why"
            )
        self._limit = max(self._limit, SLOWER * seconds + GRACE)

    def _take_output(self, data: bytes) -> None:
        """Keep the end of what pytest prints, and pass it on."""
        self._output = (self._output + data)[-TAIL:]
        self._show(data)

    def _hear(self, event: Event) -> None:
        """Beside what every run does with an event: keep where tests failed."""
        super()._hear(event)
        if event.name == "failure-located":
            data = event.data
            self._places[data["test"]] = f"{data['file']}:{data['line']}"
