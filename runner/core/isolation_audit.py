"""The audit of isolations: the cheapest in which every verdict is that of a serial run. Pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import get_args

from runner.core.groups import Isolation
from runner.core.isolation_differences import Difference, compare
from runner.core.trials import Trial
from runner.errors import RunnerError

Tell = Callable[[str], None]

Try = Callable[[Isolation, bool], Trial]
"""Runs the selection in new containers with an isolation, with workers (True) or serially."""

MODES: tuple[Isolation, ...] = tuple(each for each in get_args(Isolation) if each != "none")
"""From cheap to strong."""


@dataclass(frozen=True)
class Mode:
    """What came of one isolation.

    Attributes:
        isolation: which.
        equal: whether every verdict is that of the serial runs.
        differences: the tests that decide it.
        unsteady: tests that differed in one of two runs for no reason that is known; they do not decide.
        refused: why it could not be tried; empty where it could.
        seconds: of the first run's tests.
    """

    isolation: Isolation
    equal: bool
    differences: tuple[Difference, ...] = ()
    unsteady: tuple[str, ...] = ()
    refused: str = ""
    seconds: float = 0.0


@dataclass(frozen=True)
class Advice:
    """What the audit of one pass found.

    Attributes:
        name: of the pass.
        configured: the isolation that the settings name.
        serial: the first serial run.
        reference: the isolation of the serial runs, the strongest that can be had.
        flaky: tests whose verdict differed between two serial runs.
        modes: those that were tried, in order.
        runs: how many runs it took.
    """

    name: str
    configured: Isolation
    serial: Trial
    reference: Isolation
    flaky: tuple[str, ...] = ()
    modes: tuple[Mode, ...] = ()
    runs: int = 0

    @property
    def recommended(self) -> Isolation | None:
        """The cheapest equal isolation, if any is."""
        return next((each.isolation for each in self.modes if each.equal), None)

    @property
    def is_right(self) -> bool:
        """Whether the isolation that the settings name is equal."""
        return any(each.equal for each in self.modes if each.isolation == self.configured)


@dataclass
class IsolationAudit:
    """One search.

    Attributes:
        run: makes one run.
        tell: hears what is going on, in sentences.
        tries_all: whether to go on behind the first equal isolation.
    """

    run: Try
    tell: Tell
    tries_all: bool = False
    _runs: int = 0
    _serial: list[Trial] = field(default_factory=list)

    def search(self, name: str, configured: Isolation) -> Advice:
        """Run serially twice, then with workers in one isolation after the other.

        Raises:
            RunnerError: no isolation can be had at all.
        """
        reference = self._run_serially()
        one, other = (each.verdicts for each in self._serial)
        flaky = tuple(sorted(test for test in one.keys() | other.keys() if one.get(test) != other.get(test)))
        tried: list[Mode] = []
        # `none` isolates nothing: it is tried only where the suite is said to isolate itself.
        for isolation in [configured, *MODES] if configured == "none" else MODES:
            is_found = any(each.equal for each in tried)
            if self.tries_all or not is_found or isolation == configured:
                tried.append(self._try(isolation, flaky))
        return Advice(name, configured, self._serial[0], reference, flaky, tuple(tried), self._runs)

    def _run_serially(self) -> Isolation:
        """Two serial runs, in the strongest isolation that can be had: nothing is in a lone process's way there."""
        refused: list[RunnerError] = []
        for isolation in reversed(MODES):
            self.tell(f"serial, in isolation `{isolation}`")
            first = self._ask(isolation, with_workers=False)
            if first.error is None:
                second = self._ask(isolation, with_workers=False)
                if second.error is not None:
                    raise second.error
                self._serial = [first, second]
                return isolation
            refused.append(first.error)
        # What the strongest was refused for may be its own; what the cheapest was refused for is everybody's.
        raise refused[-1]

    def _ask(self, isolation: Isolation, with_workers: bool) -> Trial:
        self._runs += 1
        return self.run(isolation, with_workers)

    def _try(self, isolation: Isolation, flaky: Sequence[str]) -> Mode:
        """One isolation: a difference decides when it breaks a known rule, or comes twice."""
        self.tell(f"with workers, in isolation `{isolation}`")
        trial = self._ask(isolation, with_workers=True)
        if trial.error is not None:
            return Mode(isolation, equal=False, refused=": ".join(filter(None, (trial.error.what, trial.error.cause))))
        found = self._compare(trial, flaky)
        if any(each.rule for each in found.values()):
            return Mode(isolation, equal=False, differences=(*found.values(),), seconds=trial.seconds)
        self.tell("once more" if not found else f"{len(found)} verdicts differ for no known reason; once more")
        again = self._compare(self._ask(isolation, with_workers=True), flaky)
        decisive = {test: each for test, each in again.items() if each.rule or test in found}
        unsteady = tuple(sorted((found.keys() | again.keys()) - decisive.keys()))
        return Mode(isolation, not decisive, (*decisive.values(),), unsteady, "", trial.seconds)

    def _compare(self, trial: Trial, flaky: Sequence[str]) -> Mapping[str, Difference]:
        return {each.test: each for each in compare(self._serial[0], trial, frozenset(flaky))}
