"""What a run under a debugger does otherwise: one process, no hurry, no second attempts. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from runner.core.passes import Pass
from runner.errors import SettingsError

if TYPE_CHECKING:
    from runner.core.plan import Plan

EDITOR_PORT = 5678
"""The port in the suite container on which debugpy waits for an editor."""

LAUNCHER = ("python", "-Xfrozen_modules=off", "/opt/debugger/debugpy", "--listen", f"0.0.0.0:{EDITOR_PORT}")
"""Starts a program under debugpy. Frozen modules would make the debugger miss breakpoints (Python 3.11 and newer)."""


@dataclass(frozen=True)
class Debugger:
    """What stands by while tests run.

    Attributes:
        stops_at_start: whether pytest's debugger takes over at the start of each test, not only where one fails.
        port: of 127.0.0.1, on which an editor is waited for; 0 leaves the terminal to pytest's own debugger.
        left_out: names of passes whose tests an editor cannot reach.
    """

    stops_at_start: bool = False
    port: int = 0
    left_out: tuple[str, ...] = ()


def slow_down(plan: "Plan", debugger: Debugger) -> "Plan":
    """The plan with a debugger: tests run in pytest's own process, once, as long as it takes.

    An editor is waited for once, so that there is one pass, of all tests that it can reach.

    Raises:
        SettingsError: it can reach none.
    """
    alone = [replace(each, needs=replace(each.needs, workers=0, reruns=0, timeout=0.0)) for each in plan.passes]
    if debugger.port:
        opened = [each for each in alone if each.needs.egress]
        if not opened:
            raise SettingsError(
                f"an editor cannot reach the tests of `{alone[0].name}`",
                "they have no network (`egress = false`)",
                "choose others with `--group`, or use `--pdb`",
            )
        debugger = replace(debugger, left_out=tuple(each.name for each in alone if not each.needs.egress))
        alone = [join(opened)]
    return replace(plan, passes=tuple(alone), debugger=debugger)


def join(passes: Sequence[Pass]) -> Pass:
    """One pass for the tests of several; it has what the last one needs, which is the one with the fewest marks."""
    marks = [each.mark for each in passes]
    expression = " or ".join(f"({mark})" for mark in marks) if len(marks) > 1 and all(marks) else marks[-1]
    wanted = frozenset[str]().union(*(each.marks for each in passes)) if all(each.marks for each in passes) else None
    name = "+".join(each.name for each in passes)
    return Pass(name, expression if all(marks) else "", passes[-1].needs, wanted or frozenset())


def make_launch(debugger: Debugger | None) -> list[str]:
    """How pytest starts: the beginning of its command line."""
    if debugger is None or not debugger.port:
        return [
            "pytest",
            *(["--pdb"] if debugger else []),
            *(["--trace"] if debugger and debugger.stops_at_start else []),
        ]
    return [*LAUNCHER, "--wait-for-client", "/opt/venv/bin/pytest"]
