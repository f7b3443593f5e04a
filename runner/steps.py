"""Tells listeners what a run does: events with the run's own clock, and steps that start and end."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from runner.core.events import Event, Listener


class Steps:
    """The voice of one run."""

    def __init__(self, listeners: Sequence[Listener]) -> None:
        self._listeners = listeners
        self._began = time.monotonic()
        self._is_quiet = False

    def clock(self) -> float:
        """Seconds since the run began."""
        return time.monotonic() - self._began

    def pass_on(self, event: Event) -> None:
        """Tell an event that came from elsewhere."""
        for listen in self._listeners if not self._is_quiet else ():
            listen(event)

    @contextmanager
    def quiet(self) -> Iterator[None]:
        """Tell nothing meanwhile: somebody else has the terminal."""
        self._is_quiet = True
        try:
            yield
        finally:
            self._is_quiet = False

    def tell(self, name: str, **data: Any) -> None:
        """Tell something that happens now."""
        self.pass_on(Event(name, self.clock(), data))

    @contextmanager
    def step(self, name: str) -> Iterator[dict[str, str]]:
        """Tell that a step starts and ends, with its time and the note that it leaves."""
        began, step = self.clock(), {"note": ""}
        self.tell("step-started", step=name)
        yield step
        self.tell("step-finished", step=name, seconds=round(self.clock() - began, 3), note=step["note"])
