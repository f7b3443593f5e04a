"""Which failure of a test is transient: decided by the exception, its class and its SQLSTATE. Pure."""

from __future__ import annotations

import builtins
import re
import sys
from collections.abc import Callable, Collection, Iterator
from typing import Any

import pytest

GROUPS: Any = getattr(builtins, "BaseExceptionGroup", ())
"""The class of groups of exceptions, which Python 3.11 brought."""

CONNECTION_WORDS = (
    (r"too many clients|remaining connection slots", "53300"),
    (r"is (starting up|shutting down)|in recovery mode", "57P03"),
    (r"terminating connection due to administrator", "57P01"),
    (r"connection refused|timeout expired|reset by peer|server closed the connection|the connection is lost", "08006"),
    (r"could not (connect|receive data|send data)|EOF detected", "08006"),
)
"""libpq's words for failures on the way to the server: psycopg gives them no SQLSTATE."""


def find_transient(error: BaseException, declared: Collection[str]) -> str:
    """The declared name that makes an error transient, or empty.

    An exception counts by its explicit cause, as those of object-relational mappers must; one that was only being
    handled at the time does not. Of a group, each member must be transient. A failed assertion never is.

    Args:
        error: what a test raised.
        declared: full names of classes, and SQLSTATEs or their classes.
    """
    if any(map(is_assertion, list_contexts(error))):
        # Such as that of a test whose `finally` closes a connection that is lost.
        return ""
    found = ""
    for each in list_causes(error):
        if is_assertion(each):
            return ""
        if isinstance(each, GROUPS):
            names = [find_transient(member, declared) for member in each.exceptions]
            return names[0] if all(names) else ""
        found = found or find_match(each, declared)
    return found


def list_causes(error: BaseException) -> Iterator[BaseException]:
    """The error and what it was explicitly raised from; SQLAlchemy keeps the driver's error in `orig`."""

    def find_cause(each: BaseException) -> BaseException | None:
        original = getattr(each, "orig", None)
        return original if isinstance(original, BaseException) else each.__cause__

    return follow(error, find_cause)


def list_contexts(error: BaseException) -> Iterator[BaseException]:
    """The error and what was being handled when it was raised, as a traceback shows it."""
    return follow(error, lambda each: each.__cause__ or (None if each.__suppress_context__ else each.__context__))


def follow(error: BaseException, step: Callable[[BaseException], BaseException | None]) -> Iterator[BaseException]:
    """An error and where the steps from it lead, once around where they lead in a circle."""
    seen: set[int] = set()
    each: BaseException | None = error
    while each is not None and id(each) not in seen:
        seen.add(id(each))
        yield each
        each = step(each)


def is_assertion(error: BaseException) -> bool:
    """Whether an error is a failed assertion, or `pytest.fail`."""
    return isinstance(error, (AssertionError, pytest.fail.Exception))


def find_match(error: BaseException, declared: Collection[str]) -> str:
    """The declared name that fits this very error, whatever its causes."""
    if state := find_sqlstate(error):
        for name in (state, state[:2]):
            if name in declared:
                return name
    for name in declared:
        module, _, attribute = name.rpartition(".")
        kind = getattr(sys.modules.get(module), attribute, None) if module else None
        if isinstance(kind, type) and isinstance(error, kind):
            return name
    return ""


def find_sqlstate(error: BaseException) -> str:
    """The five characters that Postgres gave the error, from psycopg, psycopg2, asyncpg or pg8000; empty for none."""
    for attribute in ("sqlstate", "pgcode"):
        if isinstance(state := getattr(error, attribute, None), str):
            return state
    if error.args and isinstance(error.args[0], dict):
        return str(error.args[0].get("C", ""))
    if find_name(type(error)) in {"psycopg.OperationalError", "psycopg2.OperationalError"}:
        return next((state for words, state in CONNECTION_WORDS if re.search(words, str(error), re.IGNORECASE)), "")
    return ""


def find_name(kind: type) -> str:
    """The full name of a class."""
    return f"{kind.__module__}.{kind.__qualname__}"


def describe(error: BaseException) -> str:
    """The class of an error, and the SQLSTATE of the first cause that has one."""
    state = next(filter(None, map(find_sqlstate, list_causes(error))), "")
    return find_name(type(error)).removeprefix("builtins.") + (f" [{state}]" if state else "")
