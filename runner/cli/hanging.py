"""Keeps what the tests of a run wait for when its time limit is reached, as `runner status` would tell it."""

import json
from contextlib import suppress
from pathlib import Path

from runner.core.events import Event, Listener
from runner.errors import RunnerError
from runner.report.run_files import HANG


def make_hang_keeper(results: Path) -> Listener:
    """A listener for the moment between the limit and the teardown; a run that does not hang pays nothing."""

    def hear(event: Event) -> None:
        if event.name != "timed-out":
            return
        from runner.cli.observing import Observer

        # What cannot be seen any more is no second error.
        with suppress(RunnerError, OSError):
            seen = Observer(results).look()
            told = {"sentences": [text for _, text in seen.find_reasons()], "stacks": dict(seen.stacks)}
            (results / HANG).write_text(json.dumps(told, indent=1), encoding="utf-8", errors="replace")

    return hear
