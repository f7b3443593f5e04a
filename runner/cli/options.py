"""Options that several commands share.

The commands import what they call inside their functions: `runner --help` then needs no more than Typer.
"""

from pathlib import Path
from typing import Annotated

import typer

ProjectOption = Annotated[
    Path, typer.Option("--project", "-C", metavar="FOLDER", help="The project's folder.", show_default="here")
]
ConfigOption = Annotated[
    Path | None,
    typer.Option(
        "--config",
        metavar="FILE",
        help="Settings from a file outside the project; or RUNNER_CONFIG.",
        show_default=False,
    ),
]
PathsArgument = Annotated[
    list[str] | None, typer.Argument(metavar="[PATHS]... [-- PYTEST ARGS]", help="Files, folders or test ids.")
]
GroupOption = Annotated[list[str] | None, typer.Option("--group", "-g", help="A group of tests; may repeat.")]
WhenOption = Annotated[
    str, typer.Option("--when", metavar="MOMENT", help="All groups of commit, pull-request, nightly or release.")
]
MarkOption = Annotated[str, typer.Option("-m", metavar="EXPR", help="Pytest's mark expression.")]
KeywordOption = Annotated[str, typer.Option("-k", metavar="EXPR", help="Pytest's keyword expression.")]
LastFailedOption = Annotated[
    bool,
    typer.Option("--last-failed", "--lf", help="Only tests that failed and did not pass since; all if there are none."),
]
FailedFirstOption = Annotated[
    bool, typer.Option("--failed-first", "--ff", help="All tests, but those that failed before first.")
]
IsolationOption = Annotated[
    str | None, typer.Option(metavar="KIND", help="What each worker owns: schema, database, or none.")
]
WorkersOption = Annotated[
    str | None, typer.Option("-n", "--workers", metavar="N", help="Parallel workers: a number, or auto.")
]
TimeoutOption = Annotated[str | None, typer.Option(metavar="SECONDS", help="Time limit of the tests.")]
LockedOption = Annotated[
    bool | None,
    typer.Option(
        "--locked/--no-locked", help="Refuse any image but that of runner.lock; default in CI.", show_default=False
    ),
]
StrictOption = Annotated[
    bool | None,
    typer.Option(
        "--strict/--no-strict",
        help="Fail when no test used the database that was prepared; default in CI.",
        show_default=False,
    ),
]
VerboseOption = Annotated[bool, typer.Option("--verbose", "-v", help="Show whole image builds.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document on standard output.")]
RunArgument = Annotated[
    str, typer.Argument(metavar="[RUN]", help="A run: its id, its beginning or end, or `latest`.", show_default=False)
]
