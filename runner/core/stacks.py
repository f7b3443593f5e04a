"""Where the Python code of a process is: faulthandler's text, and the lines of it that tell most. Pure."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from runner.core.places import PROJECT, REPOSITORY

FRAME = re.compile(r'^  File "(.+)", line (\d+) in (.+)$')
THREAD = re.compile(r"^(?:Current thread|Thread) ")

PREFIX = re.compile(rf"^(?:{PROJECT}/|{REPOSITORY}/|.*/site-packages/|.*/lib/python[0-9.]+/)")
"""What people need not see of a path."""

SHOWN = 4
"""Threads that are told."""


@dataclass(frozen=True)
class Frame:
    """A line that is being carried out."""

    file: str
    line: int
    function: str

    @property
    def is_projects(self) -> bool:
        """Whether it is the project's own."""
        return self.file.startswith((f"{PROJECT}/", f"{REPOSITORY}/"))

    def as_text(self) -> str:
        """Such as `test_one (tests/test_one.py:12)`."""
        return f"{self.function} ({PREFIX.sub('', self.file)}:{self.line})"


def parse_stacks(text: str) -> list[list[Frame]]:
    """The threads of a dump, each with its newest call first."""
    threads: list[list[Frame]] = []
    for line in text.splitlines():
        if THREAD.match(line):
            threads.append([])
        elif threads and (found := FRAME.match(line)):
            threads[-1].append(Frame(found[1], int(found[2]), found[3]))
    return threads


def tell_stacks(text: str) -> Iterator[str]:
    """Where the project's code is, a line for each thread that is in it: its newest call, and what that has called."""
    found = [thread for thread in parse_stacks(text) if any(frame.is_projects for frame in thread)]
    for thread in found[:SHOWN]:
        own = next(frame for frame in thread if frame.is_projects)
        inner = "" if own is thread[0] else f", and there in {thread[0].as_text()}"
        yield f"at {own.as_text()}{inner}"
    if len(found) > SHOWN:
        yield f"and in {len(found) - SHOWN} more threads"
