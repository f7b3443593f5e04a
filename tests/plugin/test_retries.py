"""Retries in suites of their own, with pytest-rerunfailures: what is tried again, and how clean the next attempt is."""

import time

import pytest

pytestmark = pytest.mark.unit

pytest.importorskip("pytest_rerunfailures")

RERUNS = ("--reruns", "2", "--reruns-delay", "0", "--dist", "loadscope")
USUAL = """
import os
from pathlib import Path
import pytest

class Conflict(Exception):
    sqlstate = "40001"

def count(name):
    '''How often this was called under the name, in any process.'''
    with Path(name).open("a") as calls:
        calls.write(os.environ.get("PYTEST_XDIST_WORKER", "master") + "\\n")
    return len(Path(name).read_text().splitlines())
"""


def told(ran, name=""):
    """What was told of the attempts at a test, without times."""
    shown = ("attempt", "verdict", "reason", "error")
    found = [each for each in ran.named("test-finished") if each["test"].endswith(name)]
    return [tuple(each[key] for key in shown) for each in found]


def started(ran):
    return [(each["test"].rpartition("::")[2], each["attempt"]) for each in ran.named("test-started")]


@pytest.fixture
def run(suite):
    """Runs tests with retries in one process, or as told."""

    def run_tests(tests, *args):
        suite.provide(None)
        suite.write(USUAL + tests, conftest="")
        return suite.run(*(args or ("-n", "0", *RERUNS)))

    return run_tests


@pytest.mark.smoke
@pytest.mark.parametrize("workers", ["0", "2"])
def test_a_declared_error_is_tried_again_and_each_attempt_is_told(run, workers):
    ran = run(
        """
def test_a():
    if count("calls") == 1:
        raise Conflict("lost\\nthe race")
""",
        "-n",
        workers,
        *RERUNS,
    )
    ran.result.assert_outcomes(passed=1)
    assert told(ran) == [(1, "rerun", "declared", "test_suite.Conflict [40001]"), (2, "passed", "", "")]
    assert started(ran) == [("test_a", 1), ("test_a", 2)]
    first, second = ran.named("test-finished")
    assert first["message"] == "test_suite.Conflict: lost"
    assert 'raise Conflict("lost' in first["text"]
    assert (second["message"], second["text"]) == ("", "")


def test_an_error_counts_by_its_cause(run):
    ran = run("""
def test_a():
    if count("calls") < 3:
        try:
            raise Conflict
        except Conflict as error:
            raise ValueError("wrapped") from error
""")
    again = ("rerun", "declared", "ValueError [40001]")
    assert told(ran) == [(1, *again), (2, *again), (3, "passed", "", "")]


@pytest.mark.parametrize("workers", ["0", "2"])
@pytest.mark.parametrize(
    ("statement", "error"),
    [
        ("assert count('calls') == 3", "AssertionError"),
        ("pytest.fail(str(count('calls')))", "Failed"),
        ("raise RuntimeError(count('calls'))", "RuntimeError"),
    ],
    ids=["assertion", "fail", "not declared"],
)
def test_anything_else_fails_at_once(run, workers, statement, error):
    ran = run(f"def test_a(): {statement}\n", "-n", workers, *RERUNS)
    ran.result.assert_outcomes(failed=1)
    assert told(ran) == [(1, "failed", "", error)]
    assert started(ran) == [("test_a", 1)]


def test_a_declared_error_fails_the_test_in_the_end_when_it_stays(run):
    ran = run("def test_a(): raise Conflict\n")
    ran.result.assert_outcomes(failed=1)
    assert [each[:3] for each in told(ran)] == [(1, "rerun", "declared"), (2, "rerun", "declared"), (3, "failed", "")]


@pytest.mark.parametrize("reruns", [RERUNS, ("--reruns", "0"), ()], ids=["two", "none", "not given"])
def test_the_mark_of_a_test_retries_it_whatever_its_error_and_visibly(run, reruns):
    ran = run(
        """
@pytest.mark.flaky(reruns=3)
def test_a():
    if count("calls") < 4:
        raise RuntimeError
""",
        "-n",
        "0",
        *reruns,
    )
    ran.result.assert_outcomes(passed=1)
    assert told(ran) == [*((n, "rerun", "mark", "RuntimeError") for n in (1, 2, 3)), (4, "passed", "", "")]


def test_a_marked_test_whose_error_is_declared_is_retried_for_that_reason(run):
    ran = run("""
@pytest.mark.flaky(reruns=1)
def test_a():
    if count("calls") == 1:
        raise Conflict
""")
    assert [each[2] for each in told(ran)] == ["declared", ""]


def test_one_of_each_in_one_suite(run):
    ran = run("""
def test_transient():
    if count("a") == 1:
        raise Conflict
def test_wrong(): assert count("b") == 2
@pytest.mark.flaky(reruns=3, reruns_delay=0)
def test_flaky(): assert count("c") == 2
def test_well(): pass
""")
    ran.result.assert_outcomes(passed=3, failed=1)
    assert ran.verdicts() == {
        "test_transient": ["rerun", "passed"],
        "test_wrong": ["failed"],
        "test_flaky": ["rerun", "passed"],
        "test_well": ["passed"],
    }


@pytest.mark.parametrize("options", [(), ("--reruns", "0")], ids=["not given", "none"])
def test_without_retries_nothing_is_tried_again(run, options):
    ran = run("def test_a(): raise Conflict\n", "-n", "0", *options)
    ran.result.assert_outcomes(failed=1)
    assert told(ran) == [(1, "failed", "", "test_suite.Conflict [40001]")]


def test_the_pause_between_attempts_is_kept(run):
    began = time.monotonic()
    ran = run("def test_a(): raise Conflict\n", "-n", "0", "--reruns", "1", "--reruns-delay", "0.7")
    assert time.monotonic() - began > 0.7
    first, second = ran.named("test-started")
    assert second["time"] - first["time"] > 0.7


FIXTURES = """
LOG = Path("log")

def log(text):
    with LOG.open("a") as target:
        target.write(text + "\\n")

@pytest.fixture(scope="session")
def outer():
    log("+session")
    yield
    log("-session")

@pytest.fixture(scope="module")
def middle(outer):
    log("+module")
    yield
    log("-module")

@pytest.fixture
def inner(middle):
    log("+function")
    yield
    log("-function")
"""


def read_log(ran):
    return (ran.folder / "log").read_text().split()


@pytest.mark.parametrize("workers", ["0", "2"])
def test_fixtures_of_every_scope_are_torn_down_and_set_up_again_between_two_attempts(run, workers):
    ran = run(
        FIXTURES
        + """
def test_a(inner):
    log("test")
    if count("calls") == 1:
        raise Conflict
def test_after(inner): log("after")
""",
        "-n",
        workers,
        *RERUNS,
    )
    ran.result.assert_outcomes(passed=2)
    up, down = ["+session", "+module", "+function"], ["-function", "-module", "-session"]
    after = ["-function", "+function", "after"]
    assert read_log(ran) == [*up, "test", *down, *up, "test", *after, *down]


def test_what_earlier_tests_of_the_module_set_up_is_set_up_again_too(run):
    ran = run(
        FIXTURES
        + """
def test_before(inner): log("before")
def test_a():
    if count("calls") == 1:
        raise Conflict
    log("again")
def test_after(inner): log("after")
"""
    )
    ran.result.assert_outcomes(passed=3)
    up, down = ["+session", "+module", "+function"], ["-function", "-module", "-session"]
    assert read_log(ran) == [*up, "before", *down, "again", *up, "after", *down]


@pytest.mark.parametrize("workers", ["0", "2"])
def test_a_failed_assertion_in_the_teardown_of_an_attempt_ends_the_test(run, workers):
    ran = run(
        FIXTURES
        + """
@pytest.fixture
def checked(inner):
    yield
    assert False, "left a mess"
def test_a(checked): raise Conflict
def test_after(inner): log("after")
""",
        "-n",
        workers,
        *RERUNS,
    )
    ran.result.assert_outcomes(passed=1, failed=1, errors=1)
    assert told(ran, "test_a") == [
        (1, "failed", "", "test_suite.Conflict [40001]"),
        (1, "error", "", "AssertionError"),
    ]
    log = read_log(ran)
    assert [log.count(each) for each in ("-module", "-session")] == [1, 1], log
    assert log[-2:] == ["-module", "-session"]


def test_the_order_of_a_transient_teardown_after_a_failed_assertion_does_not_matter(run):
    ran = run("""
@pytest.fixture
def closing():
    yield
    raise Conflict
def test_a(closing): assert count("calls") == 2
""")
    ran.result.assert_outcomes(failed=1, errors=1)
    assert [each[:2] for each in told(ran)] == [(1, "failed"), (1, "error")]


def test_a_declared_error_in_the_teardown_alone_is_tried_again(run):
    ran = run("""
@pytest.fixture
def closing():
    yield
    if count("calls") == 1:
        raise Conflict
def test_a(closing): pass
""")
    assert [each[:3] for each in told(ran)] == [(1, "passed", ""), (1, "rerun", "declared"), (2, "passed", "")]
    assert ran.result.ret == 0


@pytest.mark.parametrize("workers", ["0", "2"])
@pytest.mark.parametrize("scope", ["session", "module", "class", "function"])
def test_a_declared_error_in_the_setup_of_a_fixture_is_tried_again(run, scope, workers):
    ran = run(
        f"""
@pytest.fixture(scope="{scope}")
def connection():
    if count("calls") == 1:
        raise Conflict
    yield 1
    count("closed")
def test_a(connection): assert connection == 1
def test_b(connection): assert connection == 1
""",
        "-n",
        workers,
        *RERUNS,
    )
    ran.result.assert_outcomes(passed=2)
    assert [each[:3] for each in told(ran, "test_a")] == [(1, "rerun", "declared"), (2, "passed", "")]
    closed = (ran.folder / "closed").read_text().splitlines()
    assert len(closed) == (1 if scope in {"session", "module"} else 2)


def test_an_assertion_in_the_setup_fails_at_once(run):
    ran = run("@pytest.fixture\ndef broken(): assert count('calls') == 2\ndef test_a(broken): pass\n")
    ran.result.assert_outcomes(errors=1)
    assert told(ran) == [(1, "error", "", "AssertionError")]


def test_an_attempt_at_a_method_has_an_instance_of_its_own(run):
    ran = run("""
class TestOne:
    def test_a(self):
        assert not hasattr(self, "seen")
        self.seen = True
        if count("calls") == 1:
            raise Conflict
""")
    ran.result.assert_outcomes(passed=1)


@pytest.mark.parametrize("dist", ["load", "loadscope"])
@pytest.mark.parametrize("reruns", [RERUNS, ()], ids=["two", "not given"])
def test_a_test_that_took_its_worker_down_is_not_tried_again_and_the_others_go_on(run, dist, reruns):
    ran = run(
        """
def test_before(): pass
def test_a():
    count("calls")
    os._exit(9)
def test_after(): pass
""",
        "-n",
        "1",
        *reruns,
        "--dist",
        dist,
    )
    ran.result.assert_outcomes(passed=2, failed=1)
    assert (ran.folder / "calls").read_text() == "gw0\n"
    assert told(ran, "test_a") == [(1, "failed", "", "")]
    assert ran.verdicts() == {"test_before": ["passed"], "test_a": ["failed"], "test_after": ["passed"]}
    assert ran.named("worker-crashed") == [{"worker": "gw0"}]


def test_a_crash_in_a_further_attempt_is_told_as_that_attempt(run):
    ran = run(
        """
def test_a():
    if count("calls") == 1:
        raise Conflict
    os._exit(9)
""",
        "-n",
        "1",
        *RERUNS,
    )
    ran.result.assert_outcomes(failed=1)
    assert [each[:2] for each in told(ran)] == [(1, "rerun"), (2, "failed")]


def test_a_skip_and_an_expected_failure_are_no_failures_to_try_again(run):
    ran = run("""
def test_a():
    count("calls")
    pytest.skip("not today")
@pytest.mark.xfail
def test_b():
    count("calls")
    raise Conflict
""")
    ran.result.assert_outcomes(skipped=1, xfailed=1)
    assert ran.verdicts() == {"test_a": ["skipped"], "test_b": ["xfailed"]}
    assert (ran.folder / "calls").read_text() == "master\n" * 2


def test_pytest_s_own_filter_of_errors_still_counts(run):
    ran = run("def test_a(): raise Conflict('x')\n", "-n", "0", *RERUNS, "--rerun-except", "Conflict")
    assert [each[:2] for each in told(ran)] == [(1, "failed")]


def answer_restores(suite, *slots, text=""):
    for slot in slots:
        for number in (1, 2, 3):
            (suite.folder / "ready" / f"restored-{slot}-1-{number}").write_text(text)


@pytest.mark.parametrize(("workers", "slot"), [("0", "master"), ("1", "gw0")])
def test_the_slot_is_restored_before_each_further_attempt_and_nothing_else_asks_for_that(suite, workers, slot):
    suite.provide_slots("gw0")
    answer_restores(suite, slot)
    suite.write(
        USUAL
        + """
def test_a():
    if count("a") < 3:
        raise Conflict
def test_wrong(): assert False
def test_b():
    if count("b") == 1:
        raise Conflict
""",
        conftest="",
    )
    ran = suite.run("-n", workers, *RERUNS)
    ran.result.assert_outcomes(passed=2, failed=1)
    wanted = ran.named("restore-wanted")
    first, second, other = [each.pop("began") for each in wanted]
    assert first == second < other < time.time(), "a test begins once"
    assert wanted == [
        {"slot": slot, "answer": f"restored-{slot}-1-1", "test": "test_suite.py::test_a", "attempt": 1},
        {"slot": slot, "answer": f"restored-{slot}-1-2", "test": "test_suite.py::test_a", "attempt": 2},
        {"slot": slot, "answer": f"restored-{slot}-1-3", "test": "test_suite.py::test_b", "attempt": 1},
    ]


def test_fixtures_are_torn_down_before_the_slot_is_restored(suite):
    suite.provide_slots()
    answer_restores(suite, "master")
    suite.write(
        USUAL
        + """
@pytest.fixture(scope="session")
def rows():
    yield
    with open("reports.jsonl", "a") as reports:
        reports.write('{"event": "torn-down"}' + chr(10))
def test_a(rows):
    if count("calls") == 1:
        raise Conflict
""",
        conftest="",
    )
    ran = suite.run("-n", "0", *RERUNS)
    ran.result.assert_outcomes(passed=1)
    names = [each["event"] for each in ran.reports if each["event"] in {"torn-down", "restore-wanted"}]
    assert names == ["torn-down", "restore-wanted", "torn-down"]


def test_a_slot_that_cannot_be_restored_fails_the_test_with_the_runners_words(suite):
    suite.provide_slots()
    answer_restores(suite, "master", text="cannot restore the slot `master`: disk full")
    suite.write(USUAL + "def test_a(): raise Conflict\ndef test_b(): pass\n", conftest="")
    ran = suite.run("-n", "0", *RERUNS)
    ran.result.assert_outcomes(errors=1, passed=1)
    last = ran.named("test-finished")[1]
    assert (last["test"], last["attempt"], last["verdict"]) == ("test_suite.py::test_a", 2, "error")
    assert last["message"].endswith("cannot restore the slot `master`: disk full")


def test_without_a_database_nothing_is_restored(run):
    ran = run("def test_a(): raise Conflict\n")
    assert ran.named("restore-wanted") == []
