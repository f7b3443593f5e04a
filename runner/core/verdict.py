"""Whether a run counts as passed: failed tests, quarantine, broken rules of isolation, retry budget. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from runner.core.attempt_log import AttemptLog, find_failed
from runner.core.budget import RUN, Overrun, check_budget
from runner.core.quarantine import decide, find_expired
from runner.core.settings import Settings
from runner.errors import BrokenRuleError, RetryBudgetError, RunnerError, SettingsError

FAILED = 1
"""Pytest's exit code when tests failed."""


@dataclass(frozen=True)
class Verdict:
    """How a run is judged.

    Attributes:
        exit_code: of the whole run.
        error: what makes it fail, beside failed tests.
        lines: what a person should know of, whether the run passed or not.
    """

    exit_code: int
    error: RunnerError | None
    lines: Sequence[str]


def judge(code: int, log: AttemptLog, broken: Sequence[str], settings: Settings, today: date) -> Verdict:
    """The verdict on a run whose passes all came to their end.

    Args:
        code: pytest's, of all passes.
        log: the attempts.
        broken: rules of isolation that were broken, in words.
        settings: budgets and quarantine.
        today: the day, by which quarantines end.
    """
    counted, excused = decide(find_failed(log.last), settings.quarantine, today)
    if code == FAILED and excused and not counted:
        code = 0
    shares = {name: group.retry_budget for name, group in settings.groups.items() if group.retry_budget is not None}
    retried = {each.test for each in log.retried}
    overruns = check_budget({each.test: each.groups for each in log.last}, retried, settings.retry_budget, shares)
    expired = [f"`{each.test}` since {each.until}" for each in find_expired(settings.quarantine, today)]
    lines = [f"isolation rule broken: {text}" for text in broken]
    lines += [f"in quarantine, does not count: {test}" for test in excused]
    lines += [describe_retry(log, test) for test in dict.fromkeys(each.test for each in log.retried)]
    errors: list[RunnerError] = []
    if broken:
        errors.append(BrokenRuleError(f"rules of isolation were broken: {len(broken)}", broken[0]))
    errors += [make_budget_error(each) for each in overruns]
    if expired:
        hint = "repair the test and remove the entry, or move its date"
        errors.append(SettingsError("`quarantine` has expired entries", ", ".join(expired), hint))
    told = errors[0] if code == 0 and errors else None
    lines += [
        f"{each.what}: {each.cause}" for each in errors if each is not told and not isinstance(each, BrokenRuleError)
    ]
    return Verdict(told.exit_code if told else code, told, lines)


def describe_retry(log: AttemptLog, test: str) -> str:
    """One line on a test that was tried again."""
    attempts = sorted((each for each in log.attempts if each.test == test), key=lambda each: each.number)
    errors = ", ".join(dict.fromkeys(each.error or each.message for each in attempts if each.verdict == "rerun"))
    own = " (by its own mark `flaky`)" if any(each.reason == "mark" for each in attempts) else ""
    older = log.find_older(test)
    left = f"; not restored, since it is older than the test: {', '.join(older)}" if older else ""
    return f"retried: {test}: {errors}{own}; {attempts[-1].verdict} at attempt {attempts[-1].number}{left}"


def make_budget_error(overrun: Overrun) -> RetryBudgetError:
    """The error for too many retries."""
    where = "" if overrun.scope == RUN else f" of the group `{overrun.scope}`"
    setting = "retry_budget" if overrun.scope == RUN else f"groups.{overrun.scope}.retry_budget"
    return RetryBudgetError(
        f"the retry budget{where} was exceeded: {overrun.retried} of {overrun.tests} tests needed a retry",
        f"{overrun.allowed} may ({overrun.share:.2%} of the tests, `{setting}`)",
        "a retry is no substitute for a repair; `runner flaky` shows which tests need it",
    )
