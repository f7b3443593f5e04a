"""`runner run` under a debugger: what it needs of the terminal, and the kind of run that it is."""

from functools import partial

from runner.cli.execute import MakePlan, MakeSession
from runner.core.debugging import Debugger, slow_down
from runner.debugging import DebugSession
from runner.errors import SettingsError
from runner.terminal import Terminal


def stand_by(make: MakePlan, debugger: Debugger, as_json: bool) -> tuple[MakePlan, MakeSession]:
    """The plan of a run with a debugger, and its session.

    Args:
        make: makes the plan without one.
        debugger: which.
        as_json: standard output is for data.

    Raises:
        SettingsError: pytest's debugger has no terminal, or an editor cannot reach the tests.
    """
    terminal = Terminal()
    if not debugger.port and (as_json or not terminal.is_interactive):
        raise SettingsError(
            "cannot debug without a terminal",
            "standard output is for data (`--json`)" if as_json else "standard input or standard output is none",
            "an editor needs none: `--debugpy PORT`",
        )

    return (lambda cpus: slow_down(make(cpus), debugger)), partial(DebugSession, terminal=terminal)
