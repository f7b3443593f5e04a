"""`runner last`: a run that ended, shown again."""

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from runner.cli.main import app
from runner.cli.options import JsonOption, ProjectOption

EXAMPLES = """\b
Examples:
  runner last                                 the newest run
  runner last 20261124-134743-da683c          another one; a unique part of the id will do
  runner last --json | jq -r '.failures[].test'
"""


@app.command("last", epilog=EXAMPLES)
def last(
    run: Annotated[str, typer.Argument(metavar="[RUN]", help="The id of a run, or its beginning or end.")] = "",
    project: ProjectOption = Path(),
    as_json: JsonOption = False,
) -> None:
    """Show the last run again: how it ended, what failed and where, and what to do next."""
    from msgspec import to_builtins

    from runner.cli.loading import load
    from runner.report.console import print_lines
    from runner.report.run_folders import locate_results
    from runner.report.run_reports import find_reported, read_report
    from runner.report.run_story import tell

    loaded, sourced = load(project)
    folder = find_reported(locate_results(loaded.folder, sourced.settings.results), run)
    report = read_report(folder)
    if as_json:
        print(json.dumps({**to_builtins(report), "results": str(folder)}))
        return
    print_lines(tell(report, folder, datetime.now(UTC)), sys.stdout)
