"""The command `runner`: its subcommands, and the one place where errors become text and an exit code."""

import errno
import json
import os
import signal
import sys
import traceback
from importlib import import_module
from pathlib import Path
from typing import IO, Annotated, Any

import typer
from typer.core import TyperGroup

from runner import __version__
from runner.errors import RunnerError

COMMANDS = (
    *(
        "audit",
        "bundle",
        "clean",
        "compose",
        "config",
        "doctor",
        "explain",
        "flaky",
        "groups",
        "image_travel",
        "init",
        "last",
    ),
    *("ledger", "lock", "logs", "ps", "psql", "run", "shell", "status"),
)
"""Modules beside this one; each adds its commands to `app`."""


class ExplainingGroup(TyperGroup):
    """Prints errors by the convention of `runner.errors`, in the same way for users and for tests in process."""

    def invoke(self, ctx: Any) -> Any:
        """Run a subcommand; an error of ours becomes text on standard error and its exit code."""
        as_json = "--json" in [*ctx._protected_args, *ctx.args]  # noqa: SLF001 -- gone once the subcommand is parsed
        try:
            result = super().invoke(ctx)
            sys.stdout.flush()
            return result
        except OSError as error:
            if error.errno not in {errno.EPIPE, errno.ENOSPC}:
                raise
            silence(sys.stdout)
            raise typer.Exit(128 + signal.SIGPIPE) from None
        except RunnerError as error:
            show_error(error)
            if as_json:
                print(json.dumps({"exit_code": error.exit_code, "error": error.as_dict()}))
            raise typer.Exit(error.exit_code) from None


def silence(stream: IO[Any]) -> None:
    """Send what goes to a stream nowhere: its reader went away, as `| head` does, or its disk is full.

    What is left in its buffer would raise again at the interpreter's end.
    """
    with Path(os.devnull).open("wb") as nowhere:
        os.dup2(nowhere.fileno(), stream.fileno())


def show_error(error: RunnerError) -> None:
    """Print an error on standard error."""
    from runner.report.console import paint_error

    sys.stderr.write(paint_error(error, sys.stderr) + "\n")


app = typer.Typer(
    cls=ExplainingGroup,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Run a project's pytest and Postgres suite in a disposable, reproducible environment.",
)


def show_version(wanted: bool) -> None:
    """Print the version and leave."""
    if wanted:
        print(f"ephemeral-runner {__version__}")
        raise typer.Exit


@app.callback()
def callback(
    version: Annotated[
        bool, typer.Option("--version", help="Show the version.", is_eager=True, callback=show_version)
    ] = False,
) -> None:
    """Options before the subcommand."""


def main() -> None:
    """The entry point."""
    for name in COMMANDS:
        import_module(f"runner.cli.{name}")

    # Closed standard streams, as `>&-` makes them, are None.
    sys.stdout = sys.stdout or Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 -- open to the end
    sys.stderr = sys.stderr or Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115
    try:
        app(prog_name="runner")
    except Exception:  # noqa: BLE001 -- whatever comes here is a bug, and scripts must be able to tell
        traceback.print_exc()
        show_error(RunnerError("this is a bug of ephemeral-runner", hint="report it with the lines above"))
        sys.exit(RunnerError.exit_code)
