"""Signals: the first asks the run to end in order, a second one ends it at once.

A handler that raised could do so between the making of a container and our knowing of it; so the first signal only
leaves a note, which every wait looks at.
"""

import os
import signal
import sys
import time
from collections.abc import Callable
from types import FrameType
from typing import Self

from runner.errors import Interrupted

TOGETHER = 0.1
"""Seconds within which signals count as one: `timeout` and others signal a process, and then its group."""

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interrupts:
    """Takes the signals while a run lasts."""

    def __init__(self) -> None:
        self._received: signal.Signals | None = None
        self._at = 0.0
        self._before: dict[signal.Signals, signal.Handlers | int | Callable[[int, FrameType | None], object] | None]
        self._before = {}

    def __enter__(self) -> Self:
        for number in SIGNALS:
            # What the caller set to be ignored stays so: `nohup runner run` means it.
            if signal.getsignal(number) is not signal.SIG_IGN:
                self._before[number] = signal.signal(number, self._take)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _take(self, number: int, _frame: FrameType | None) -> None:
        now = time.monotonic()
        if self._received is not None and now - self._at < TOGETHER:
            return
        if self._received is not None:
            # The leases end with this process, and the watchdog removes the rest.
            os.write(
                sys.__stderr__.fileno() if sys.__stderr__ else 2, b"\nstopped at once; `runner ps` shows what lives\n"
            )
            os._exit(128 + number)
        self._received, self._at = signal.Signals(number), now

    def check(self) -> None:
        """Raise if a signal came.

        Raises:
            Interrupted: with the signal's exit code.
        """
        if self._received is not None:
            raise Interrupted(int(self._received), self._received.name)
