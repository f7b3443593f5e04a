"""`runner audit`: which tests depend on the order or the company they run in."""

import json
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from runner.cli.main import app
from runner.cli.options import (
    ConfigOption,
    GroupOption,
    IsolationOption,
    JsonOption,
    KeywordOption,
    LockedOption,
    MarkOption,
    PathsArgument,
    ProjectOption,
    TimeoutOption,
    VerboseOption,
    WhenOption,
)
from runner.cli.selecting import SOME_SEED, PassingCommand, make_selection, read_seed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from runner.core.events import Listener
    from runner.core.plan import Plan
    from runner.engines.protocol import Engine
    from runner.surroundings import Surroundings

EXAMPLES = """\b
Examples:
  runner audit                       the default selection
  runner audit --group regression tests/api
  runner audit --shuffle=4711        with the random order of an earlier audit
"""


@app.command("audit", cls=PassingCommand, epilog=EXAMPLES)
def audit(
    ctx: typer.Context,
    paths: PathsArgument = None,
    group: GroupOption = None,
    when: WhenOption = "",
    mark: MarkOption = "",
    keyword: KeywordOption = "",
    isolation: IsolationOption = None,
    timeout: TimeoutOption = None,
    shuffle: Annotated[str, typer.Option(metavar="[=SEED]", help="The random order; a new one by default.")] = "",
    locked: LockedOption = None,
    project: ProjectOption = Path(),
    config: ConfigOption = None,
    as_json: JsonOption = False,
    verbose: VerboseOption = False,
) -> None:
    """Run tests in declared and random order, and alone; name those whose verdict depends on it, and on which test."""
    from runner.auditing import AuditSession
    from runner.cli.execute import execute
    from runner.cli.loading import load
    from runner.core.findings import describe
    from runner.core.plan import make_plan
    from runner.core.settings import parse_number

    loaded, sourced = load(project, config, isolation=isolation, timeout=parse_number(timeout), locked=locked)
    settings = sourced.settings
    arguments = ctx.meta.get("pytest_args", ())
    selection = make_selection(loaded.folder, group, when, mark, keyword, paths, arguments)
    seed = read_seed(shuffle or SOME_SEED) or 0
    make = partial(make_plan, settings, selection, seed=seed)
    make(cpus=1)  # Refuses unknown groups before the engine is asked for anything.
    sessions: list[AuditSession] = []

    def make_session(
        plan: "Plan", engine: "Engine", around: "Surroundings", hear: "Sequence[Listener]"
    ) -> AuditSession:
        sessions.append(AuditSession(plan, engine, around, hear, seed))
        return sessions[0]

    done = execute(loaded, settings, make, as_json, verbose, is_quiet=True, make_session=make_session)
    if done.outcome.exit_code:
        raise typer.Exit(done.outcome.exit_code)
    findings = [each for found in sessions[0].findings for each in found.findings]
    runs = sum(found.runs for found in sessions[0].findings)
    if as_json:
        from msgspec import to_builtins

        print(json.dumps({"seed": seed, "runs": runs, "findings": to_builtins(findings)}))
    else:
        for each in findings:
            print(describe(each))
        print(
            f"{len(findings)} tests depend on order or company; {runs} calls of pytest; --shuffle={seed} repeats them"
        )
    raise typer.Exit(1 if findings else 0)
