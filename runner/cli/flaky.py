"""`runner flaky`: what the ledger says about tests that needed a retry."""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from runner.cli.main import app
from runner.cli.options import JsonOption, ProjectOption
from runner.cli.table import make_table
from runner.errors import SettingsError

if TYPE_CHECKING:
    from runner.core.flakiness import Flakiness, Offender, Rate
    from runner.core.runs import Run

EXAMPLES = """\b
Examples:
  runner flaky                                the last 20 runs
  runner flaky --last 100 --group regression
  runner flaky --json | jq '.tests[] | select(.due).test'

A test is due for repair when more than 5 % of its runs needed a retry; it takes 5 runs, or 2 with a retry.
"""


@app.command("flaky", epilog=EXAMPLES)
def flaky(
    last: Annotated[int, typer.Option(metavar="N", min=1, help="How many of the newest runs count.")] = 20,
    group: Annotated[str, typer.Option("--group", "-g", metavar="GROUP", help="Only the tests of a group.")] = "",
    project: ProjectOption = Path(),
    as_json: JsonOption = False,
) -> None:
    """Show which tests needed a retry, how often, and the time it took."""
    from msgspec import to_builtins

    from runner.cli.loading import load
    from runner.core.flakiness import keep_group, measure
    from runner.report.ledger import find_ledger, open_ledger

    loaded, sourced = load(project)
    path = find_ledger(loaded.folder, sourced.settings.results)
    runs: list[Run] = []
    # Looking makes no file.
    if path.exists():
        with open_ledger(path) as ledger:
            runs = ledger.read(last)
    if group:
        check_group(group, sourced.settings.groups, runs)
        runs = keep_group(runs, group)
    if as_json:
        print(json.dumps(to_builtins(measure(runs))))
    elif runs:
        show(measure(runs))
    else:
        print(f"no run{f' of the group `{group}`' if group else ''} is in the ledger `{path}`")
        print("hint:  `runner run` records every run; `runner ledger merge FILE` adds those of other machines")


def check_group(group: str, declared: Iterable[str], runs: "Sequence[Run]") -> None:
    """Refuse a group that neither the settings nor the runs know.

    Raises:
        SettingsError: nobody knows it.
    """
    from runner.core.nearest import make_hint

    known = {*declared, *(name for _, attempts in runs for attempt in attempts for name in attempt.groups)}
    if group not in known:
        raise SettingsError(f"unknown group `{group}`", hint=make_hint(group, known))


def show(found: "Flakiness") -> None:
    """Print the figures on standard output."""
    trend = found.trend
    print(f"runs: {found.runs}")
    print(f"tests that needed a retry: {tell(found.overall)}")
    print(f"trend: {trend.direction}; older half {tell(trend.older)}, newer half {tell(trend.newer)}")
    share = percent(found.share_lost)
    print(f"time spent on retries: {found.seconds_lost:.1f} s of {found.seconds:.1f} s ({share})")
    rows = [[name, f"{rate.retried} of {rate.total}", percent(rate.share)] for name, rate in found.groups.items()]
    if rows:
        print("\n" + make_table(["group", "retried", "rate"], rows))
    if found.tests:
        head = ["test", "retried", "rate", "last error", "lost", "due for repair"]
        print("\n" + make_table(head, [make_test_row(each) for each in found.tests]))


def make_test_row(offender: "Offender") -> list[str]:
    """One line of the table of tests."""
    return [
        offender.test,
        f"{offender.rate.retried} of {offender.rate.total} runs",
        percent(offender.rate.share),
        offender.last_error or "-",
        f"{offender.seconds_lost:.1f} s",
        "yes" if offender.due else "no",
    ]


def tell(rate: "Rate") -> str:
    """A rate in words."""
    return f"{rate.retried} of {rate.total} ({percent(rate.share)})"


def percent(share: float) -> str:
    """A share from 0 to 1 as per cent."""
    return f"{100 * share:.1f} %"
