"""What the containers of a run say, brought from their threads into one queue and told apart."""

import queue
import time
from collections.abc import Callable
from dataclasses import dataclass

from runner.core.events import Event, parse_event
from runner.core.server_end import explain_end
from runner.engines.protocol import END, OUTPUT
from runner.errors import EngineError, NotReadyError

END_OF_OUTPUT = b"\x1eephemeral-runner: end of output\x1e\n"
"""Marks the end of a process in its output; images/base/lease.py writes it."""

TICK = 0.05
"""Seconds between looks at signals and the time limit while nothing is said."""

Sink = Callable[[bytes], object]


@dataclass
class Process:
    """How far a process of the suite container has come; it is over when both streams say so."""

    output_ended: bool = False
    exit_code: int | None = None

    @property
    def is_over(self) -> bool:
        """Whether its end was seen in both streams."""
        return self.output_ended and self.exit_code is not None


class Streams:
    """Receives the output of both containers and follows one process of the suite at a time."""

    def __init__(self, output: Sink, log: Sink, listen: Callable[[Event], None], clock: Callable[[], float]) -> None:
        """Make the queue.

        Args:
            output: takes the suite's output.
            log: takes the log of Postgres.
            listen: hears the reports of the suite as events.
            clock: seconds since the run began.
        """
        self._output, self._log, self._listen, self._clock = output, log, listen, clock
        self._queue: queue.Queue[tuple[str, int, bytes]] = queue.Queue()
        self._held = b""
        self._line = b""
        self._log_tail = b""
        self._process = Process()

    def renew(self) -> "Streams":
        """One for other containers: what these still say is of no interest any more."""
        return Streams(self._output, self._log, self._listen, self._clock)

    def receive_suite(self, stream: int, data: bytes) -> None:
        """The suite container's receiver."""
        self._queue.put(("suite", stream, data))

    def receive_postgres(self, stream: int, data: bytes) -> None:
        """The Postgres container's receiver."""
        self._queue.put(("postgres", stream, data))

    def follow(self, limit: float, check: Callable[[], None]) -> int | None:
        """Pass on what is said until the process ends.

        Args:
            limit: seconds.
            check: called often; raises to give up.

        Returns:
            The exit code, or None when the limit was reached.

        Raises:
            PostgresError: the server ended.
            EngineError: the suite container ended.
        """
        deadline = time.monotonic() + limit
        while not self._process.is_over:
            check()
            left = deadline - time.monotonic()
            if left <= 0:
                return None
            self.take(min(TICK, left))
        exit_code, self._process = self._process.exit_code, Process()
        return exit_code

    def has_read(self, mark: bytes) -> bool:
        """Whether the log of Postgres had a mark, and little since."""
        return mark in self._log_tail

    def take_all(self) -> None:
        """Handle every message that is there."""
        while self.take(0):
            pass

    def take(self, seconds: float) -> bool:
        """Handle the next message, if one comes in time; whether one came."""
        try:
            source, stream, data = self._queue.get(timeout=seconds)
        except queue.Empty:
            return False
        if source == "postgres":
            self._take_log(stream, data)
        elif stream == END:
            raise EngineError(
                "the suite container ended in the middle of the run",
                "it was removed from outside, a test ended its first process, or memory ran out",
                "`docker events` and the engine's log tell more",
            )
        elif stream == OUTPUT:
            self._take_output(data)
        else:
            self._take_reports(data)
        return True

    def _take_output(self, data: bytes) -> None:
        text, found, rest = (self._held + data).partition(END_OF_OUTPUT)
        if found:
            self._process.output_ended = True
            text += rest
            held = 0
        else:
            # The mark may be cut in two by the way the engine packs the stream.
            sizes = range(len(END_OF_OUTPUT) - 1, 0, -1)
            held = next((size for size in sizes if text.endswith(END_OF_OUTPUT[:size])), 0)
        self._held = text[len(text) - held :]
        if sent := text[: len(text) - held]:
            self._output(sent)

    def _take_reports(self, data: bytes) -> None:
        *lines, self._line = (self._line + data).split(b"\n")
        for line in lines:
            event = parse_event(line, self._clock())
            if event is None:
                continue
            if event.name == "process-ended":
                self._process.exit_code = int(event.data["exit_code"])
            else:
                self._listen(event)

    def _take_log(self, stream: int, data: bytes) -> None:
        if stream != END:
            self._log(data)
            self._log_tail = (self._log_tail + data)[-4096:]
            return
        raise explain_end([line for line in self._log_tail.decode(errors="replace").splitlines() if line.strip()])


def make_timeout(limit: float, running: dict[str, float], now: float, group: str = "") -> NotReadyError:
    """The error for tests that did not end in time; names those that were running.

    Args:
        limit: seconds.
        running: tests, and when each began.
        now: seconds of the run.
        group: whose own limit it is; empty for the run's.
    """
    shown = [f"{test} (for {now - since:.1f} s)" for test, since in list(running.items())[:5]]
    return NotReadyError(
        f"the tests did not end within {limit:g} s (`{f'groups.{group}.' if group else ''}timeout`)",
        "running: " + ", ".join(shown) if shown else "no test was running",
        f"raise `timeout` of the group `{group}`" if group else "raise the limit: `--timeout SECONDS`",
    )
