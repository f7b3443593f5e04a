"""Hooks around others, written as pluggy has them from 1.2 on, for older ones too: locks pin what they like."""

import functools
import inspect
from collections.abc import Callable, Generator
from typing import Any

import pytest

IS_NEW = "wrapper" in inspect.signature(type(pytest.hookimpl).__call__).parameters
"""Whether pluggy knows wrappers that return and raise as any function does."""

Hook = Callable[..., Generator[None, Any, Any]]


def wrapper(*, tryfirst: bool = False, trylast: bool = False) -> Callable[[Hook], Hook]:
    """Mark a hook as one around the others."""

    def mark(hook: Hook) -> Hook:
        if IS_NEW:
            return pytest.hookimpl(hook, wrapper=True, tryfirst=tryfirst, trylast=trylast)
        return pytest.hookimpl(adapt(hook), hookwrapper=True, tryfirst=tryfirst, trylast=trylast)

    return mark


def adapt(hook: Hook) -> Hook:
    """A wrapper as older versions have it, which are given an outcome and never end by an exception of their own."""

    @functools.wraps(hook)
    def around(*arguments: Any, **named: Any) -> Generator[None, Any, None]:
        inner = hook(*arguments, **named)
        next(inner)
        outcome = yield
        error = outcome.excinfo[1] if outcome.excinfo else None
        try:
            if error is None:
                inner.send(outcome.get_result())
            else:
                inner.throw(error)
        except StopIteration as end:
            outcome.force_result(end.value)
        except BaseException as raised:
            if raised is not error:
                raise

    # pluggy asks for the names of arguments, and does not look behind a wrapper.
    around.__signature__ = inspect.signature(hook)  # type: ignore[attr-defined]
    return around
