"""One sandbox: namespaces in which a worker has the loopback, the files and the process numbers to itself.

Runs inside the images only; needs the standard library only.
"""

import contextlib
import ctypes
import fcntl
import os
import shutil
import signal
import socket
import struct

from rights import PR_SET_PDEATHSIG, SUITE, become_suite, call, control, drop_capabilities

NEW_MOUNT, NEW_IPC, NEW_PID, NEW_NETWORK = 0x00020000, 0x08000000, 0x20000000, 0x40000000
READ_ONLY, NO_SETUID, NO_DEVICES, NO_PROGRAMS, REMOUNT, BIND, RECURSIVE, PRIVATE = 1, 2, 4, 8, 32, 4096, 16384, 1 << 18
"""linux/sched.h and linux/mount.h."""

GET_FLAGS, SET_FLAGS, UP = 0x8913, 0x8914, 1
"""linux/sockios.h and linux/if.h."""

PLACE = "/run/ephemeral-runner"
"""Root's own folder: the keeper's socket is there, and in a sandbox, while it is made, the files of it."""

PROJECT, RUNNER = "/project", "/run/runner"
OWN = {PROJECT: "0755", "/tmp": "1777", "/var/tmp": "1777", "/dev/shm": "1777", "/home/suite": "0755"}  # noqa: S108
"""Folders that each sandbox has for itself, by their mode."""

HIDDEN = ("kcore", "keys", "latency_stats", "timer_list", "sched_debug", "sysrq-trigger")
"""What engines hide of /proc."""

WAITING = 128


def leave():
    """Enter new namespaces; that of process numbers is for the children."""
    call("unshare", NEW_MOUNT | NEW_IPC | NEW_PID | NEW_NETWORK)
    with socket.socket() as any_socket:
        flags = struct.unpack("16sH22x", fcntl.ioctl(any_socket, GET_FLAGS, struct.pack("16sH22x", b"lo", 0)))[1]
        fcntl.ioctl(any_socket, SET_FLAGS, struct.pack("16sH22x", b"lo", flags | UP))


def listen(port):
    """Sockets that listen on the loopback, which is a new one; with IPv6 where there is any."""
    found = []
    for family, host in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
        with contextlib.suppress(OSError):
            found.append(socket.create_server((host, port), family=family, backlog=WAITING))
    return found


def mount(source, target, kind=None, flags=0, options=None):
    """Mount a file system; an error names the place."""
    texts = [None if each is None else each.encode() for each in (source, target, kind)]
    try:
        call("mount", *texts, ctypes.c_ulong(flags), None if options is None else options.encode())
    except OSError as error:
        raise OSError(error.errno, error.strerror, target) from None


def bind(source, target, flags=0):
    """Let a place be another's."""
    mount(source, target, flags=BIND | RECURSIVE)
    if flags:
        mount(None, target, flags=BIND | REMOUNT | NO_SETUID | NO_DEVICES | flags)


def furnish(name):
    """Give the sandbox its own files; what the runner reads and writes stays where all see it."""
    mount(None, "/", flags=RECURSIVE | PRIVATE)
    mount("tmpfs", PLACE, "tmpfs", NO_SETUID | NO_DEVICES, "mode=0755")
    for number, (target, mode) in enumerate(OWN.items()):
        folder = f"{PLACE}/{number}"
        os.mkdir(folder)  # noqa: PTH102 -- pathlib takes longer to import than all of this.
        mount("tmpfs", folder, "tmpfs", NO_SETUID | NO_DEVICES, f"mode={mode},uid={SUITE},gid={SUITE}")
        if target == PROJECT:
            run_as_suite(lambda folder=folder: copy(folder, name))
    for number, target in enumerate(OWN):
        if os.path.isdir(target):  # noqa: PTH112
            bind(f"{PLACE}/{number}", target)
    furnish_runner(name)
    mount("proc", "/proc", "proc", NO_SETUID | NO_DEVICES | NO_PROGRAMS)
    for each in HIDDEN:
        with contextlib.suppress(FileNotFoundError):
            bind("/dev/null", f"/proc/{each}")
    mount("tmpfs", PLACE, "tmpfs", READ_ONLY, "mode=0755")


def probe():
    """Try what makes a sandbox; raises OSError with the reason why there can be none."""
    leave()
    child = os.fork()
    if child == 0:
        code = 0
        try:
            mount(None, "/", flags=RECURSIVE | PRIVATE)
            mount("tmpfs", PLACE, "tmpfs", NO_SETUID | NO_DEVICES, "mode=0755")
            mount("proc", "/proc", "proc", NO_SETUID | NO_DEVICES | NO_PROGRAMS)
        except OSError as error:
            code = error.errno
        os._exit(code)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if code:
        raise OSError(code, os.strerror(code), "mount")


def furnish_runner(name):
    """Of the folders where suite and runner meet, leave the sandbox its own, and what all may read."""
    place = f"{PLACE}/runner"
    os.mkdir(place)  # noqa: PTH102
    mount("tmpfs", place, "tmpfs", NO_SETUID | NO_DEVICES, f"mode=0755,uid={SUITE},gid={SUITE}")
    run_as_suite(lambda: make_places(place, name))
    for each in ("ready", "files"):
        bind(f"{RUNNER}/{each}", f"{place}/{each}", READ_ONLY)
    for each in ("reports.sock", f"workers/{name}", "workers/coverage"):
        bind(f"{RUNNER}/{each}", f"{place}/{each}")
    bind(place, RUNNER)


def copy(target, name):
    """Copy the work tree, as the suite's user: whoever wrote to it may have put links there."""
    shutil.copytree(PROJECT, target, symlinks=True, dirs_exist_ok=True, copy_function=copy_file)
    for each in (name, "coverage"):
        os.makedirs(f"{RUNNER}/workers/{each}", 0o700, exist_ok=True)  # noqa: PTH103


def copy_file(source, target):
    """Copy a file with its times; whoever writes to it may do so."""
    shutil.copy2(source, target)
    allow(target)


def allow(path):
    """Let the owner of a file write to it."""
    if not os.path.islink(path):  # noqa: PTH114
        os.chmod(path, os.stat(path).st_mode | 0o200)  # noqa: PTH101, PTH116


def make_places(place, name):
    """Make what is mounted over."""
    for each in ("ready", "files", "results", f"workers/{name}", "workers/coverage"):
        os.makedirs(f"{place}/{each}")  # noqa: PTH103
    os.close(os.open(f"{place}/reports.sock", os.O_CREAT | os.O_WRONLY))


def run_as_suite(act):
    """Do something in a process that has no rights; raises OSError where it failed."""
    child = os.fork()
    if child == 0:
        try:
            become_suite()
            act()
        except BaseException as error:  # noqa: BLE001 -- a child that was forked must not go on as its parent
            os.write(2, f"ephemeral-runner: {error}\n".encode())
            os._exit(1)
        os._exit(0)
    if os.waitpid(child, 0)[1]:
        raise OSError(0, "the work tree cannot be copied", PROJECT)


def inhabit(name, argv, environment, folder, streams):
    """Be process 1 of the sandbox: make its files, start the program without any rights, and end when it does."""
    control(PR_SET_PDEATHSIG, signal.SIGKILL)
    furnish(name)
    child = os.fork()
    if child == 0:
        try:
            start(argv, environment, folder, streams)
        except BaseException as error:  # noqa: BLE001 -- as above
            os.write(2, f"ephemeral-runner: {error}\n".encode())
        os._exit(127)
    for each in streams:
        os.close(each)
    drop_capabilities()
    while True:
        pid, status = os.wait()
        if pid == child:
            code = os.waitstatus_to_exitcode(status)
            os._exit(code if code >= 0 else 128 - code)


def start(argv, environment, folder, streams):
    """Become the program."""
    os.setsid()
    for number, each in enumerate(streams):
        os.dup2(each, number)
    os.closerange(3, 1024)
    os.chdir(folder)
    become_suite()
    os.execvpe(argv[0], argv, environment)  # noqa: S606 -- it is the suite's own program.
