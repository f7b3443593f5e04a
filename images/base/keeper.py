"""Makes sandboxes for xdist's workers, and nothing else: the one process of a suite's container that keeps its rights.

Process 1 (lease.py) forks it before it gives up its own. Whoever belongs to the suite's user may ask for a sandbox
(enter.py) and gets a process in it that has no rights at all. The request is a line of JSON with three open streams:

    {"name": "gw0", "argv": [...], "environment": {...}, "folder": "/project", "ports": [...]}

Each of the ports leads to the same port outside of the sandbox, where a plugin of the controller may listen.

The answer, a line of JSON as well, comes when the process has ended: {"code": 0}, or {"error": "..."}. When the asking
process ends before that, the sandbox ends with all that is in it.

Environment: EPHEMERAL_RUNNER_SANDBOX, the port of Postgres in every sandbox; the server of the worker gw0 listens at
the next port outside of it, that of gw1 at the one after that.

Runs inside the images only; needs the standard library only.
"""

import contextlib
import json
import os
import re
import select
import signal
import socket
import struct

from forwarding import forward
from rights import SUITE, become_suite, drop_capabilities
from sandbox import PLACE, PROJECT, allow, inhabit, leave, listen, probe

PATH = f"{PLACE}/keeper.sock"
NAME = re.compile(r"gw(\d{1,6})")
LONGEST = 4 * 1024 * 1024
"""Bytes of a request: the environment and the command line of a process have less."""

WAITING = 128
MOST = 8
"""Ports that lead out of one sandbox beside Postgres's."""


def begin():
    """Fork the keeper, and give this process's rights up."""
    os.mkdir(PLACE)  # noqa: PTH102 -- every container would wait for pathlib's import.
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(PATH)
    os.chmod(PATH, 0o666)  # noqa: PTH101, S103 -- `serve` looks who asks.
    listener.listen(WAITING)
    # From the bottom up: what is the suite's already, root may not change without more rights.
    for folder, folders, files in os.walk(PROJECT, topdown=False):
        for each in (*folders, *files):
            give(f"{folder}/{each}")
    give(PROJECT)
    if os.fork() == 0:
        try:
            keep(listener)
        finally:
            os._exit(70)
    listener.close()
    become_suite()
    os.environ["HOME"] = "/home/suite"


def give(path):
    """Let the suite's user write to a file of the work tree, which is this container's own, where it may not yet."""
    # Of what is another's, root changes nothing without more rights.
    if os.lstat(path).st_uid != SUITE:
        allow(path)
        os.lchown(path, SUITE, SUITE)


def keep(listener):
    """Make a sandbox for each who asks."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # Nobody waits for their ends.
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)  # The owner's connection is process 1's alone.
    os.dup2(null, 1)
    report_probe()
    while True:
        connection, _ = listener.accept()
        if os.fork() == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            listener.close()
            try:
                serve(connection)
            except (OSError, ValueError, KeyError, TypeError) as error:
                answer(connection, error=describe(error))
            finally:
                os._exit(0)
        connection.close()


def report_probe():
    """Tell the owner at once when no sandbox can be made here."""
    if os.fork() == 0:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        try:
            probe()
        except OSError as error:
            report = {"event": "sandbox-refused", "cause": describe(error)}
            os.write(2, (json.dumps(report) + "\n").encode())
        finally:
            os._exit(0)


def serve(connection):
    """Make one sandbox, and wait until it or the asking process ends."""
    _, user, _ = struct.unpack("3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
    request, streams = read(connection)
    number = NAME.fullmatch(request["name"])
    if user != SUITE or number is None or len(streams) != 3:
        raise ValueError("this is no request of a worker")
    first = int(os.environ["EPHEMERAL_RUNNER_SANDBOX"])
    ports = {first: first + 1 + int(number[1]), **{each: each for each in request["ports"][:MOST]}}
    control = start_forwarder([connection.fileno(), *streams])
    leave()
    listeners = [(each, target) for port, target in ports.items() for each in listen(port)]
    targets = json.dumps([target for _, target in listeners]).encode()
    socket.send_fds(control, [targets], [each.fileno() for each, _ in listeners])
    alive, held = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(alive)
        for each in (control, *(each for each, _ in listeners)):
            each.close()
        try:
            inhabit(request["name"], request["argv"], request["environment"], request["folder"], streams)
        except OSError as error:
            answer(connection, error=describe(error))
        finally:
            os._exit(1)
    for each in (held, *streams):
        os.close(each)
    drop_capabilities()
    wait(connection, alive, child)


def wait(connection, alive, child):
    """Wait for the end of the sandbox's process 1, which takes all others with it."""
    ready, _, _ = select.select([connection, alive], [], [])
    if alive not in ready:
        os.kill(child, signal.SIGKILL)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    answer(connection, code=code)


def start_forwarder(unwanted):
    """A process without rights, outside the sandbox, for `forward`; it ends when the returned socket closes."""
    ours, theirs = socket.socketpair()
    if os.fork() == 0:
        ours.close()
        for each in unwanted:
            os.close(each)
        try:
            become_suite()
            forward(theirs)
        finally:
            os._exit(1)
    theirs.close()
    return ours


def read(connection):
    """A request, and the streams that came with it."""
    text, streams = b"", []
    while not text.endswith(b"\n"):
        data, found, _, _ = socket.recv_fds(connection, 65536, 3)
        streams += found
        text += data
        if not data or len(text) > LONGEST:
            raise ValueError("the request is not whole")
    return json.loads(text), streams


def answer(connection, **fields):
    """Tell the asking process; one that is gone misses nothing."""
    with contextlib.suppress(OSError):
        connection.sendall((json.dumps(fields) + "\n").encode())


def describe(error):
    """An error in words, with the place where it happened."""
    place = f"{error.filename}: " if getattr(error, "filename", None) else ""
    return f"{place}{getattr(error, 'strerror', None) or error}"
