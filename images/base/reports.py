"""The socket on which the processes of a suite report, for the lease (lease.py) to pass on to its owner.

Runs inside the images only; needs the standard library only.
"""

import os
import selectors
import socket

PATH = os.environ.get("EPHEMERAL_RUNNER_REPORTS", "/run/runner/reports.sock")
LONGEST_LINE = 1024 * 1024
"""Bytes of a report; a connection that sends more without a line break is dropped."""

CHUNK = 64 * 1024
WAITING = 128
"""Connections that may wait to be accepted."""


def write(descriptor, data):
    """Write all of it: a signal may cut a single write short."""
    while data:
        data = data[os.write(descriptor, data) :]


class Reports:
    """The socket on which processes report, and its open connections with what each has sent of an unfinished line."""

    def __init__(self, selector):
        self.selector = selector
        self.unfinished = {}
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(PATH)
        self.listener.listen(WAITING)
        self.listener.setblocking(False)
        selector.register(self.listener, selectors.EVENT_READ, self.accept)

    def accept(self):
        """Take a connection; whether there was one."""
        try:
            connection, _ = self.listener.accept()
        except OSError:
            return False
        connection.setblocking(False)
        self.unfinished[connection] = bytearray()
        self.selector.register(connection, selectors.EVENT_READ, lambda: self.read(connection))
        return True

    def read(self, connection):
        """Pass on the lines that a connection's next bytes complete; how many bytes there were."""
        try:
            data = connection.recv(CHUNK)
        except BlockingIOError:
            return 0
        except OSError:
            data = b""
        line = self.unfinished.get(connection)
        if line is None:
            return 0
        end = data.rfind(b"\n") + 1
        if end:
            write(2, line + data[:end])
            line.clear()
        line += data[end:]
        if not data or len(line) > LONGEST_LINE:
            self.drop(connection)
        return len(data)

    def drop(self, connection):
        """Close a connection; an unfinished line is lost."""
        del self.unfinished[connection]
        self.selector.unregister(connection)
        connection.close()

    def drain(self):
        """Pass on what is there already, without waiting for more: connections may stay open in orphans."""
        for _ in range(WAITING):
            if not self.accept():
                break
        for connection in list(self.unfinished):
            # What a socket holds is less than this. An orphan that never stops writing must not hold up the rest.
            for _ in range(LONGEST_LINE // CHUNK):
                if not self.read(connection):
                    break
