"""The first process of every container: it lives only as long as its owner holds standard input open.

    lease.py [COMMAND ...]

With a COMMAND the container ends when the command ends. Without one it waits for its owner's commands, one JSON
object a line on standard input:

    {"do": "run", "argv": [...], "env": {...}, "cwd": "..."}   start a process; its end is reported
    {"do": "signal", "number": 2}                              signal the process and all its descendants' group
    {"do": "ready", "slot": "gw0"}                             make the file READY/gw0, which the pytest plugin awaits

Reports are JSON objects, one a line, on standard error; processes write to standard output, and may write reports
of their own to file descriptor 3. The engine passes the two streams on without their order, so the end of a process
is marked in both. At end-of-file on standard input everything ends at once: the engine closes it
when the owner's connection breaks, however the owner ended. Being process 1, it takes the rest with it.

Runs inside the images only; needs the standard library only.
"""

import contextlib
import json
import os
import selectors
import signal
import subprocess
import sys

READY = os.environ.get("EPHEMERAL_RUNNER_READY", "/run/runner/ready")
REPORTS = 3
END_OF_OUTPUT = b"\x1eephemeral-runner: end of output\x1e\n"


def report(**fields):
    """Write one report line for the owner."""
    os.write(2, (json.dumps(fields) + "\n").encode())


def start(argv, env=None, cwd=None):
    """Start a process in a session of its own; standard output takes both of its streams."""
    return subprocess.Popen(
        argv,
        env={**os.environ, **(env or {})},
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        stderr=subprocess.STDOUT,
        pass_fds=(REPORTS,),
        start_new_session=True,
    )


class Lease:
    """One process at most, and the commands of the owner."""

    def __init__(self, argv):
        self.lasts = not argv
        self.child = None
        if argv:
            try:
                self.child = start(argv)
            except OSError as error:
                print(error, file=sys.stderr)
                sys.exit(127)
        self.buffer = b""

    def obey(self, line):
        """Carry out one command."""
        command = json.loads(line)
        match command["do"]:
            case "run":
                try:
                    self.child = start(command["argv"], command.get("env"), command.get("cwd"))
                except (OSError, ValueError) as error:
                    os.write(1, f"{error}\n".encode() + END_OF_OUTPUT)
                    report(event="process-ended", exit_code=127)
            case "signal" if self.child:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(self.child.pid, command["number"])
            case "ready":
                with contextlib.suppress(OSError):
                    os.close(os.open(f"{READY}/{command['slot']}", os.O_CREAT | os.O_WRONLY))

    def read(self):
        """Take what the owner wrote; end at end-of-file."""
        data = os.read(0, 65536)
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
            os._exit(exit_code)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.child.pid, signal.SIGKILL)
        self.child = None
        os.write(1, END_OF_OUTPUT)
        report(event="process-ended", exit_code=exit_code)


def main():
    """Serve until standard input ends, or the command does."""
    # First of all, while the number is free: processes get it under this number.
    os.dup2(2, REPORTS)
    wake_reader, wake_writer = os.pipe()
    os.set_blocking(wake_writer, False)
    signal.set_wakeup_fd(wake_writer)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.signal(signal.SIGTERM, lambda *_: os._exit(143))
    lease = Lease(sys.argv[1:])
    selector = selectors.DefaultSelector()
    selector.register(0, selectors.EVENT_READ, lease.read)
    selector.register(wake_reader, selectors.EVENT_READ, lambda: (os.read(wake_reader, 4096), lease.reap()))
    while True:
        for key, _ in selector.select():
            key.data()


if __name__ == "__main__":
    main()
