"""The first process of every container: it lives only as long as its owner holds standard input open.

    lease.py [COMMAND ...]

With a COMMAND the container ends when the command ends. Without one it waits for its owner's commands, one JSON
object a line on standard input:

    {"do": "run", "argv": [...], "env": {...}, "cwd": "..."}   start a process; its end is reported
    {"do": "signal", "number": 2}                              signal the process and all its descendants' group
    {"do": "answer", "name": "gw0", "text": ""}                make the file READY/gw0, which the pytest plugin awaits

Reports are JSON objects, one a line, on standard error. Processes write to standard output, and reports of their own
to connections of a Unix socket, from which whole lines are passed on (reports.py). The engine passes the two streams on
without their order, so the end of a process is marked in both. At end-of-file on standard input everything ends at
once: the engine closes it when the owner's connection breaks, however the owner ended. Being process 1, it takes the
rest with it.

Where EPHEMERAL_RUNNER_LOG names a file, what the COMMAND writes there goes to standard output too (relay.py).

Runs inside the images only; needs the standard library only.
"""

import contextlib
import json
import os
import re
import selectors
import signal
import subprocess
import sys

import relay
from reports import CHUNK, Reports, write

READY = os.environ.get("EPHEMERAL_RUNNER_READY", "/run/runner/ready")
END_OF_OUTPUT = b"\x1eephemeral-runner: end of output\x1e\n"
NAME = re.compile(r"(?!\.{1,2}\Z)[A-Za-z0-9_.-]+")


def report(**fields):
    """Write one report line for the owner."""
    write(2, (json.dumps(fields) + "\n").encode())


def start(argv, env=None, cwd=None):
    """Start a process in a session of its own; standard output takes both of its streams."""
    return subprocess.Popen(
        argv,
        env={**os.environ, **(env or {})},
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )


def answer(name, text):
    """Make the file READY/name, whole from its first moment on: whoever awaits it reads it at once."""
    if not NAME.fullmatch(name):
        return
    temporary = f"{READY}/~{name}"  # No answer can have this name.
    with contextlib.suppress(OSError):
        descriptor = os.open(temporary, os.O_CREAT | os.O_WRONLY | os.O_TRUNC)
        write(descriptor, text.encode(errors="replace"))
        os.close(descriptor)
        os.replace(temporary, f"{READY}/{name}")  # noqa: PTH105 -- every container would wait for pathlib's import.


class Lease:
    """One process at most, and the commands of the owner."""

    def __init__(self, argv, selector):
        self.lasts = not argv
        self.child = None
        self.relay = relay.Relays(relay.PATH) if argv and relay.PATH else None
        if argv:
            try:
                self.child = start(argv)
            except OSError as error:
                print(error, file=sys.stderr)
                sys.exit(127)
        else:
            self.reports = Reports(selector)
        self.buffer = b""

    def obey(self, line):
        """Carry out one command."""
        command = json.loads(line)
        match command["do"]:
            case "run":
                try:
                    self.child = start(command["argv"], command.get("env"), command.get("cwd"))
                except (OSError, ValueError) as error:
                    write(1, f"{error}\n".encode() + END_OF_OUTPUT)
                    report(event="process-ended", exit_code=127)
            case "signal" if self.child:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(self.child.pid, command["number"])
            case "answer":
                answer(command["name"], command["text"])

    def read(self):
        """Take what the owner wrote; end at end-of-file."""
        data = os.read(0, CHUNK)
        if not data:
            os._exit(0)
        *lines, self.buffer = (self.buffer + data).split(b"\n")
        for line in lines:
            self.obey(line)

    def reap(self):
        """Collect ended processes: our own child's end is an event, orphans are only collected."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            if self.child and pid == self.child.pid:
                self.end(os.waitstatus_to_exitcode(status))

    def end(self, exit_code):
        """Our own child ended: end with it, or report it and end what it left running in its session.

        A death by signal N is the exit code 128 + N, as shells have it.
        """
        exit_code = exit_code if exit_code >= 0 else 128 - exit_code
        if not self.lasts:
            if self.relay:
                self.relay.drain()
            os._exit(exit_code)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.child.pid, signal.SIGKILL)
        self.child = None
        self.reports.drain()
        write(1, END_OF_OUTPUT)
        report(event="process-ended", exit_code=exit_code)


def main():
    """Serve until standard input ends, or the command does."""
    if os.environ.get("EPHEMERAL_RUNNER_SANDBOX"):
        import keeper

        keeper.begin()
    wake_reader, wake_writer = os.pipe()
    os.set_blocking(wake_writer, False)
    signal.set_wakeup_fd(wake_writer)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.signal(signal.SIGTERM, lambda *_: os._exit(143))
    selector = selectors.DefaultSelector()
    lease = Lease(sys.argv[1:], selector)
    selector.register(0, selectors.EVENT_READ, lease.read)
    selector.register(wake_reader, selectors.EVENT_READ, lambda: (os.read(wake_reader, 4096), lease.reap()))
    while True:
        for key, _ in selector.select(relay.PAUSE if lease.relay else None):
            key.data()
        if lease.relay:
            lease.relay.pass_on()


if __name__ == "__main__":
    main()
