"""Wrappers of hooks for versions of pluggy that have none which return and raise: adapted, they do the same."""

import inspect

import pytest

from runner.plugin.wrapping import adapt

pytestmark = pytest.mark.unit


class Outcome:
    """What older versions of pluggy give a wrapper."""

    def __init__(self, result=None, error=None):
        self.result = result
        self.excinfo = (type(error), error, None) if error else None

    def get_result(self):
        return self.result

    def force_result(self, result):
        self.result, self.excinfo = result, None


def run(hook, outcome, *arguments):
    around = adapt(hook)(*arguments)
    next(around)
    with pytest.raises(StopIteration):
        around.send(outcome)
    return outcome


def test_what_a_wrapper_returns_is_the_result():
    def hook(item):
        result = yield
        return f"{item} {result}"

    assert run(hook, Outcome("passed"), "test_a").result == "test_a passed"


def test_an_error_that_a_wrapper_lets_pass_stays():
    seen = []

    def hook():
        try:
            yield
        finally:
            seen.append("after")

    error = ValueError("a")
    assert run(hook, Outcome(error=error)).excinfo[1] is error
    assert seen == ["after"]


def test_an_error_that_a_wrapper_takes_is_gone():
    def hook():
        try:
            return (yield)
        except ValueError:
            return "instead"

    outcome = run(hook, Outcome(error=ValueError("a")))
    assert (outcome.result, outcome.excinfo) == ("instead", None)


def test_an_error_of_its_own_is_raised():
    def hook():
        yield
        raise KeyError("b")

    around = adapt(hook)()
    next(around)
    with pytest.raises(KeyError):
        around.send(Outcome(1))


def test_the_names_of_arguments_are_those_of_the_hook():
    def hook(self, item, call):
        yield

    assert inspect.getfullargspec(adapt(hook)).args == ["self", "item", "call"]
    assert inspect.isgeneratorfunction(adapt(hook))
