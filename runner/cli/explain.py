"""`runner explain`: the known causes in a failed run, and the settings against them."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from runner.cli.main import app
from runner.cli.options import JsonOption, ProjectOption

EXAMPLES = """\b
Examples:
  runner explain                              the newest run
  runner explain da683c                       another one; a unique part of the id will do
  runner explain --json | jq -r '.causes[].do[]'
"""


@app.command("explain", epilog=EXAMPLES)
def explain(
    run: Annotated[str, typer.Argument(metavar="[RUN]", help="The id of a run, or its beginning or end.")] = "",
    project: ProjectOption = Path(),
    as_json: JsonOption = False,
) -> None:
    """Name known causes of what failed in a run: where they come from, and the settings to write."""
    from runner.cli.loading import load
    from runner.report.console import print_lines
    from runner.report.explaining import explain_run
    from runner.report.explanation import as_dict, tell_explanation
    from runner.report.run_folders import locate_results
    from runner.report.run_reports import find_reported

    loaded, sourced = load(project)
    folder = find_reported(locate_results(loaded.folder, sourced.settings.results), run)
    explanation = explain_run(folder, loaded, sourced.settings)
    if as_json:
        print(json.dumps(as_dict(explanation, folder.name)))
        return
    print_lines(tell_explanation(explanation, folder.name), sys.stdout)
