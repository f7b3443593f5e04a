"""Flakiness: what some runs say about tests that needed a retry. Pure.

The unit is the trial: one test in one run, all its attempts together. A trial in which the test was only skipped does
not count, since it says nothing.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import chain
from math import sqrt
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from runner.core.attempts import Attempt
from runner.core.runs import Run

DUE_ABOVE = 0.05
"""A test that needs a retry in a greater share of its runs is due for repair."""

ENOUGH_RUNS, ENOUGH_RETRIED = 5, 2
"""A test's rate says something after this many runs, or this many runs with a retry."""

CHANCE = 1.96
"""Chance alone puts two rates further apart than this many standard errors in one of 20 cases."""


class Rate(Struct, frozen=True):
    """How many of `total` trials needed a retry; `share` is from 0 to 1, and 0 without trials."""

    retried: int
    total: int
    share: float


class Trend(Struct, frozen=True):
    """The rates of the older and the newer half of the runs; of an odd number, the newer half has one more.

    `direction` is `steady` where chance may explain the difference (z-test of two proportions, 5 %), and `unknown`
    where a half has no trials.
    """

    direction: Literal["rising", "falling", "steady", "unknown"]
    older: Rate
    newer: Rate


class Offender(Struct, frozen=True):
    """A test that needed a retry.

    Attributes:
        test: its node id.
        rate: of its own trials.
        seconds_lost: in attempts that were tried again.
        last_error: of the newest such attempt.
        due: whether the test is due for repair (`is_due`).
    """

    test: str
    rate: Rate
    seconds_lost: float
    last_error: str
    due: bool


class Flakiness(Struct, frozen=True):
    """All figures of some runs.

    Attributes:
        runs: how many there are.
        overall: the rate of all trials.
        trend: where it goes.
        seconds: of all attempts.
        seconds_lost: of the attempts that were tried again.
        share_lost: of `seconds`, from 0 to 1.
        groups: the rate of each group's trials.
        tests: those that needed a retry, the worst first: by rate, then by time lost.
    """

    runs: int
    overall: Rate
    trend: Trend
    seconds: float
    seconds_lost: float
    share_lost: float
    groups: dict[str, Rate]
    tests: list[Offender]


class Trial(Struct, frozen=True):
    """One test in one run; `again` are the attempts that were tried again."""

    test: str
    groups: tuple[str, ...]
    again: list[Attempt]


def measure(runs: Sequence[Run], limit: float = DUE_ABOVE) -> Flakiness:
    """All figures of some runs, oldest first; `limit` is the share above which a test is due for repair."""
    by_run = [find_trials(attempts) for _, attempts in runs]
    older, newer = (list(chain(*half)) for half in (by_run[: len(runs) // 2], by_run[len(runs) // 2 :]))
    by_group, by_test = defaultdict(list), defaultdict(list)
    for trial in chain(older, newer):
        by_test[trial.test].append(trial)
        for group in trial.groups:
            by_group[group].append(trial)
    seconds = sum(attempt.seconds for _, attempts in runs for attempt in attempts)
    lost = sum_lost(chain(older, newer))
    offenders = [make_offender(trials, limit) for trials in by_test.values() if any(trial.again for trial in trials)]
    return Flakiness(
        runs=len(runs),
        overall=make_rate([*older, *newer]),
        trend=make_trend(make_rate(older), make_rate(newer)),
        seconds=seconds,
        seconds_lost=lost,
        share_lost=lost / seconds if seconds else 0.0,
        groups={name: make_rate(by_group[name]) for name in sorted(by_group)},
        tests=sorted(offenders, key=lambda each: (-each.rate.share, -each.seconds_lost, each.test)),
    )


def find_trials(attempts: Iterable[Attempt]) -> list[Trial]:
    """The trials of one run."""
    trials: dict[str, Trial] = {}
    for attempt in sorted(attempts, key=lambda each: each.number):
        if attempt.verdict not in {"skipped", "gone"}:
            trial = trials.setdefault(attempt.test, Trial(attempt.test, attempt.groups, []))
            trial.again.extend([attempt] if attempt.verdict == "rerun" else [])
    return list(trials.values())


def keep_group(runs: Iterable[Run], group: str) -> list[Run]:
    """The runs that tried tests of a group, with nothing but those tests, and with that group alone."""
    kept = [
        (record, [replace(attempt, groups=(group,)) for attempt in attempts if group in attempt.groups])
        for record, attempts in runs
    ]
    return [(record, attempts) for record, attempts in kept if attempts]


def make_rate(trials: Sequence[Trial]) -> Rate:
    """The rate of some trials."""
    retried = sum(bool(trial.again) for trial in trials)
    return Rate(retried, len(trials), retried / len(trials) if trials else 0.0)


def make_trend(older: Rate, newer: Rate) -> Trend:
    """Where the rate goes, from one half of the runs to the other."""
    if not (older.total and newer.total):
        return Trend("unknown", older, newer)
    pooled = (older.retried + newer.retried) / (older.total + newer.total)
    error = sqrt(pooled * (1 - pooled) * (1 / older.total + 1 / newer.total))
    difference = newer.share - older.share
    if abs(difference) <= CHANCE * error:
        return Trend("steady", older, newer)
    return Trend("rising" if difference > 0 else "falling", older, newer)


def make_offender(trials: Sequence[Trial], limit: float) -> Offender:
    """A test by its trials, oldest first."""
    rate = make_rate(trials)
    newest = [attempt for trial in trials for attempt in trial.again][-1]
    return Offender(trials[0].test, rate, sum_lost(trials), newest.error, is_due(rate, limit))


def sum_lost(trials: Iterable[Trial]) -> float:
    """Seconds of the attempts that were tried again."""
    return sum(attempt.seconds for trial in trials for attempt in trial.again)


def is_due(rate: Rate, limit: float) -> bool:
    """Whether a test is due for repair: its rate is above the limit, and one retry in few runs is not all there is."""
    return rate.share > limit and (rate.total >= ENOUGH_RUNS or rate.retried >= ENOUGH_RETRIED)
