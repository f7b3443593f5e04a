"""`runner init`: writes into a project what it lacks, after showing it and asking."""

import json
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from runner import __version__
from runner.cli.main import app
from runner.cli.options import JsonOption, ProjectOption
from runner.errors import SettingsError

if TYPE_CHECKING:
    from runner.core.snapshot import Detected
    from runner.project.edits import Edits

EXAMPLES = """
Write into a project what it lacks: `[tool.runner]` with what is detected, marks, .gitignore, make targets, a CI file.

It shows a diff and asks first. What is there stays as it is; a second call finds nothing lacking.

\b
Examples:
  runner init                     # show, ask, write
  runner init --dry-run           # only show
  runner init --yes --ci gitlab   # write without asking, with a file for GitLab
"""


class Ci(StrEnum):
    """Services that a file can be written for."""

    github = "github"
    gitlab = "gitlab"
    none = "none"


@app.command("init", help=EXAMPLES, short_help="Write into a project what it lacks, after showing a diff and asking.")
def init(
    project: ProjectOption = Path(),
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Write without asking.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the diff and write nothing.")] = False,
    ci: Annotated[
        Ci | None,
        typer.Option(help="Service to write a CI file for.", show_default="what files and remotes suggest"),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Look, show, ask, write."""
    from runner.core.detection.detectors import detect
    from runner.project.detection import find_project, read_snapshot
    from runner.project.edits import make_edits
    from runner.project.edits_writing import write_all

    found = find_project(project)
    snapshot = read_snapshot(found)
    detected = detect(snapshot)
    edits = make_edits(found.folder, snapshot, detected, ci.value if ci else None, __version__)
    out = sys.stderr if as_json else sys.stdout
    show(found.folder, detected, edits, out)
    is_written = bool(edits.changes) and not dry_run and (yes or ask(len(edits.changes)))
    if is_written:
        write_all(found.folder, edits.changes)
        print(f"written: {', '.join(each.path for each in edits.changes)}", file=out)
    elif edits.changes:
        print("nothing was written", file=out)
    if as_json:
        print(json.dumps(summarize(found.folder, detected, edits, is_written)))


def show(folder: Path, detected: "Detected", edits: "Edits", out: Any) -> None:
    """What was detected, and the diff."""
    from runner.report.console import wants_colour
    from runner.report.proposal import describe, make_diff, paint

    print(describe(detected, edits), file=out)
    if not edits.changes:
        print(f"nothing is lacking in {folder}", file=out)
        return
    diff = paint([make_diff(each) for each in edits.changes], wants_colour(out))
    print(f"\n{diff}\n", file=out)
    if any(each.path == "pyproject.toml" and each.before is None for each in edits.changes):
        print("there is no pyproject.toml; the new one has settings of the runner and of pytest only", file=out)


def ask(count: int) -> bool:
    """The answer of the person at the terminal; anything but yes is no.

    Raises:
        SettingsError: there is no terminal.
    """
    if not (sys.stdin and sys.stdin.isatty()):
        raise SettingsError(
            "cannot ask whether to write", "standard input is no terminal", "`--yes` writes, `--dry-run` only shows"
        )
    sys.stderr.write(f"write {count} file{'' if count == 1 else 's'}? [y/N] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in {"y", "yes"}


def summarize(folder: Path, detected: "Detected", edits: "Edits", is_written: bool) -> dict[str, Any]:
    """The same for programs."""
    from dataclasses import asdict

    from runner.report.proposal import make_diff

    return {
        "project": str(folder),
        "detected": [asdict(each) for each in detected.findings],
        "settings": dict(detected.settings),
        "notes": [*detected.notes, *edits.notes],
        "changes": [
            {"path": each.path, "made": each.before is None, "diff": make_diff(each)} for each in edits.changes
        ],
        "written": is_written,
    }
