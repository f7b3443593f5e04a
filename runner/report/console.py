"""The terminal's view of a run: one line for each step with its time, on standard error."""

import errno
import os
import shutil
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TextIO

from runner.core.annotations import Annotation
from runner.core.events import Event
from runner.engines.protocol import Leftover
from runner.errors import RunnerError
from runner.report.ci import Ci

DIM, BOLD, RED, GREEN, RESET = "\x1b[2m", "\x1b[1m", "\x1b[31m", "\x1b[32m", "\x1b[0m"


def wants_colour(stream: TextIO, environ: Mapping[str, str] = os.environ) -> bool:
    """Whether to colour what goes to a stream: only terminals, and not with NO_COLOR (no-color.org)."""
    return stream.isatty() and not environ.get("NO_COLOR") and environ.get("TERM") != "dumb"


def is_live(stream: TextIO, environ: Mapping[str, str] = os.environ) -> bool:
    """Whether somebody watches a stream, so that a line may be replaced: a terminal, but none that CI made."""
    return stream.isatty() and not environ.get("CI")


class Console:
    """Prints steps as they end; long ones show what they do meanwhile, in CI in a section that folds."""

    def __init__(self, stream: TextIO, verbose: bool = False, ci: Ci | None = None) -> None:
        self._stream = stream
        self._verbose = verbose
        self._ci = ci or Ci()
        self._section = ""
        self._live = is_live(stream)
        self._shared = stream.isatty() or self._ci.is_known
        self._colour = wants_colour(stream)
        self._temporary = False
        self._open_line = False
        self._step = ""

    def __call__(self, event: Event) -> None:
        """Show one event."""
        if event.name != "progress":
            self._close_section()
        if event.name == "step-started":
            self._step = event.data["step"]
        match event.name:
            case "run-started":
                seed = event.data.get("seed")
                shuffled = "" if seed is None else f"  in random order: --shuffle={seed} repeats it"
                self.print(f"{BOLD}{event.data['project']}{RESET}  run {event.data['run']}{shuffled}")
            case "step-started" if self._live:
                self.show(f"  {event.data['step']:<9} ...")
            case "step-finished":
                note, seconds = event.data["note"], event.data["seconds"]
                self.print(f"  {event.data['step']:<9} {DIM}{seconds:6.2f} s{RESET}  {note}")
            case "progress":
                self.show_progress(event.data["text"])
            case "audit" | "banner":
                self.print(f"  {event.data['text']}")
            case "worker-crashed":
                self.print(f"  {RED}worker {event.data['worker']} crashed{RESET}; another takes over with a clean slot")

    @property
    def is_live(self) -> bool:
        """Whether somebody watches."""
        return self._live

    def show_progress(self, text: str) -> None:
        """One line of a build: every line with `-v`, the steps elsewhere; on a terminal the newest line."""
        if self._ci.is_known and not self._section:
            self._section = self._step
            self._tell(self._ci.open_section(self._step, f"{self._step}: what the build says"))
        if self._verbose or self._section or (not self._live and is_milestone(text)):
            self.print(f"    {DIM}{text}{RESET}")
        elif self._live:
            width = shutil.get_terminal_size().columns
            self.show(f"    {DIM}{text.strip()[: width - 5]}{RESET}")

    def begin(self) -> None:
        """Before the lines of a run."""
        self._tell(self._ci.begin())

    def end(self) -> None:
        """After the lines that tests may have had a part in; a second time there is nothing to say."""
        self._close_section()
        self._tell(self._ci.end())

    def annotate(self, annotations: Sequence[Annotation]) -> None:
        """Tell CI what to show beside the repository's lines."""
        self._tell(self._ci.show(annotations))

    def _close_section(self) -> None:
        if self._section:
            self._tell(self._ci.close_section(self._section))
            self._section = ""

    def _tell(self, text: str) -> None:
        if text:
            self.print(text)

    def show(self, text: str) -> None:
        """Show a line that the next one replaces."""
        self._write(text)
        self._temporary = True

    def print(self, text: str) -> None:
        """Print a line that stays."""
        self._write(text, "\n")
        self._temporary = False

    def give_way(self, data: bytes) -> None:
        """Remove a temporary line, before `data` of another goes to the terminal, and see how that ends."""
        if self._temporary:
            self._write("")
            self._temporary = False
        self._open_line = self._shared and not data.endswith(b"\n")

    def _write(self, text: str, end: str = "") -> None:
        text = paint(text, self._colour)
        start = "\n" if self._open_line else "\r\x1b[K" if self._temporary else ""
        self._open_line = False
        try:
            self._stream.write(start + make_writable(text, self._stream) + end)
            self._stream.flush()
        except OSError as error:
            if error.errno != errno.EIO:
                raise
            # The terminal was closed. What is still to be done is not said any more, but done.
            self._stream = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 -- open to the end


def paint(text: str, has_colour: bool) -> str:
    """Text of ours with its colours, or without."""
    for code in () if has_colour else (DIM, BOLD, RED, GREEN, RESET):
        text = text.replace(code, "")
    return text


def make_writable(text: str, stream: TextIO) -> str:
    """Text of any origin as a stream takes it: unlike standard error, standard output refuses what it cannot encode."""
    encoding = stream.encoding or "utf-8"
    return text.encode(encoding, "backslashreplace").decode(encoding)


def print_lines(lines: Iterable[str], stream: TextIO) -> None:
    """Print lines of ours, with their colours where the stream takes them."""
    has_colour = wants_colour(stream)
    for line in lines:
        print(make_writable(paint(line, has_colour), stream), file=stream)


def is_milestone(line: str) -> bool:
    """Whether a line of a build is worth a line of a log."""
    return line.startswith(("Step ", "building ", "pulling ", "no registry", "importing ", "== "))


def paint_error(error: RunnerError, stream: TextIO) -> str:
    """An error as text, its first word red on a terminal."""
    text = error.as_text()
    return text.replace("error:", f"{RED}error:{RESET}", 1) if wants_colour(stream) else text


def make_last_line(left: Sequence[Leftover], is_counted: bool = True) -> str:
    """The count of what is left behind, which ends every run; without an engine nobody knows."""
    if not is_counted:
        return "left behind: unknown, for the engine does not answer; `runner clean` removes what it still has"
    counts = {kind: sum(each.kind == kind for each in left) for kind in ("container", "network", "volume")}
    return "left behind: " + ", ".join(f"{count} {kind}{'' if count == 1 else 's'}" for kind, count in counts.items())
