"""`runner run`: a selection of the project's tests in a disposable environment."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

from runner.cli.main import app
from runner.cli.options import JsonOption, ProjectOption
from runner.errors import SettingsError

EXAMPLES = """\b
Examples:
  runner run                                  the default selection
  runner run --group smoke --group security -n 4
  runner run --when nightly                   every group of that moment
  runner run -m "not slow" -k login tests/api -- --maxfail=1
"""


class PassingCommand(TyperCommand):
    """Keeps what stands after `--` apart from the paths before it."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Split the command line at the first `--`."""
        if "--" in args:
            at = args.index("--")
            args, ctx.meta["pytest_args"] = args[:at], args[at + 1 :]
        return super().parse_args(ctx, args)


@app.command("run", cls=PassingCommand, epilog=EXAMPLES)
def run(
    ctx: typer.Context,
    paths: Annotated[
        list[str] | None, typer.Argument(metavar="[PATHS]... [-- PYTEST ARGS]", help="Files, folders or test ids.")
    ] = None,
    group: Annotated[list[str] | None, typer.Option("--group", "-g", help="A group of tests; may repeat.")] = None,
    when: Annotated[
        str, typer.Option("--when", metavar="MOMENT", help="All groups of commit, pull-request, nightly or release.")
    ] = "",
    mark: Annotated[str, typer.Option("-m", metavar="EXPR", help="Pytest's mark expression.")] = "",
    keyword: Annotated[str, typer.Option("-k", metavar="EXPR", help="Pytest's keyword expression.")] = "",
    workers: Annotated[
        str | None, typer.Option("-n", "--workers", metavar="N", help="Parallel workers: a number, or auto.")
    ] = None,
    isolation: Annotated[
        str | None, typer.Option(metavar="KIND", help="What each worker owns: schema, database, or none.")
    ] = None,
    dist: Annotated[str | None, typer.Option(metavar="MODE", help="How xdist distributes tests.")] = None,
    timeout: Annotated[str | None, typer.Option(metavar="SECONDS", help="Time limit of the tests.")] = None,
    project: ProjectOption = Path(),
    as_json: JsonOption = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Show whole image builds.")] = False,
) -> None:
    """Run tests in a disposable environment and leave nothing behind."""
    from runner.cli.execute import execute
    from runner.cli.loading import load
    from runner.core.plan import Selection, make_plan
    from runner.core.settings import parse_number

    loaded, sourced = load(
        project, workers=parse_number(workers), isolation=isolation, dist=dist, timeout=parse_number(timeout)
    )
    settings = sourced.settings
    selection = Selection(
        tuple(group or ()),
        when,
        mark,
        keyword,
        check_paths(loaded.folder, paths or []),
        tuple(ctx.meta.get("pytest_args", ())),
    )
    make_plan(settings, selection, cpus=1)  # Refuses unknown groups before the engine is asked for anything.
    done = execute(loaded, settings, lambda cpus: make_plan(settings, selection, cpus), as_json, verbose)
    if as_json:
        print(json.dumps(done.as_dict()))
    raise typer.Exit(done.outcome.exit_code)


def check_paths(folder: Path, paths: list[str]) -> tuple[str, ...]:
    """Paths relative to the project's folder, where pytest runs.

    Raises:
        SettingsError: a path does not exist, or lies outside the project.
    """
    checked = []
    for text in paths:
        path, separator, test = text.partition("::")
        full = Path(path).resolve() if Path(path).exists() else (folder / path).resolve()
        if not full.is_relative_to(folder):
            raise SettingsError(
                f"the path `{path}` is outside the project",
                f"the project is `{folder}`",
                "only the project's own files are copied into the environment",
            )
        if not full.exists():
            raise SettingsError(f"cannot find the path `{path}`", f"no such file in `{folder}`")
        checked.append(str(full.relative_to(folder)) + separator + test)
    return tuple(checked)
