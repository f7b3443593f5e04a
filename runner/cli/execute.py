"""Carries out a plan at the terminal: listeners, results folder, signals, and the closing lines."""

import os
import shutil
import signal
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, TextIO

from msgspec.structs import replace

from runner import __version__
from runner.cli.advice import Advise
from runner.cli.ci import tell_ci
from runner.cli.done import Done
from runner.cli.hanging import make_hang_keeper
from runner.cli.history import record
from runner.cli.loading import make_run, open_engine
from runner.cli.main import silence
from runner.core.events import Event, Listener
from runner.core.plan import Plan
from runner.core.settings import Settings
from runner.engines.protocol import Engine
from runner.errors import Interrupted
from runner.interrupts import Interrupts
from runner.project.load import Project
from runner.report.ci import find_ci
from runner.report.ci_summary import Findings
from runner.report.console import Console, make_last_line, paint_error, wants_colour
from runner.report.rerun import Rerun, RerunKeeper
from runner.report.results import make_results_folder, point_latest
from runner.report.run_files import EVENTS, hold
from runner.report.run_reports import keep_report
from runner.session import Session
from runner.surroundings import Surroundings

if TYPE_CHECKING:
    from runner.engines.docker.engine import DockerEngine

MakePlan = Callable[[int], Plan]
"""Makes the plan for a number of CPUs."""

MakeSession = Callable[[Plan, Engine, Surroundings, Sequence[Listener]], Session]


def execute(
    project: Project,
    settings: Settings,
    make: MakePlan,
    as_json: bool,
    verbose: bool = False,
    is_quiet: bool = False,
    listener: Listener | None = None,
    make_session: MakeSession = Session,
    advise: Advise | None = None,
) -> Done:
    """Run a plan and print what a person wants to know.

    Args:
        project: the project.
        settings: its settings.
        make: makes the plan for a number of CPUs.
        as_json: standard output is for data, so that the suite's output, and what CI is told, go to standard error.
        verbose: show whole image builds.
        is_quiet: no run for its verdict: pytest's output is only kept in the results, the ledger is left alone.
        listener: hears the events too.
        make_session: makes another kind of run.
        advise: what the closing lines advise.
    """
    run, started = make_run(), datetime.now(UTC)
    with Interrupts() as interrupts, ExitStack() as stack:
        engine = open_engine(project, settings, run)
        plan, architecture = make(engine.count_cpus()), engine.architecture
        results = make_results_folder(project.folder, settings.results, run)
        events = open_events(results)
        ci, findings = find_ci(os.environ), Findings()
        shown = sys.stderr if as_json or is_quiet else sys.stdout
        # CI has one log, whose lines must keep their order.
        console = Console(shown if ci.is_known else sys.stderr, verbose, ci)
        output = stack.enter_context(Path(os.devnull).open("wb")) if is_quiet else shown.buffer
        listeners: list[Listener] = [console, make_writer(events), findings, *([listener] if listener else [])]
        listeners += (
            [] if is_quiet else [make_hang_keeper(results), make_rerun_keeper(project, settings, engine, results)]
        )
        columns = shutil.get_terminal_size().columns
        show = make_show(output, console, ci.is_known and not is_quiet)
        console.begin()
        stack.callback(console.end)
        around = Surroundings(os.environ, project.folder, results, show, wants_colour(sys.stdout), columns)
        begun = {"project": project.name, "run": run, "seed": plan.seed, "time": started.timestamp()}
        tell(listeners, Event("run-started", 0.0, begun))
        if note := plan.failing.note:
            console.print(f"  {'before':<9} {note}")
        outcome = make_session(plan, engine, around, listeners).run(interrupts)
        tell(listeners, Event("run-finished", outcome.seconds, {"exit_code": outcome.exit_code}))
    console.begin()
    if not is_quiet:
        point_latest(results)
        outcome.lines = [*outcome.lines, *record(project, plan, outcome, run, engine.image, started)]
    for line in outcome.lines:
        console.print(f"  {line}")
    for line in outcome.kept:
        console.print(f"  kept      {line}")
    console.print(f"  results   {results}  {outcome.seconds:.2f} s in all")
    if outcome.error is not None:
        console.print(paint_error(outcome.error, sys.stderr))
    done = Done(run, results, outcome, plan)
    if not is_quiet:
        problem = keep_report(results, done.make_report(project.name, started, engine, findings.failures, architecture))
        if problem:
            console.print(f"  {problem}")
        for line in advise(done, console.is_live) if advise else ():
            console.print(line)
    if ci.is_known and not is_quiet:
        tell_ci(console, project, findings, done, engine.image)
    # Until here others see the run live.
    events.close()
    console.end()
    console.print(make_last_line(outcome.left, outcome.is_counted))
    return done


def make_rerun_keeper(project: Project, settings: Settings, engine: "DockerEngine", results: Path) -> RerunKeeper:
    """A listener that keeps what a post-mortem needs beside the state of failed tests."""
    bundle = settings.ca_bundle and str((project.folder / settings.ca_bundle).absolute())
    record = Rerun(
        run=results.name,
        project=project.name,
        runner=__version__,
        suite=engine.image,
        architecture=engine.architecture,
        settings=replace(settings, ca_bundle=bundle),
    )
    return RerunKeeper(results, engine.sources, record)


def tell(listeners: Sequence[Listener], event: Event) -> None:
    """Tell all listeners what no step of the session does."""
    for listen in listeners:
        listen(event)


def open_events(results: Path) -> TextIO:
    """The file of the run's events, held as long as it is open; lines are written at once so that others can follow."""
    events = (results / EVENTS).open("w", buffering=1, encoding="utf-8", errors="replace")
    hold(events)
    return events


def make_writer(events: TextIO) -> Listener:
    """A listener that keeps every event as a line."""
    return lambda event: print(event.as_json(), file=events)


def make_show(target: BinaryIO, console: Console, is_shared: bool = False) -> Callable[[bytes], None]:
    """Shows the suite's output at once; the console's temporary line goes before it.

    A reader that went away, as `| head` does, ends the run in order.

    Args:
        target: where the output goes.
        console: prints its own lines between.
        is_shared: both go to the same place, though it is no terminal.
    """

    def show(data: bytes) -> None:
        console.give_way(data if is_shared or target.isatty() else b"\n")
        try:
            target.write(data)
            target.flush()
        except OSError:
            silence(target)
            raise Interrupted(signal.SIGPIPE, "a closed pipe: the output cannot be written") from None

    return show
