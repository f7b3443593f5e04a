"""What `runner init` shows: what was detected, and the changes as a unified diff."""

import re
from collections.abc import Sequence
from difflib import unified_diff

from runner.core.snapshot import Detected
from runner.project.edits import Change, Edits
from runner.report.console import BOLD, DIM, GREEN, RED, RESET

CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
COLOURS = {"+++": BOLD, "---": BOLD, "@@": DIM, "+": GREEN, "-": RED}


def describe(detected: Detected, edits: Edits) -> str:
    """What was seen and where, then what a person has to do; each on a line of its own."""
    width = max((len(each.subject) for each in detected.findings), default=0)
    lines = [
        f"  {each.subject:<{width}}  {each.found}" + (f"  ({each.where})" if each.where not in {"", each.found} else "")
        for each in detected.findings
    ]
    return show("\n".join([*lines, *(f"  note: {note}" for note in (*detected.notes, *edits.notes))]))


def make_diff(change: Change) -> str:
    """One change as a unified diff, as `git diff` has it; line ends are not shown."""
    old = "/dev/null" if change.before is None else f"a/{change.path}"
    before, after = split(change.before or ""), split(change.after)
    return "\n".join(unified_diff(before, after, old, f"b/{change.path}", lineterm=""))


def split(text: str) -> list[str]:
    """The lines of a text."""
    lines = show(text.replace("\r\n", "\n")).split("\n")
    return lines[:-1] if lines[-1] == "" else [*lines[:-1], lines[-1] + "  (no newline at the end)"]


def show(text: str) -> str:
    """A text for a terminal: bytes that are no UTF-8, and what would steer the terminal, become a sign for them."""
    shown = text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return CONTROLS.sub("\N{REPLACEMENT CHARACTER}", shown)


def paint(diffs: Sequence[str], colour: bool) -> str:
    """Diffs one below the other, in colours where they are wanted."""
    lines = [line for diff in diffs for line in diff.split("\n")]
    return "\n".join(paint_line(line) if colour else line for line in lines)


def paint_line(line: str) -> str:
    """One line of a diff in its colour."""
    colour = next((code for start, code in COLOURS.items() if line.startswith(start)), "")
    return f"{colour}{line}{RESET}" if colour else line
