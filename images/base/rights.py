"""What a process gives up before it runs a suite's code, and Linux's calls for that and for namespaces.

Runs inside the images only; needs the standard library only.
"""

import ctypes
import os
import struct

LIBC = ctypes.CDLL(None, use_errno=True)

SUITE = 1000
"""The suite's user and group; images/suite makes them."""

PR_SET_PDEATHSIG, PR_SET_SECCOMP, PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS, PR_CAP_AMBIENT = 1, 22, 24, 38, 47
CLEAR_ALL, FILTER = 4, 2
CAPABILITY_VERSION, CAPABILITIES = 0x20080522, 41
"""linux/capability.h; the kernel refuses numbers that it does not know yet."""

ERRNO, ALLOW, EPERM, ENOSYS = 0x00050000, 0x7FFF0000, 1, 38
"""linux/seccomp.h."""

LOAD, EQUAL, SET, AT_LEAST, RETURN = 0x20, 0x15, 0x45, 0x35, 0x06
"""linux/bpf_common.h: of a word, with a constant."""

NUMBER, ARCHITECTURE, FIRST_ARGUMENT = 0, 4, 16
"""Offsets in `struct seccomp_data`."""

NEW_NAMESPACES = 0x7E020000
"""All flags of clone that make a namespace (linux/sched.h)."""

OTHER_ABI = 0x40000000
"""Numbers of the x32 calls begin here."""

CLONE3 = 435
NEW_MOUNTS = (428, 429, 430, 431, 432, 433, 442)
"""open_tree, move_mount, fsopen, fsconfig, fsmount, fspick, mount_setattr: the same everywhere."""

CALLS = {
    # mount, umount2, pivot_root, unshare, setns, sethostname, setdomainname,
    # bpf, perf_event_open, fanotify_init, syslog
    "x86_64": (0xC000003E, 56, (165, 166, 155, 272, 308, 170, 171, 321, 298, 300, 103)),
    "aarch64": (0xC00000B7, 220, (40, 39, 41, 97, 268, 161, 162, 280, 241, 262, 116)),
}
"""The kernel's name of an architecture, its number of clone, and of the calls that the engine allows nobody without
CAP_SYS_ADMIN (moby's default profile); with it the engine allows them to every process of the container."""


def call(name, *arguments):
    """Call a function of the C library; raises OSError with its name."""
    if getattr(LIBC, name)(*arguments) == -1:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), name)


def control(option, *arguments):
    """Call prctl, whose arguments are all as long as a pointer."""
    padded = [*arguments, 0, 0, 0, 0][:4]
    call("prctl", option, *(ctypes.c_ulong(each) for each in padded))


def empty_bounding_set():
    """Let no program bring a capability back; whoever has no right to that any more has done it before."""
    for number in range(CAPABILITIES):
        try:
            control(PR_CAPBSET_DROP, number)
        except OSError:
            break


def drop_capabilities():
    """Give up all capabilities, for good: those in force, and those that a program might bring back."""
    empty_bounding_set()
    control(PR_CAP_AMBIENT, CLEAR_ALL)
    nothing = ctypes.create_string_buffer(24)
    call("capset", struct.pack("=Ii", CAPABILITY_VERSION, 0), nothing)
    control(PR_SET_NO_NEW_PRIVS, 1)


def become_suite():
    """Become the suite's user with no more rights than the suite has in any other container."""
    empty_bounding_set()
    os.setgroups([])
    os.setresgid(SUITE, SUITE, SUITE)
    os.setresuid(SUITE, SUITE, SUITE)
    drop_capabilities()
    filter_calls()


def filter_calls():
    """Refuse the system calls that the engine refuses to a container without our capabilities."""
    architecture, clone, refused = CALLS[os.uname().machine]
    steps = [(LOAD, 0, 0, ARCHITECTURE), (EQUAL, 1, 0, architecture), refuse(EPERM), (LOAD, 0, 0, NUMBER)]
    steps += [(AT_LEAST, 0, 1, OTHER_ABI), refuse(EPERM)]
    for number in (*refused, *NEW_MOUNTS):
        steps += [(EQUAL, 0, 1, number), refuse(EPERM)]
    steps += [(EQUAL, 0, 1, CLONE3), refuse(ENOSYS)]  # Its flags are in memory; the C library then takes clone.
    steps += [(EQUAL, 0, 3, clone), (LOAD, 0, 0, FIRST_ARGUMENT), (SET, 0, 1, NEW_NAMESPACES), refuse(EPERM)]
    steps += [(RETURN, 0, 0, ALLOW)]
    code = b"".join(struct.pack("=HBBI", *each) for each in steps)
    text = ctypes.create_string_buffer(code, len(code))
    program = struct.pack("@HP", len(steps), ctypes.addressof(text))
    whole = ctypes.create_string_buffer(program, len(program))
    control(PR_SET_SECCOMP, FILTER, ctypes.addressof(whole))


def refuse(number):
    """The step that refuses a call with an error."""
    return (RETURN, 0, 0, ERRNO | number)
