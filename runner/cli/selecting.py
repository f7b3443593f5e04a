"""What a command line selects: groups, expressions, paths, what stands after `--`, and an order."""

import random
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from typer.core import TyperCommand

from runner.errors import SettingsError

if TYPE_CHECKING:
    from runner.core.failing import Use
    from runner.core.plan import Selection

SOME_SEED = "some"


class PassingCommand(TyperCommand):
    """Keeps what stands after `--` apart from the paths before it."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Split the command line at the first `--`; `--shuffle` may stand alone."""
        if "--" in args:
            at = args.index("--")
            args, ctx.meta["pytest_args"] = args[:at], args[at + 1 :]
        args = [f"{each}={SOME_SEED}" if each == "--shuffle" else each for each in args]
        return super().parse_args(ctx, args)


def make_selection(
    folder: Path,
    groups: Sequence[str] | None,
    when: str,
    mark: str,
    keyword: str,
    paths: list[str] | None,
    pytest_args: Sequence[str],
) -> "Selection":
    """The selection of a command line; see `runner.core.plan.Selection`."""
    from runner.core.plan import Selection

    return Selection(tuple(groups or ()), when, mark, keyword, check_paths(folder, paths or []), tuple(pytest_args))


def choose_use(last_failed: bool, failed_first: bool) -> "Use":
    """What a run does with tests that failed before; those alone are also first."""
    return "only" if last_failed else "first" if failed_first else ""


def read_seed(text: str) -> int | None:
    """The seed of a random order; None for the declared one."""
    if not text:
        return None
    if text == SOME_SEED:
        return random.randrange(10**6)  # noqa: S311 -- for an order
    if not text.isdecimal():
        raise SettingsError(f"`--shuffle` is not valid: {text!r}", "expected a whole number", "--shuffle=4711")
    return int(text)


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
