"""`runner audit`: which tests depend on the order or the company they run in; with `--isolation`, on the isolation."""

import json
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_args

import typer

from runner.cli.main import app
from runner.cli.options import (
    ConfigOption,
    GroupOption,
    JsonOption,
    KeywordOption,
    LockedOption,
    MarkOption,
    PathsArgument,
    ProjectOption,
    TimeoutOption,
    VerboseOption,
    WhenOption,
    WorkersOption,
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
  runner audit --isolation           which isolation the tests need; --all tries every one
  runner audit --isolation=database  the order again, in that isolation
"""

COMPARE = "compare"
"""What `--isolation` stands for alone."""


class AuditCommand(PassingCommand):
    """Lets `--isolation` stand alone; before a name of one it is the option of every command."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Give the lone option its value."""
        from runner.core.groups import Isolation

        end = args.index("--") if "--" in args else len(args)
        kinds = {*get_args(Isolation)}
        for at, each in enumerate(args[:end]):
            if each == "--isolation" and not (at + 1 < end and args[at + 1] in kinds):
                args = [*args[:at], f"--isolation={COMPARE}", *args[at + 1 :]]
        return super().parse_args(ctx, args)


@app.command("audit", cls=AuditCommand, epilog=EXAMPLES)
def audit(
    ctx: typer.Context,
    paths: PathsArgument = None,
    group: GroupOption = None,
    when: WhenOption = "",
    mark: MarkOption = "",
    keyword: KeywordOption = "",
    workers: WorkersOption = None,
    isolation: Annotated[
        str | None,
        typer.Option(
            metavar="[KIND]", help="Alone: which isolation the tests need. Else the one to audit the order in."
        ),
    ] = None,
    tries_all: Annotated[
        bool, typer.Option("--all", help="With `--isolation`: try every isolation, not only up to the first equal one.")
    ] = False,
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

    compares = isolation == COMPARE
    flags = {"isolation": None if compares else isolation, "workers": parse_number(workers)}
    loaded, sourced = load(project, config, timeout=parse_number(timeout), locked=locked, **flags)
    settings = sourced.settings
    arguments = ctx.meta.get("pytest_args", ())
    selection = make_selection(loaded.folder, group, when, mark, keyword, paths, arguments)
    if compares:
        from runner.cli.comparing import compare

        raise typer.Exit(compare(loaded, settings, selection, tries_all, as_json, verbose))
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
