"""What earlier runs tell a run, and what it leaves for later ones: the ledger's two uses in `runner run`."""

from collections.abc import Sequence
from datetime import datetime

from runner.core.attempts import Attempt
from runner.core.failing import NOTHING_KNOWN, Failing, make_failing, wants_cache
from runner.core.flakiness import measure
from runner.core.plan import History, Plan, Selection
from runner.core.runs import RunRecord
from runner.core.settings import Settings
from runner.errors import SettingsError
from runner.project.commit import find_commit
from runner.project.load import Project
from runner.project.pytest_files import read_pytest_settings
from runner.report.ledger import find_ledger, open_ledger, record_run
from runner.session import Outcome

GONE = "gone"
"""The verdict of a test that is not there any more."""

DURATIONS_FROM, RATES_FROM, FAILED_FROM = 5, 20, 100
"""Runs that durations, rates and failures are taken from."""

SHOWN = 5
"""Tests that are named as due for repair; `runner flaky` has all."""


def load_history(project: Project, settings: Settings, selection: str) -> History:
    """What the ledger knows; nothing where there is none, or it cannot be read."""
    path = find_ledger(project.folder, settings.results)
    try:
        if not path.exists():
            return History()
        with open_ledger(path) as ledger:
            return History(ledger.count_tests(selection), ledger.read_durations(DURATIONS_FROM))
    except (SettingsError, OSError):
        return History()


def load_failing(project: Project, settings: Settings, selection: Selection) -> Failing:
    """What the ledger knows of tests that failed, where the run or pytest wants that; with none, why there is none."""
    use = selection.failed
    words = [
        *selection.pytest_args,
        *settings.pytest_args,
        *(" ".join(each.pytest_args) for each in settings.groups.values()),
    ]
    cached = wants_cache([*words, *settings.environment.values(), *read_pytest_settings(project.folder)])
    if not (use or cached):
        return Failing()
    path = find_ledger(project.folder, settings.results)
    try:
        if not path.exists():
            return make_failing({}, use)
        with open_ledger(path) as ledger:
            return make_failing(ledger.read_failed(FAILED_FROM), use, ledger.read_names() if cached else ())
    except (SettingsError, OSError) as error:
        cause = getattr(error, "cause", "") or str(error)
        return Failing(note=f"{NOTHING_KNOWN}; the ledger cannot be read: {cause}") if use else Failing()


def record(project: Project, plan: Plan, outcome: Outcome, run: str, image: str, started: datetime) -> Sequence[str]:
    """Write a run into the ledger; lines for a person on what that showed. A ledger that fails never fails a run."""
    # A test that is not there any more is forgotten: no later run would clear it.
    attempts = [
        *outcome.log.attempts,
        *(Attempt(test=each, number=1, verdict=GONE, seconds=0.0) for each in outcome.gone),
    ]
    if not attempts:
        return []
    entry = RunRecord(
        run=run,
        started=started.isoformat(timespec="seconds"),
        project=project.name,
        commit=find_commit(project.folder),
        image=image,
        selection=plan.selection.as_key(),
        seed=plan.seed,
        exit_code=outcome.exit_code,
        seconds=outcome.seconds,
    )
    path = find_ledger(project.folder, plan.settings.results)
    try:
        aside = record_run(path, entry, attempts)
        lines = [f"the ledger could not be used, and is kept as {aside}"] if aside else []
        if not outcome.log.retried:
            return lines
        with open_ledger(path) as ledger:
            found = measure(ledger.read(RATES_FROM))
    except SettingsError as error:
        return [f"not written to the ledger: {error.what}: {error.cause}"]
    due = [each for each in found.tests if each.due][:SHOWN]
    return lines + [
        f"due for repair: {each.test} needed a retry in {each.rate.retried} of {each.rate.total} runs" for each in due
    ]
