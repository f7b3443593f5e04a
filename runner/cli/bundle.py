"""`runner bundle`: all that is kept of a run in one file, for a post-mortem elsewhere."""

import json
import os
from pathlib import Path
from typing import Annotated

import typer

from runner.cli.main import app
from runner.cli.options import JsonOption, ProjectOption

EXAMPLES = """\b
Examples:
  runner bundle                               the last run, into .runner/bundles/<run>.tar.zst
  runner bundle 20261127-035224 -o bundle.tar.zst
  runner shell --failed --from bundle.tar.zst what it is for
"""


@app.command("bundle", epilog=EXAMPLES)
def bundle(
    run: Annotated[str, typer.Argument(metavar="[RUN]", help="A run's id, or its beginning or end.")] = "",
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="The file.", show_default=False)
    ] = None,
    project: ProjectOption = Path(),
    as_json: JsonOption = False,
) -> None:
    """Pack a run's results, kept failures and sources into one file, without secrets."""
    from runner.cli.loading import load
    from runner.core.redact import Redactor
    from runner.report.bundle import pack_bundle
    from runner.report.failures import read_failures
    from runner.report.run_folders import find_run, locate_results

    loaded, sourced = load(project)
    settings = sourced.settings
    results = find_run(locate_results(loaded.folder, settings.results), run)
    # Below the results: what lies in the project would be a part of its sources.
    target = output or results.parents[1] / "bundles" / f"{results.name}.tar.zst"
    groups = [dict(each.environment) for each in settings.groups.values()]
    redactor = Redactor([os.environ, settings.environment, *groups])
    size = pack_bundle(results, target, redactor.redact_bytes, redactor.hide_bytes)
    tests = [each.failure.test for each in read_failures(results)]
    if as_json:
        print(json.dumps({"file": str(target.absolute()), "size": size, "run": results.name, "failures": tests}))
        return
    print(f"{target}: {size / 1e3:.0f} kB, {len(tests)} kept {'failure' if len(tests) == 1 else 'failures'}")
    if tests:
        print(f"elsewhere: runner shell --failed --from {target.name}")
    else:
        print("no failure is kept in it, so `runner shell --failed` has nothing to restore")
