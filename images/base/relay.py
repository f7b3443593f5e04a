"""Passes the server's log on to standard output without the statements in it, which stay in the file (lease.py).

Each statement of each test is a line of the file, so that the runner finds those of a failed test there
(docs/decisions/0014-kept-failures.md). Nothing is notified: to look from time to time costs the server nothing.

Runs inside the images only; needs the standard library only.
"""

import os
import re

from reports import CHUNK, write

PATH = os.environ.get("EPHEMERAL_RUNNER_LOG", "")
PAUSE = 0.02
"""Seconds between two looks at the file."""

PAUSES = 10
"""Looks at the files between two looks for new ones."""

KEPT, STEP = 16 * 1024 * 1024, 1024 * 1024
"""Bytes of the file that stay, and how many are given back at a time."""

PUNCH_HOLE, KEEP_SIZE = 2, 1
"""Of fallocate (linux/falloc.h)."""

PREFIX = rb"\d{4}-\d\d-\d\d [\d:.]+ \S+ \[\d+\] [^@\n]*@[^\n:]* "
"""As `log_line_prefix` in images/postgres/postgresql.conf begins each field of a message. Where a connection's name has
a colon, its statements are passed on: a line too many harms nobody."""

REST = rb"(?:\t[^\n]*\n|" + PREFIX + rb"DETAIL:  [^\n]*\n)*"
STATEMENT = re.compile(PREFIX + rb"LOG:  (?:statement: |execute |fastpath )[^\n]*\n" + REST, re.MULTILINE)
MORE = re.compile(REST)
"""The rest of a statement: the server writes the fields of a message at once, but we may come in the middle."""


class Relay:
    """The file and how far it was read."""

    def __init__(self, path):
        self.descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self.rest = b""
        self.position = self.freed = 0
        self.is_dropping = False

    def pass_on(self):
        """Pass on the lines that are new and whole."""
        while data := os.pread(self.descriptor, CHUNK, self.position):
            self.position += len(data)
            lines, end, rest = data.rpartition(b"\n")
            if end:
                write(1, self.filter(self.rest + lines + end))
                self.rest = rest
            else:
                self.rest += rest
        if self.position - KEPT - self.freed >= STEP:
            self.free()

    def filter(self, lines):
        """Whole lines without those of statements."""
        start = MORE.match(lines).end() if self.is_dropping else 0
        kept = []
        for found in STATEMENT.finditer(lines, start):
            kept.append(lines[start : found.start()])
            start = found.end()
        self.is_dropping = start == len(lines)
        return b"".join(kept) + lines[start:]

    def free(self):
        """Give the memory of the oldest lines back; the others keep their places in the file."""
        import ctypes

        size = (self.position - KEPT - self.freed) // STEP * STEP
        punch = ctypes.CDLL(None).fallocate64
        punch.argtypes = [ctypes.c_int, ctypes.c_int, ctypes.c_int64, ctypes.c_int64]
        # Where the file system cannot, the file grows.
        punch(self.descriptor, PUNCH_HOLE | KEEP_SIZE, self.freed, size)
        self.freed += size

    def drain(self):
        """Pass on all there is, the last line also where it is not whole."""
        self.pass_on()
        write(1, self.rest)


class Relays:
    """The server's file, and those of more servers, which appear in folders beside it (images/postgres/servers.sh)."""

    def __init__(self, path):
        self.folder, self.name = os.path.split(path)
        self.all = {path: Relay(path)}
        self.calls = 0

    def pass_on(self):
        """Pass on the lines that are new and whole, of each."""
        if self.calls % PAUSES == 0:
            self.find()
        self.calls += 1
        for each in self.all.values():
            each.pass_on()

    def find(self):
        """Look for files that are new."""
        for folder in os.scandir(self.folder):
            path = f"{folder.path}/{self.name}"
            if path not in self.all and os.path.exists(path):  # noqa: PTH110 -- as in lease.py
                self.all[path] = Relay(path)

    def drain(self):
        """Pass on all there is."""
        self.find()
        for each in self.all.values():
            each.drain()
