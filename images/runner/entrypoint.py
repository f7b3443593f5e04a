"""The first process of the runner's own container: the runner as the user whose project it is, ended with its caller.

    entrypoint.py [ARGS ...]    runs `runner ARGS` in the current folder
    entrypoint.py --hold        reads standard input to its end, then asks the first process to end

The runner becomes the owner of the project's folder, as seen in here, with the group of the engine's socket: results
belong to the caller. A rootless engine shows the caller's files as root's, so it stays root there.

An engine goes on with a container whose terminal is gone. So run.sh keeps `--hold` open through a second connection,
which ends with it however it ended. Signals are passed on to the runner, and those that come together count as one:
Ctrl-C on a terminal's process group reaches us from more than one side.

Runs inside the image only; needs the standard library only.
"""

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

HOME = "/tmp/home"  # noqa: S108 -- the container's own
SOCKET = "/var/run/docker.sock"
TOGETHER = 0.5
"""Seconds within which signals count as one."""

ORDERLY, LAST = 20.0, 5.0
"""Seconds that the runner has to end after its caller went, and that processes beside it have after that."""

RELAYED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
BROKEN_OFF = signal.SIGUSR1
"""What `--hold` sends."""

AWAITED = {*RELAYED, BROKEN_OFF, signal.SIGCHLD}


def become_owner(folder, socket):
    """Give up root for the owner of a folder, keeping access to the socket."""
    owner = folder.stat()
    if owner.st_uid == 0:
        return
    groups = []
    with contextlib.suppress(OSError):
        groups = [Path(socket).stat().st_gid]
    os.setgroups(groups)
    os.setgid(owner.st_gid)
    os.setuid(owner.st_uid)


def find_socket():
    """Where the engine's socket is, if it is one."""
    return os.environ.get("DOCKER_HOST", f"unix://{SOCKET}").removeprefix("unix://")


class Relay:
    """One process, and the signals that are passed on to it."""

    def __init__(self, argv):
        """Start the process in a group of its own, which is the terminal's, where there is one."""
        self.last, self.due = 0.0, []
        # Signals wait until they are asked for: none comes between a look and the next.
        signal.pthread_sigmask(signal.SIG_BLOCK, AWAITED)
        self.child = subprocess.Popen(
            argv,
            process_group=0,
            preexec_fn=lambda: signal.pthread_sigmask(signal.SIG_UNBLOCK, AWAITED),  # noqa: PLW1509 -- one thread
        )
        if os.isatty(0):
            signal.signal(signal.SIGTTOU, signal.SIG_IGN)
            with contextlib.suppress(OSError):
                os.tcsetpgrp(0, self.child.pid)

    def run(self):
        """Pass signals on until the process has ended; its exit code."""
        while True:
            left = max(self.due[0][0] - time.monotonic(), 0) if self.due else None
            taken = signal.sigwaitinfo(AWAITED) if left is None else signal.sigtimedwait(AWAITED, left)
            if taken is None:
                self.send(self.due.pop(0)[1])
            elif taken.si_signo != signal.SIGCHLD:
                self.take(taken.si_signo)
            elif (code := self.collect()) is not None:
                return code

    def take(self, number):
        """Pass a signal on, unless it comes together with another."""
        now = time.monotonic()
        together = now - self.last < TOGETHER
        if number == BROKEN_OFF:
            # What broke off may have been a signal, which then comes here too.
            asked = [] if together else [(now + TOGETHER, signal.SIGTERM)]
            self.due = [*asked, (now + ORDERLY, signal.SIGKILL)]
            return
        self.last = now
        self.due = [each for each in self.due if each[1] != signal.SIGTERM]
        if not together:
            self.send(number)

    def send(self, number):
        """Signal the process."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.child.pid, number)

    def collect(self):
        """Collect what has ended, orphans too; the exit code of the process, if it has."""
        code = None
        with contextlib.suppress(ChildProcessError):
            while (ended := os.waitpid(-1, os.WNOHANG))[0]:
                if ended[0] == self.child.pid:
                    code = os.waitstatus_to_exitcode(ended[1])
        return code


def wait_for_others():
    """Let the runner's watchdog finish what a killed runner could not."""
    deadline = time.monotonic() + LAST
    with contextlib.suppress(ChildProcessError):
        while time.monotonic() < deadline:
            if os.waitpid(-1, os.WNOHANG)[0] == 0:
                time.sleep(0.05)


def hold():
    """End the first process when standard input ends."""
    while os.read(0, 4096):
        pass
    os.kill(1, BROKEN_OFF)


def main():
    """Run the runner."""
    if sys.argv[1:] == ["--hold"]:
        hold()
        return
    become_owner(Path.cwd(), find_socket())
    Path(HOME).mkdir(exist_ok=True)
    # Its own name if run.sh gave it one, else the digits of its id that an engine makes a host name of.
    os.environ.setdefault("EPHEMERAL_RUNNER_LAUNCHER", os.uname().nodename)
    os.environ["HOME"] = HOME
    code = Relay(["/opt/ephemeral-runner/venv/bin/python", "-m", "runner", *sys.argv[1:]]).run()
    if code < 0:
        wait_for_others()
    os._exit(code if code >= 0 else 128 - code)


if __name__ == "__main__":
    main()
