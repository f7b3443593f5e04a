"""`retry`: try a call again after an error that may pass by itself; for the tests and fixtures of a suite.

It stands alone (standard library only, Python 3.9 and later), since the suite image holds a copy of this file.
"""

from __future__ import annotations

import functools
import inspect
import logging
import math
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from random import SystemRandom
from time import monotonic, sleep
from typing import TYPE_CHECKING, Any, TypeVar, cast, overload

if TYPE_CHECKING:
    # Python 3.9 has no ParamSpec, and no `|` for types.
    from typing import ParamSpec

    P = ParamSpec("P")
    On = type[Exception] | tuple[type[Exception], ...] | Callable[[Exception], bool]
T = TypeVar("T")

PASSING_ERRORS = (ConnectionError, TimeoutError)
"""What is tried again by default."""

LONGEST = 86_400.0
"""Seconds that one delay lasts at most; a delay that grows for ever would end as a number that no clock takes."""

logger = logging.getLogger("runner.retry")
draw = SystemRandom().random  # A test's own seed of `random` is left alone.


@dataclass(frozen=True)
class Policy:
    """When a call is tried again, and after which delays; the arguments of `retry`."""

    retries: int
    delay: float
    backoff: float
    on: On
    jitter: float
    limit: float | None

    def __post_init__(self) -> None:
        if isinstance(self.retries, bool) or not isinstance(self.retries, int):
            raise TypeError(f"retries must be a whole number, not {self.retries!r}")
        for name, least in {"retries": 0, "delay": 0, "backoff": 1, "jitter": 0, "limit": 0}.items():
            if name != "limit" or self.limit is not None:
                check_number(name, getattr(self, name), least)
        if self.jitter > 1:
            raise ValueError(f"jitter must be at most 1, the whole delay, not {self.jitter!r}")
        check_on(self.on)

    def delays(self) -> Iterator[float]:
        """The seconds before each retry, in order; the k-th is `delay * backoff ** (k - 1)`, give or take jitter."""
        base = self.delay
        for _ in range(self.retries):
            yield min(base * (1 + self.jitter * (2 * draw() - 1)), LONGEST)
            base = min(base * self.backoff, LONGEST)

    def covers(self, error: Exception) -> bool:
        """Whether `on` names the error."""
        return isinstance(error, self.on) if isinstance(self.on, (type, tuple)) else self.on(error)


def check_number(name: str, value: object, least: int) -> None:
    """Refuse what is no finite number from `least` on; raises TypeError or ValueError."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError(f"{name} must be a number, not {value!r}")
    if not math.isfinite(value) or value < least:
        raise ValueError(f"{name} must be a finite number of at least {least}, not {value!r}")


def check_on(on: object) -> None:
    """Refuse what says nothing about errors, and classes whose errors end a test run; raises TypeError."""
    if not isinstance(on, (type, tuple)):
        if not callable(on):
            raise TypeError(f"on must be an exception class, a tuple of them or a predicate, not {on!r}")
        return
    for each in on if isinstance(on, tuple) else (on,):
        if not (isinstance(each, type) and issubclass(each, Exception)):
            raise TypeError(f"on must name subclasses of Exception, not {each!r}")


class Course:
    """One call under a policy, from its first attempt to its last."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._delays = policy.delays()
        self._began = monotonic()
        self._attempts = 0

    def fail(self, error: Exception) -> float | None:
        """Take note of a failed attempt: the seconds to wait before the next one, or None where there is none."""
        self._attempts += 1
        passed = monotonic() - self._began
        delay, verdict = self._choose(error, passed)
        which, name = f"{self._attempts} of {self._policy.retries + 1}", type(error).__name__
        logger.warning("attempt %s failed: %s: %s; %s", which, name, error, verdict)
        if delay is None:
            plural = "" if self._attempts == 1 else "s"
            error.add_note(f"retry: {self._attempts} attempt{plural} in {passed:.2f} s; {verdict}")
        return delay

    def _choose(self, error: Exception, passed: float) -> tuple[float | None, str]:
        limit = self._policy.limit
        if not self._policy.covers(error):
            return None, "`on` does not name this error"
        if (delay := next(self._delays, None)) is None:
            return None, "no retry left"
        if limit is not None and passed + delay > limit:
            return None, f"the next would begin after the limit of {limit:g} s"
        return delay, f"next in {delay:.2f} s"


def run(fn: Callable[[], T], course: Course) -> T:
    """Call until an attempt succeeds or the course is at its end, which raises the last error."""
    while True:
        try:
            value = fn()
        except Exception as error:
            if (delay := course.fail(error)) is None:
                raise
        else:
            # A lambda around a coroutine function says only now what it is.
            return cast(T, run_async(fn, course, value)) if inspect.iscoroutine(value) else value
        sleep(delay)


async def run_async(fn: Callable[[], Any], course: Course, begun: Awaitable[Any] | None = None) -> Any:
    """`run` for a coroutine function; `begun` is its first attempt where somebody called it already."""
    # Whoever awaits has imported it; the others need not wait for it.
    import asyncio

    while True:
        try:
            return await (begun or fn())
        except Exception as error:
            if (delay := course.fail(error)) is None:
                raise
            begun = None
        await asyncio.sleep(delay)


def decorate(fn: Callable[P, T], policy: Policy) -> Callable[P, T]:
    """The function with every call under the policy; a coroutine function stays one, which test plugins look for.

    Raises:
        TypeError: it is no function, or a generator, whose body runs after the call.
    """
    if not callable(fn):
        raise TypeError(f"retry takes a function first, not {fn!r}; as a decorator: @retry(retries=2)")
    if inspect.isgeneratorfunction(fn) or inspect.isasyncgenfunction(fn):
        raise TypeError(f"retry cannot run a generator again: {fn!r}; use it for the calls before its `yield`")
    if inspect.iscoroutinefunction(fn):

        @functools.wraps(fn)
        async def wrapper_async(*args: P.args, **kwargs: P.kwargs) -> Any:
            return await run_async(functools.partial(fn, *args, **kwargs), Course(policy))

        return cast("Callable[P, T]", wrapper_async)

    @functools.wraps(fn)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> T:
        return run(functools.partial(fn, *args, **kwargs), Course(policy))

    return wrapper


@overload
def retry(
    fn: Callable[[], T],
    retries: int = ...,
    delay: float = ...,
    backoff: float = ...,
    *,
    on: On = ...,
    jitter: float = ...,
    limit: float | None = ...,
) -> T: ...


@overload
def retry(
    fn: None = None,
    retries: int = ...,
    delay: float = ...,
    backoff: float = ...,
    *,
    on: On = ...,
    jitter: float = ...,
    limit: float | None = ...,
) -> Callable[[Callable[P, T]], Callable[P, T]]: ...


def retry(
    fn: Callable[[], Any] | None = None,
    retries: int = 3,
    delay: float = 1.0,
    backoff: float = 2.0,
    *,
    on: On = PASSING_ERRORS,
    jitter: float = 0.1,
    limit: float | None = None,
) -> Any:
    """Call a function, and call it again while it fails with an error that `on` names.

    `retry(connect, on=OperationalError)` calls at once; `@retry(on=OperationalError)`, always with parentheses, makes
    a function whose every call is tried again. Coroutine functions are awaited. An error that `on` does not name,
    interrupts, cancellation and pytest's own outcomes end the call at once. Each failed attempt is a warning of the
    logger `runner.retry`.

    Args:
        fn: what to call, without arguments; none for a decorator.
        retries: attempts after the first, from 0 on.
        delay: seconds before the first retry.
        backoff: what each delay is multiplied by for the next, from 1 on; none is longer than a day.
        on: an exception class, a tuple of them, or a predicate that takes the error.
        jitter: the share of a delay, 0 to 1, that is at most added or taken at random.
        limit: seconds since the call began after which no retry begins; a delay that would end later is not begun.

    Returns:
        What `fn` returns; an awaitable of it for a coroutine function; the decorator without `fn`.

    Raises:
        TypeError: an argument is of the wrong kind.
        ValueError: a number is out of its range.
        Exception: the last attempt's own error, with a note of how many attempts were made in how many seconds.
    """
    policy = Policy(retries, delay, backoff, on, jitter, limit)
    return functools.partial(decorate, policy=policy) if fn is None else decorate(fn, policy)()
