"""Attempts: what is known of each time that a test ran, also of those after which it was tried again. Pure."""

import msgspec


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """One attempt at one test.

    Attributes:
        test: pytest's node id.
        number: 1 for the first attempt.
        verdict: `passed`, `failed`, `error`, `skipped`, `xfailed`, `xpassed`, or `rerun`: failed and was tried again.
        seconds: how long it took.
        error: the error's class and SQLSTATE, such as `psycopg.errors.SerializationFailure [40001]`.
        message: the error in one line.
        text: the traceback.
        worker: xdist's name of the process it ran in, such as `gw0`; `master` without workers.
        groups: the names of the test's groups.
        reason: why it was tried again: `declared` (a setting names the error) or `mark` (the test's own mark).
    """

    test: str
    number: int
    verdict: str
    seconds: float
    error: str = ""
    message: str = ""
    text: str = ""
    worker: str = "master"
    groups: tuple[str, ...] = ()
    reason: str = ""
