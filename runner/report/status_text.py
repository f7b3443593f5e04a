"""A run's status as lines for people: why it hangs first, then what each worker and each backend does."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from runner.core.backends import Backend
from runner.core.stacks import tell_stacks
from runner.core.waiting_lengths import shorten, tell_seconds
from runner.core.waiting_words import find_statements
from runner.report.status import Status

SHOWN = 5
"""Reasons that are told; all are in the data."""

STATEMENT = 60
"""Characters of a statement in the table."""


def tell_status(status: Status) -> Iterator[str]:
    """The lines."""
    yield from tell_head(status)
    if not status.is_living:
        return
    yield from tell_reasons(status)
    yield from tell_workers(status)
    yield from tell_backends(status.backends)
    yield from (f"not seen: {problem}" for problem in status.problems)


def tell_head(status: Status) -> Iterator[str]:
    """The run, how far it is, and its counts."""
    state, run = status.state, status.folder.name
    name = f"{state.project}  run {run}" if state.project else f"run {run}"
    counts = ", ".join(f"{count} {verdict}" for verdict, count in state.verdicts.items()) or "no test has ended"
    if not status.is_living:
        yield f"{name}  {tell_end(status)}"
        yield f"  tests     {counts}"
        yield f"  results   {status.folder}"
        return
    since = f"{datetime.fromtimestamp(state.started).astimezone():%H:%M:%S}" if state.started else "an unknown time"
    yield f"{name}  since {since}, for {tell_seconds(status.seconds)}"
    if state.step:
        yield f"  step      {state.step}, for {tell_seconds(status.seconds - state.step_since)}"
    running = sum(not each.is_over for each in status.tests)
    if state.collected or state.verdicts:
        yield f"  tests     {counts}; running: {running}"


def tell_end(status: Status) -> str:
    """How a run ended."""
    state = status.state
    if state.exit_code is not None:
        return f"has ended: exit code {state.exit_code}, after {status.seconds:.2f} s"
    if state.is_over:
        return f"has ended, after {status.seconds:.2f} s"
    last = f" at the step `{state.step}`" if state.step else ""
    return f"was killed or lost{last}, after {tell_seconds(status.seconds)} or more"


def tell_reasons(status: Status) -> Iterator[str]:
    """Why it hangs, with the statements."""
    reasons = status.find_reasons()
    for finding, text in reasons[:SHOWN]:
        yield ""
        yield text
        for each, kind in find_statements(finding, status.backends):
            yield f"  {each.pid}  {kind}{shorten(each.statement)}"
        for worker in finding.workers:
            yield from (f"  {worker}  {line}" for line in tell_stacks(status.stacks.get(worker, "")))
    if len(reasons) > SHOWN:
        yield f"\nand {len(reasons) - SHOWN} more like these; `--json` has all"


def tell_workers(status: Status) -> Iterator[str]:
    """What each worker does."""
    rows = [
        [each.worker, tell_seconds(each.seconds) if not each.is_over else "-", each.test]
        for each in status.tests
        if not each.is_over
    ]
    idle = [each.worker for each in status.tests if each.is_over]
    if rows:
        yield ""
        yield from make_rows(["worker", "for", "test"], rows)
    if idle and rows:
        yield f"between two tests, or without any: {', '.join(idle)}"


def tell_backends(backends: Sequence[Backend]) -> Iterator[str]:
    """What each backend does; those that nobody waits for and that do nothing are only counted."""
    wanted = {pid for each in backends for pid in each.blockers}
    shown = [each for each in backends if each.pid in wanted or (each.state != "idle" and not each.is_ours)]
    if shown:
        yield ""
        head = ["backend", "of", "state", "for", "waits for", "behind", "statement"]
        yield from make_rows(head, [make_row(each) for each in shown])
    if others := len(backends) - len(shown):
        yield f"{'and ' if shown else ''}{others} that {'is' if others == 1 else 'are'} idle"


def make_row(each: Backend) -> list[str]:
    """One backend as a line of the table."""
    target = f"{each.target} ({each.mode})" if each.target else each.wait
    owner = each.worker or each.role or "Postgres"
    behind = ", ".join(map(str, each.blockers))
    statement = shorten(each.statement, STATEMENT)
    return [
        str(each.pid),
        *(owner, each.state or "-", tell_seconds(each.seconds), target or "-", behind or "-", statement or "-"),
    ]


def make_rows(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Lines of a table whose columns are as wide as their widest cell."""
    widths = [max(len(row[column]) for row in [head, *rows]) for column in range(len(head))]
    for row in [head, *rows]:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
