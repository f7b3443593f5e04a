"""What earlier runs tell a run, and what it leaves for later ones: the ledger's two uses in `runner run`."""

from collections.abc import Sequence
from datetime import datetime

from runner.core.flakiness import measure
from runner.core.plan import History, Plan
from runner.core.runs import RunRecord
from runner.core.settings import Settings
from runner.errors import SettingsError
from runner.project.commit import find_commit
from runner.project.load import Project
from runner.report.ledger import find_ledger, open_ledger, record_run
from runner.session import Outcome

DURATIONS_FROM, RATES_FROM = 5, 20
"""Runs that durations and rates are taken from."""

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


def record(project: Project, plan: Plan, outcome: Outcome, run: str, image: str, started: datetime) -> Sequence[str]:
    """Write a run into the ledger; lines for a person on what that showed. A ledger that fails never fails a run."""
    if not outcome.log.attempts:
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
        aside = record_run(path, entry, outcome.log.attempts)
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
