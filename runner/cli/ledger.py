"""`runner ledger`: where the project's ledger is, and merging others into it."""

import json
from pathlib import Path
from typing import Annotated

import typer

from runner.cli.main import app
from runner.cli.options import JsonOption, ProjectOption

EXAMPLES = """\b
Examples:
  runner ledger path                          to keep the file, as between jobs of CI
  runner ledger merge ../other/.runner/ledger.sqlite
  runner ledger merge ci-*.sqlite --json      merging twice adds nothing
"""

ledger = typer.Typer(no_args_is_help=True, help="Find the project's retry ledger, or merge others into it.")
app.add_typer(ledger, name="ledger", epilog=EXAMPLES)


@ledger.command("path")
def path(project: ProjectOption = Path(), as_json: JsonOption = False) -> None:
    """Show where the project's ledger is, or will be."""
    found = find(project)
    print(json.dumps({"path": str(found), "exists": found.exists()}) if as_json else found)


@ledger.command("merge", epilog=EXAMPLES)
def merge(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Ledgers of other machines or checkouts.")],
    project: ProjectOption = Path(),
    as_json: JsonOption = False,
) -> None:
    """Merge other ledgers into the project's; they stay as they are."""
    from runner.report.ledger import open_ledger

    target = find(project)
    merged = []
    with open_ledger(target) as opened:
        for file in files:
            runs, attempts = opened.merge(file)
            merged.append({"file": str(file), "runs": runs, "attempts": attempts})
            if not as_json:
                print(f"{file}: {count(runs, 'new run')}, {count(attempts, 'new attempt')}")
    if as_json:
        print(json.dumps({"path": str(target), "merged": merged}))


def find(project: Path) -> Path:
    """The ledger of the project that a folder belongs to."""
    from runner.cli.loading import load
    from runner.report.ledger import find_ledger

    loaded, sourced = load(project)
    return find_ledger(loaded.folder, sourced.settings.results)


def count(number: int, thing: str) -> str:
    """A number of things in words."""
    return f"{number} {thing}{'' if number == 1 else 's'}"
