"""`runner run`: a selection of the project's tests in a disposable environment."""

import json
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from runner.cli.main import app
from runner.cli.options import (
    ConfigOption,
    FailedFirstOption,
    GroupOption,
    IsolationOption,
    JsonOption,
    KeywordOption,
    LastFailedOption,
    LockedOption,
    MarkOption,
    PathsArgument,
    ProjectOption,
    StrictOption,
    TimeoutOption,
    VerboseOption,
    WhenOption,
    WorkersOption,
)
from runner.cli.selecting import PassingCommand, choose_use, make_selection, read_seed

EXAMPLES = """\b
Examples:
  runner run                                  the default selection
  runner run --group smoke --group security -n 4
  runner run --when nightly                   every group of that moment
  runner run --shuffle                        in random order; --shuffle=SEED repeats one
  runner run --last-failed                    what failed and did not pass since; --failed-first: all, that first
  runner run --locked                         only in the very image of runner.lock
  runner run --reruns 0                       no retries, not even of transient failures
  runner run --pdb tests/api                  pytest's debugger where a test fails
  runner run --debug tests/test_a.py::test_a  from the start of one test
  runner run -m "not slow" -k login tests/api -- --maxfail=1
"""


@app.command("run", cls=PassingCommand, epilog=EXAMPLES)
def run(
    ctx: typer.Context,
    paths: PathsArgument = None,
    group: GroupOption = None,
    when: WhenOption = "",
    mark: MarkOption = "",
    keyword: KeywordOption = "",
    workers: WorkersOption = None,
    isolation: IsolationOption = None,
    dist: Annotated[str | None, typer.Option(metavar="MODE", help="How xdist distributes tests.")] = None,
    timeout: TimeoutOption = None,
    reruns: Annotated[str | None, typer.Option(metavar="N", help="Retries after a transient failure.")] = None,
    reruns_delay: Annotated[str | None, typer.Option(metavar="SECONDS", help="Pause between two attempts.")] = None,
    retry_budget: Annotated[
        str | None, typer.Option(metavar="SHARE", help="Share of tests that may need a retry, such as 0.01.")
    ] = None,
    last_failed: LastFailedOption = False,
    failed_first: FailedFirstOption = False,
    shuffle: Annotated[
        str, typer.Option(metavar="[=SEED]", help="Random order; without a seed a new one, which is printed.")
    ] = "",
    pdb: Annotated[bool, typer.Option("--pdb", help="Pytest's debugger at this terminal where a test fails.")] = False,
    debug: Annotated[str, typer.Option(metavar="TEST", help="The debugger at the start of one test.")] = "",
    debugpy: Annotated[
        int,
        typer.Option(
            metavar="PORT", help="Wait for an editor at this port of 127.0.0.1.", min=0, max=65535, show_default=False
        ),
    ] = 0,
    locked: LockedOption = None,
    strict: StrictOption = None,
    project: ProjectOption = Path(),
    config: ConfigOption = None,
    as_json: JsonOption = False,
    verbose: VerboseOption = False,
) -> None:
    """Run tests in a disposable environment and leave nothing behind."""
    from runner.cli.advice import make_advise
    from runner.cli.debugging import stand_by
    from runner.cli.execute import MakePlan, MakeSession, execute
    from runner.cli.history import load_failing, load_history
    from runner.cli.loading import load
    from runner.core.debugging import Debugger
    from runner.core.plan import make_plan
    from runner.core.settings import parse_number
    from runner.session import Session

    loaded, sourced = load(
        project,
        config,
        workers=parse_number(workers),
        isolation=isolation,
        dist=dist,
        timeout=parse_number(timeout),
        reruns=parse_number(reruns),
        reruns_delay=parse_number(reruns_delay),
        retry_budget=parse_number(retry_budget),
        locked=locked,
        strict=strict,
    )
    settings = sourced.settings
    arguments = ctx.meta.get("pytest_args", ())
    paths = [*(paths or []), *([debug] if debug else [])]
    selection = make_selection(loaded.folder, group, when, mark, keyword, paths, arguments)
    selection = replace(selection, failed=choose_use(last_failed, failed_first))
    seed = read_seed(shuffle)
    make_plan(settings, selection, cpus=1)  # Refuses unknown groups before the engine is asked for anything.
    failing = load_failing(loaded, settings, selection)
    selection = replace(selection, failed=failing.use)
    history = replace(load_history(loaded, settings, selection.as_key()), failing=failing)
    make: MakePlan = partial(make_plan, settings, selection, seed=seed, history=history)
    make_session: MakeSession = Session
    if pdb or debug or debugpy:
        make, make_session = stand_by(make, Debugger(bool(debug), debugpy), as_json)
    done = execute(
        loaded, settings, make, as_json, verbose, make_session=make_session, advise=make_advise(loaded, sourced)
    )
    if as_json:
        print(json.dumps(done.as_dict()))
    raise typer.Exit(done.outcome.exit_code)
