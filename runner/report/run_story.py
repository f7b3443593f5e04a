"""A run that ended, told again to a person, with what can be done next."""

import shlex
import signal
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from runner.core.failing import OPTIONS
from runner.core.plan import DEFAULT
from runner.core.run_report import RunFailure, RunReport
from runner.report.console import BOLD, DIM, GREEN, RED, RESET

SHOWN = 20
"""Failures that are told one by one."""

BAD = frozenset({"failed", "error"})


def tell(report: RunReport, results: Path, now: datetime) -> list[str]:
    """The lines, with colours; `now` is a time with a zone."""
    return [
        f"{BOLD}{show(report.project)}{RESET}  run {report.run}  {tell_verdict(report)}",
        *tell_facts(report, now),
        *[line for failure in report.failures[:SHOWN] for line in tell_failure(failure)],
        *([f"  and {more} more: `runner last --json` has all"] if (more := len(report.failures) - SHOWN) > 0 else []),
        *[f"  {show(each)}" for each in report.remarks],
        *tell_error(report),
        f"  {'results':<9} {results}",
        *tell_next(report),
    ]


def tell_verdict(report: RunReport) -> str:
    """How it ended, in a word and a number."""
    if not report.exit_code:
        return f"{GREEN}passed{RESET}"
    by_signal = report.exit_code - 128 in {*map(int, signal.valid_signals())}
    return f"{RED}{'interrupted' if by_signal else 'failed'}{RESET}, exit code {report.exit_code}"


def tell_facts(report: RunReport, now: datetime) -> Iterator[str]:
    """When it was, what ran, and the counts."""
    yield make_line("when", f"{tell_time(report.started, now)}, took {report.seconds:.2f} s")
    yield make_line("selection", show(report.selection))
    if report.seed is not None:
        yield make_line("order", f"random: --shuffle={report.seed} repeats it")
    counts = [
        f"{RED if name in BAD else ''}{count} {name}{RESET if name in BAD else ''}"
        for name, count in report.tests.items()
    ]
    how = (
        f"{DIM}{report.isolation} isolation, {report.workers or 'no'} worker{'s' if report.workers != 1 else ''}{RESET}"
    )
    yield make_line("tests", f"{', '.join(counts) or 'none'}  {how}")
    if report.crashed_workers:
        yield make_line("crashed", ", ".join(map(show, report.crashed_workers)))


def tell_time(started: str, now: datetime) -> str:
    """A time of day in the person's own zone, and how long ago that was."""
    try:
        then = datetime.fromisoformat(started).astimezone()
    except ValueError:
        return show(started)
    minutes = int((now - then).total_seconds() // 60)
    ago = (
        "just now"
        if minutes < 1
        else next(
            f"{minutes // size} {unit}{'s' if minutes // size != 1 else ''} ago"
            for unit, size in (("day", 1440), ("hour", 60), ("minute", 1))
            if minutes >= size
        )
    )
    return f"{then:%Y-%m-%d %H:%M:%S}, {ago}"


def tell_failure(failure: RunFailure) -> Iterator[str]:
    """A test, where it failed, why, and where its state is."""
    attempt = f", attempt {failure.attempt}" if failure.attempt > 1 else ""
    word = "could not be collected" if failure.attempt == 0 else failure.verdict
    where = f"  {DIM}{show(failure.worker)}{attempt}{RESET}" if failure.worker else ""
    yield f"  {RED}{word}{RESET} {show(failure.test)}{where}"
    place = f"{show(failure.file)}:{failure.line}" if failure.line else show(failure.file)
    if reason := ": ".join(each for each in (place, show(failure.message or failure.error)) if each):
        yield f"      {reason}"
    if failure.kept:
        yield f"      {DIM}state kept in{RESET} {show(failure.kept)}"


def tell_error(report: RunReport) -> Iterator[str]:
    """What ended the run, by the convention of errors."""
    error = report.error
    if error is not None:
        parts = ((f"{RED}error:{RESET} ", error.what), ("cause: ", error.cause), ("hint:  ", error.hint))
        yield from (label + text for label, text in parts if text)
    if report.left_behind:
        yield make_line("left", ", ".join(map(show, report.left_behind)))


def tell_next(report: RunReport) -> Iterator[str]:
    """What to do about failures."""
    kept = [each.test for each in report.failures if each.kept]
    if kept:
        test = f" {shlex.quote(kept[0])}" if len(kept) > 1 else ""
        yield make_line("inspect", f"runner shell --failed{show(test)}")
    if any(each.attempt for each in report.failures):
        yield make_line("again", show(make_command(report.selection)))


def make_command(selection: str) -> str:
    """The command that runs what failed in a run with this selection, as the ledger has it."""
    words = selection
    for option in OPTIONS.values():
        words = words.removeprefix(option).strip()
    return f"runner run {OPTIONS['only']} {words.removeprefix(DEFAULT).strip()}".rstrip()


def make_line(label: str, text: str) -> str:
    """One fact."""
    return f"  {label:<9} {text}"


def show(text: str) -> str:
    """Text of any origin on one line: what would move a terminal's cursor stands as its code."""
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in text)
