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

KEPT, STEP = 16 * 1024 * 1024, 1024 * 1024
"""Bytes of the file that stay, and how many are given back at a time."""

PUNCH_HOLE, KEEP_SIZE = 2, 1
"""Of fallocate (linux/falloc.h)."""

FIELD = re.compile(
    rb"\d{4}-\d\d-\d\d [^\[\n]*\[\d+\] [^@\n]*@.*? "
    rb"(DEBUG\d?|LOG|INFO|NOTICE|WARNING|ERROR|FATAL|PANIC|DETAIL|HINT|QUERY|CONTEXT|LOCATION|STATEMENT):  "
    rb"(statement: |execute |fastpath function call: )?"
)
"""As `log_line_prefix` in images/postgres/postgresql.conf has each field of a message begin."""


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
            *lines, self.rest = (self.rest + data).split(b"\n")
            if wanted := b"".join(line + b"\n" for line in lines if self.wants(line)):
                write(1, wanted)
        if self.position - KEPT - self.freed >= STEP:
            self.free()

    def wants(self, line):
        """Whether a line is part of no statement. The server writes the fields of a message at once."""
        if line.startswith(b"\t"):
            return not self.is_dropping
        field = FIELD.match(line)
        if field is None or field[1] != b"DETAIL":
            self.is_dropping = field is not None and field[1] == b"LOG" and field[2] is not None
        return not self.is_dropping

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
        if self.rest and self.wants(self.rest):
            write(1, self.rest)
