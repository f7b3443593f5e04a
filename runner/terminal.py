"""The terminal of whoever called: in raw mode while a process of the environment has it, with its size passed on."""

import os
import select
import signal
import sys
import termios
import threading
import tty
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from types import FrameType

from runner.engines.protocol import OUTPUT, Process, Size
from runner.errors import Interrupted

CHUNK = 64 * 1024


class Terminal:
    """Standard input, output and error of this process, for one process of the environment at a time.

    Attributes:
        is_interactive: whether a person sits at it: the process gets a terminal too.
    """

    def __init__(self, output: int = 1) -> None:
        """Look at the streams.

        Args:
            output: the descriptor that standard output goes to.
        """
        self.is_interactive = all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stdout))
        self._output = output
        self._broken = False

    def find_size(self) -> Size | None:
        """The size of the terminal; None where there is none."""
        if not self.is_interactive:
            return None
        # Not what COLUMNS and LINES say, which do not change with the window.
        return Size(*os.get_terminal_size(0))

    def receive(self, stream: int, data: bytes) -> None:
        """Write what the process says; called in a thread of the engine."""
        try:
            while data:
                data = data[os.write(self._output if stream == OUTPUT else 2, data) :]
        except OSError:
            self._broken = True

    def follow(
        self, process: Process, meanwhile: Callable[[], object], begin: Callable[[], object] = lambda: None
    ) -> int:
        """Give a process the terminal until it ends; its exit code.

        Args:
            process: it is cut off where this is given up.
            meanwhile: called all the time; takes a moment, and raises to give up.
            begin: called once, when the process has the terminal; raises to give up.

        Raises:
            Interrupted: nobody reads the output any more, as `| head` does; with the exit code that shells have.
        """
        try:
            with self._lend(process):
                begin()
                while process.exit_code is None:
                    meanwhile()
                    if self._broken:
                        raise Interrupted(signal.SIGPIPE, "a closed pipe: the output cannot be written")
            return process.exit_code
        finally:
            process.close()

    @contextmanager
    def _lend(self, process: Process) -> Iterator[None]:
        """Pass on what is typed, or comes through a pipe, to a process; afterwards the terminal is as it was."""
        with ExitStack() as stack:
            if self.is_interactive:
                stack.enter_context(raw_mode())
                stack.enter_context(self._watch_size(process))
            wake_reader, wake_writer = os.pipe()
            thread = threading.Thread(target=pass_on, args=(process, wake_reader), daemon=True)
            thread.start()
            try:
                yield
            finally:
                # What is typed from now on is for whoever has the terminal next.
                os.close(wake_writer)
                thread.join()
                os.close(wake_reader)

    @contextmanager
    def _watch_size(self, process: Process) -> Iterator[None]:
        def resize(_number: int, _frame: FrameType | None) -> None:
            # Not in the handler: the engine's answer may take long, and a second signal would come in between.
            threading.Thread(target=process.resize, args=(self.find_size(),), daemon=True).start()

        before = signal.signal(signal.SIGWINCH, resize)
        try:
            yield
        finally:
            signal.signal(signal.SIGWINCH, before)


@contextmanager
def raw_mode() -> Iterator[None]:
    """Every key goes to the process: Ctrl-C is its terminal's to act upon."""
    before = termios.tcgetattr(0)
    tty.setraw(0, termios.TCSADRAIN)
    try:
        yield
    finally:
        # A terminal that was closed takes nothing any more.
        with suppress(termios.error):
            termios.tcsetattr(0, termios.TCSADRAIN, before)


def pass_on(process: Process, wake: int) -> None:
    """Pass standard input on to its end, or until `wake` ends."""
    while True:
        ready, _, _ = select.select([0, wake], [], [])
        if wake in ready:
            return
        try:
            data = os.read(0, CHUNK)
        except OSError:
            data = b""
        if not data:
            process.end_input()
            return
        process.send(data)
