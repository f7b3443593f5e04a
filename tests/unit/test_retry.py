"""`retry`: what is tried again, when, and what is said about it."""

import asyncio
import functools
import inspect
import logging
import subprocess
import sys
from concurrent.futures import CancelledError as FutureCancelledError
from itertools import repeat
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import runner.retry as module
from runner.retry import Policy, retry

pytestmark = pytest.mark.unit


class TransientError(Exception):
    """An error of a suite's own."""


class Clock:
    """Time that passes only while somebody sleeps."""

    def __init__(self):
        self.now = 100.0
        self.sleeps = []

    def monotonic(self):
        return self.now

    def sleep(self, seconds):
        self.sleeps.append(seconds)
        self.now += seconds

    async def sleep_async(self, seconds):
        self.sleep(seconds)


class Flaky:
    """A function that raises the errors in turn, then returns 42."""

    def __init__(self, errors):
        self.errors = iter(errors)
        self.calls = 0

    def __call__(self):
        self.calls += 1
        if (error := next(self.errors, None)) is not None:
            raise error
        return 42


def make_async(fn):
    async def call():
        return fn()

    return call


def call_sync(fn, **options):
    return retry(fn, **options)


def call_async(fn, **options):
    return asyncio.run(retry(make_async(fn), **options))


def call_lambda_of_coroutine(fn, **options):
    async def wait():
        return await retry(lambda: make_async(fn).__call__(), **options)

    return asyncio.run(wait())


def call_decorated(fn, **options):
    @retry(**options)
    def call():
        return fn()

    return call()


def call_decorated_async(fn, **options):
    return asyncio.run(retry(**options)(make_async(fn))())


@pytest.fixture
def clock():
    with pytest.MonkeyPatch.context() as patch:
        clock = Clock()
        patch.setattr(module, "monotonic", clock.monotonic)
        patch.setattr(module, "sleep", clock.sleep)
        patch.setattr(asyncio, "sleep", clock.sleep_async)
        # Half of the way between the least and the most: no jitter.
        patch.setattr(module, "draw", lambda: 0.5)
        yield clock


@pytest.fixture(
    params=[call_sync, call_async, call_lambda_of_coroutine, call_decorated, call_decorated_async],
    ids=lambda way: way.__name__,
)
def call(request, clock):
    """Every way to use `retry`; all must do the same."""
    return request.param


@pytest.mark.smoke
def test_a_call_that_fails_and_then_succeeds_returns_its_value(call, clock):
    fn = Flaky([ConnectionError(), TimeoutError()])
    assert call(fn) == 42
    assert fn.calls == 3
    assert clock.sleeps == [1.0, 2.0]


def test_a_call_that_succeeds_is_made_once(call, clock, caplog):
    fn = Flaky([])
    assert call(fn) == 42
    assert (fn.calls, clock.sleeps, caplog.records) == (1, [], [])


def test_after_the_last_attempt_its_own_error_is_raised_with_a_note(call, clock):
    errors = [TransientError(number) for number in range(5)]
    with pytest.raises(TransientError) as caught:
        call(Flaky(errors), retries=2, delay=1.5, on=(TransientError,))
    assert caught.value is errors[2]
    assert caught.value.__notes__ == ["retry: 3 attempts in 4.50 s; no retry left"]
    assert caught.value.__context__ is None
    assert not hasattr(errors[0], "__notes__")


def test_without_retries_there_is_one_attempt(call, clock):
    fn = Flaky(repeat(ConnectionError("x")))
    with pytest.raises(ConnectionError) as caught:
        call(fn, retries=0)
    assert fn.calls == 1
    assert caught.value.__notes__ == ["retry: 1 attempt in 0.00 s; no retry left"]


@pytest.mark.parametrize("kind", [AssertionError, TransientError, OSError, ValueError, FutureCancelledError])
def test_by_default_only_connections_and_timeouts_are_tried_again(call, clock, kind):
    error = kind("a")
    fn = Flaky([error])
    with pytest.raises(kind) as caught:
        call(fn)
    assert fn.calls == 1
    assert caught.value is error
    assert caught.value.__notes__ == ["retry: 1 attempt in 0.00 s; `on` does not name this error"]


@pytest.mark.parametrize(
    "error",
    [ConnectionRefusedError(), ConnectionResetError(), BrokenPipeError(), TimeoutError()],
)
def test_the_default_takes_subclasses_too(call, clock, error):
    assert call(Flaky([error])) == 42


@pytest.mark.parametrize(
    "on", [TransientError, (KeyError, TransientError), lambda error: "deadlock" in str(error), Exception]
)
def test_on_is_a_class_or_some_or_a_predicate(call, clock, on):
    assert call(Flaky([TransientError("deadlock detected")]), on=on) == 42


@pytest.mark.parametrize("on", [KeyError, (KeyError, IndexError), (), lambda error: "deadlock" in str(error)])
def test_what_on_does_not_name_ends_the_call_even_after_a_retry(call, clock, on):
    def names(error):
        return str(error) == "first" or (on(error) if inspect.isfunction(on) else isinstance(error, on))

    fn = Flaky([TransientError("first"), TransientError("second")])
    with pytest.raises(TransientError, match="second") as caught:
        call(fn, on=names)
    assert fn.calls == 2
    assert caught.value.__notes__ == ["retry: 2 attempts in 1.00 s; `on` does not name this error"]


def test_a_failing_predicate_shows_its_own_error(call, clock):
    with pytest.raises(AttributeError, match="missing"):
        call(Flaky([TransientError()]), on=lambda error: error.missing)


def test_assertions_are_tried_again_only_when_on_says_so(call, clock):
    assert call(Flaky([AssertionError()]), on=AssertionError) == 42


@pytest.mark.parametrize(
    "error",
    [KeyboardInterrupt(), SystemExit(3), asyncio.CancelledError(), GeneratorExit(), pytest.fail.Exception("no")],
)
@pytest.mark.parametrize("on", [Exception, repr])
def test_what_ends_a_run_is_never_caught(clock, error, on):
    fn = Flaky([error])
    with pytest.raises(type(error)) as caught:
        retry(fn, on=on)
    assert caught.value is error
    assert fn.calls == 1
    assert not hasattr(error, "__notes__")


def test_cancelling_ends_an_awaited_call_while_it_waits():
    fn = Flaky(repeat(ConnectionError()))

    async def cancel():
        task = asyncio.create_task(retry(make_async(fn), delay=60))
        await asyncio.sleep(0.01)
        task.cancel()
        await task

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(cancel())
    assert fn.calls == 1


def test_a_failed_attempt_is_a_warning(call, clock, caplog):
    caplog.set_level(logging.DEBUG, logger="runner.retry")
    with pytest.raises(AssertionError):
        call(Flaky([ConnectionError("refused"), TimeoutError("late"), AssertionError("wrong")]), retries=4, delay=0.25)
    assert caplog.record_tuples == [
        ("runner.retry", logging.WARNING, "attempt 1 of 5 failed: ConnectionError: refused; next in 0.25 s"),
        ("runner.retry", logging.WARNING, "attempt 2 of 5 failed: TimeoutError: late; next in 0.50 s"),
        (
            "runner.retry",
            logging.WARNING,
            "attempt 3 of 5 failed: AssertionError: wrong; `on` does not name this error",
        ),
    ]


@pytest.mark.parametrize(
    ("limit", "slept", "note"),
    [
        (0, [], "retry: 1 attempt in 0.00 s; the next would begin after the limit of 0 s"),
        (2.9, [1.0], "retry: 2 attempts in 1.00 s; the next would begin after the limit of 2.9 s"),
        (3, [1.0, 2.0], "retry: 3 attempts in 3.00 s; the next would begin after the limit of 3 s"),
        (7, [1.0, 2.0, 4.0], "retry: 4 attempts in 7.00 s; no retry left"),
    ],
)
def test_no_delay_goes_beyond_the_limit(call, clock, limit, slept, note):
    with pytest.raises(ConnectionError) as caught:
        call(Flaky(repeat(ConnectionError())), limit=limit)
    assert clock.sleeps == slept
    assert caught.value.__notes__ == [note]


def test_the_limit_counts_the_time_of_the_attempts_too(call, clock):
    def work():
        clock.now += 5
        raise ConnectionError

    with pytest.raises(ConnectionError) as caught:
        call(work, limit=11)
    assert clock.sleeps == [1.0]
    assert caught.value.__notes__ == ["retry: 2 attempts in 11.00 s; the next would begin after the limit of 11 s"]


@pytest.mark.parametrize(("drawn", "slept"), [(0.0, [0.75, 1.5]), (0.5, [1.0, 2.0]), (1.0, [1.25, 2.5])])
def test_jitter_adds_or_takes_up_to_its_share(call, clock, monkeypatch, drawn, slept):
    monkeypatch.setattr(module, "draw", lambda: drawn)
    assert call(Flaky([ConnectionError()] * 2), jitter=0.25) == 42
    assert clock.sleeps == slept


def test_jitter_leaves_the_tests_own_random_numbers_alone():
    import random

    before = random.getstate()
    retry(Flaky([ConnectionError()]), delay=0.001)
    assert random.getstate() == before


def test_each_call_of_a_decorated_function_has_its_own_attempts(clock):
    calls = []

    @retry(retries=1, on=TransientError)
    def work(name, *, end):
        calls.append(name)
        raise TransientError(end)

    for name in "ab":
        with pytest.raises(TransientError, match="over"):
            work(name, end="over")
    assert calls == ["a", "a", "b", "b"]
    assert clock.sleeps == [1.0, 1.0]


def test_a_decorated_function_looks_like_itself_to_pytest():
    @retry()
    def fixture(database, tmp_path):
        """Its words."""

    @retry()
    async def fixture_async(database):
        pass

    assert (fixture.__name__, fixture.__doc__) == ("fixture", "Its words.")
    assert list(inspect.signature(fixture).parameters) == ["database", "tmp_path"]
    assert not inspect.iscoroutinefunction(fixture)
    assert inspect.iscoroutinefunction(fixture_async)


def test_methods_can_be_decorated(clock):
    class Client:
        calls = 0

        @retry(on=TransientError)
        def fetch(self, key):
            self.calls += 1
            if self.calls < 2:
                raise TransientError
            return key, self.calls

    assert Client().fetch("k") == ("k", 2)


def test_arguments_come_with_partial(clock):
    assert retry(functools.partial(int, "12")) == 12
    assert asyncio.run(retry(functools.partial(asyncio.wait_for, make_async(lambda: 7)(), 1))) == 7


@pytest.mark.parametrize(
    ("options", "kind", "text"),
    [
        ({"retries": -1}, ValueError, "retries must be a finite number of at least 0, not -1"),
        ({"retries": 1.5}, TypeError, "retries must be a whole number, not 1.5"),
        ({"retries": True}, TypeError, "retries must be a whole number, not True"),
        ({"delay": -0.1}, ValueError, "delay must be a finite number of at least 0, not -0.1"),
        ({"delay": "1"}, TypeError, "delay must be a number, not '1'"),
        ({"delay": float("inf")}, ValueError, "delay must be a finite number of at least 0, not inf"),
        ({"backoff": 0.5}, ValueError, "backoff must be a finite number of at least 1, not 0.5"),
        ({"backoff": float("nan")}, ValueError, "backoff must be a finite number of at least 1, not nan"),
        ({"jitter": -0.1}, ValueError, "jitter must be a finite number of at least 0, not -0.1"),
        ({"jitter": 1.1}, ValueError, "jitter must be at most 1, the whole delay, not 1.1"),
        ({"limit": -1}, ValueError, "limit must be a finite number of at least 0, not -1"),
        ({"limit": "5"}, TypeError, "limit must be a number, not '5'"),
        ({"on": "ValueError"}, TypeError, "on must be an exception class, a tuple of them or a predicate"),
        ({"on": None}, TypeError, "on must be an exception class, a tuple of them or a predicate, not None"),
        ({"on": [ValueError]}, TypeError, "on must be an exception class, a tuple of them or a predicate"),
        ({"on": int}, TypeError, "on must name subclasses of Exception, not <class 'int'>"),
        ({"on": (ValueError, "x")}, TypeError, "on must name subclasses of Exception, not 'x'"),
        ({"on": BaseException}, TypeError, "on must name subclasses of Exception, not <class 'BaseException'>"),
        ({"on": (OSError, KeyboardInterrupt)}, TypeError, "on must name subclasses of Exception, not <class 'Keyboard"),
    ],
)
def test_bad_arguments_are_refused_at_once(options, kind, text):
    fn = Flaky([])
    for use in (lambda: retry(fn, **options), lambda: retry(**options)):
        with pytest.raises(kind) as caught:
            use()
        assert text in str(caught.value)
    assert fn.calls == 0


@pytest.mark.parametrize("fn", [3, "fetch"])
def test_what_is_no_function_is_refused(fn):
    for use in (lambda: retry(fn), lambda: retry()(fn)):
        with pytest.raises(TypeError, match=r"as a decorator: @retry\(retries=2\)"):
            use()


def test_generators_are_refused_since_their_body_runs_after_the_call():
    def fixture():
        yield

    async def fixture_async():
        yield

    for fn in (fixture, fixture_async):
        with pytest.raises(TypeError, match="cannot run a generator again"):
            retry()(fn)


def test_the_module_stands_alone(tmp_path):
    package = tmp_path / "runner"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "retry.py").write_text(Path(module.__file__).read_text(encoding="utf-8"), encoding="utf-8")
    code = "from runner.retry import retry, logger; print(retry(lambda: 5), logger.name)"
    # -S: no installed package can be imported.
    done = subprocess.run([sys.executable, "-S", "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout == "5 runner.retry\n"


# The same examples each time.
exactly = settings(derandomize=True, deadline=None)
retries = st.integers(0, 30)
policies = st.builds(
    Policy,
    retries=retries,
    delay=st.floats(0, 1e308),
    backoff=st.floats(1, 1e308),
    jitter=st.floats(0, 1),
    limit=st.none() | st.floats(0, 1e6),
    on=st.just(Exception),
)


@exactly
@given(policies)
def test_delays_are_never_negative_and_never_longer_than_a_day(policy):
    delays = list(policy.delays())
    assert len(delays) == policy.retries
    assert all(0 <= delay <= module.LONGEST for delay in delays)


@exactly
@given(retries, st.floats(1e-6, 10), st.floats(1, 2), st.floats(0, 1))
def test_delays_stay_within_the_share_of_jitter_around_their_power(number, delay, backoff, jitter):
    for power, found in enumerate(Policy(number, delay, backoff, Exception, jitter, None).delays()):
        exact = min(delay * backoff**power, module.LONGEST)
        least, most = (min(exact * factor, module.LONGEST) for factor in (1 - jitter, 1 + jitter))
        assert least * (1 - 1e-9) <= found <= most * (1 + 1e-9)


def fail_for_ever(policy, seconds):
    """How often a call was tried, each attempt taking that many seconds, and its clock."""
    clock, fn = Clock(), Flaky(repeat(TransientError()))

    def work():
        clock.now += seconds
        fn()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "monotonic", clock.monotonic)
        patch.setattr(module, "sleep", clock.sleep)
        with pytest.raises(TransientError):
            module.run(work, module.Course(policy))
    return fn.calls, clock


@exactly
@given(policies, st.floats(0, 100))
def test_no_attempt_begins_after_the_limit(policy, seconds):
    attempts, clock = fail_for_ever(policy, seconds)
    assert len(clock.sleeps) == attempts - 1 <= policy.retries
    if policy.limit is not None and attempts > 1:
        began = clock.now - seconds - 100
        assert began <= policy.limit + 1e-3


@exactly
@given(retries, st.floats(0, 1000), st.floats(1, 3))
def test_without_a_limit_there_is_one_attempt_more_than_retries(number, delay, backoff):
    assert fail_for_ever(Policy(number, delay, backoff, TransientError, 0.1, None), 1.0)[0] == number + 1
