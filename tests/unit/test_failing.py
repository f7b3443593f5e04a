"""Tests that failed before: what a run is told of them, which passes have them, and what is said of those gone."""

import json

import pytest
from fakes import FakeEngine, end_well, finish_test, start_test
from test_session_steps import Run, make_pass

from runner.core.events import Event
from runner.core.failing import (
    NOTHING_KNOWN,
    Failing,
    find_plain,
    make_failing,
    wants_cache,
)
from runner.core.failing_watch import FailingWatch
from runner.core.groups import DEFAULT_GROUPS, Group
from runner.core.plan import History, Selection, make_plan
from runner.core.settings import Settings
from runner.errors import EmptySelectionError
from runner.plugin import failed as plugin

pytestmark = pytest.mark.unit

A, B, C = "tests/test_a.py::test_a", "tests/test_b.py::test_b[x y]", "tests/api/test_c.py::TestC::test_c"
GROUPS = {
    **DEFAULT_GROUPS,
    "pure": Group(marks=["pure", "quick"], database=False),
}


def make(groups=None, use="only", selection=None, **tests):
    """A plan after a run in which the tests of these groups failed."""
    failing = make_failing(groups or tests, use)
    settings = Settings(groups=dict(GROUPS), workers=4)
    return make_plan(settings, selection or Selection(), 4, history=History(failing=failing))


def names(plan):
    return [[each.name for each in stage.passes] for stage in plan.stages]


@pytest.mark.parametrize(
    ("count", "use", "note"),
    [
        (1, "only", "1 test failed and has not passed since: it runs alone"),
        (2, "only", "2 tests failed and have not passed since: they run alone"),
        (3, "first", "3 tests failed and have not passed since: they run first"),
        (0, "only", NOTHING_KNOWN),
        (0, "first", NOTHING_KNOWN),
        (2, "", ""),
    ],
)
def test_a_person_is_told_before_the_run(count, use, note):
    found = make_failing({f"t{number}": () for number in range(count)}, use)
    assert found.note == note
    assert found.use == (use if count else "")


def test_the_plugin_reads_what_the_runner_writes(tmp_path):
    path = tmp_path / "failed.json"
    path.write_bytes(make_failing({A: ("smoke",), "t[é\ud800]": ()}, "first", ["known"]).as_json())
    read = plugin.Failed(str(path))
    assert (read.use, read.tests, read.known) == ("first", [A, "t[é\ud800]"], ["known"])
    assert read.has(A)
    assert read.has(f"{A}@group")
    assert not read.has(B)


@pytest.mark.parametrize("test", [A, B, C, f"{A}@g", f"{B}@g", "a[x@y]", "a::b[x@y]@g", "@x/a.py::b", "a.py", ""])
def test_the_plugin_and_the_runner_have_the_same_plain_ids(test):
    assert find_plain(test) == plugin.find_plain(test)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("--lf", True),
        ("addopts = -q --ff", True),
        ("--nf", True),
        ("--last-failed", True),
        ("--last-failed-no-failures=none", True),
        ("--new-first", True),
        ("--lfx", False),
        ("-lf", False),
        ("--maxfail=1", False),
    ],
)
def test_options_of_pytest_that_need_its_cache_are_recognised(text, wanted):
    assert wants_cache(["-q", text]) is wanted


def test_nothing_is_told_where_there_is_nothing_to_tell():
    assert not Failing()
    assert Failing({A: ()})
    assert Failing(known=[A])


def test_the_pass_that_had_the_failed_tests_comes_first_and_the_others_after_it():
    assert names(make({A: ("security",)})) == [["security"], ["pure", "default"]]
    assert names(make({A: ("pure",)})) == [["pure"], ["default"], ["security"]]
    assert names(make({A: ("smoke",), B: ()}))[0] == ["default"]
    assert names(make({A: ("pure",), B: ("security",)}))[:2] == [["security"], ["pure"]]


def test_groups_that_are_gone_count_as_none():
    assert names(make({A: ("removed",)}))[0] == ["default"]


def test_failed_tests_first_change_no_stage():
    assert names(make({A: ("security",)}, "first")) == names(make({}, ""))


def test_there_are_no_more_workers_than_failed_tests():
    assert {each.needs.workers for each in make({A: (), B: ()}).passes} == {2}
    assert {each.needs.workers for each in make({A: (), B: ()}, "first").passes} == {4}
    assert {each.needs.workers for each in make({}).passes} == {4}


def test_the_ledger_tells_selections_with_and_without_failed_tests_apart():
    keys = [Selection(failed=use, groups=groups).as_key() for use in ("", "only", "first") for groups in ((), ("a",))]
    assert keys == [
        "the default selection",
        "--group a",
        "--last-failed",
        "--last-failed --group a",
        "--failed-first",
        "--failed-first --group a",
    ]
    assert Selection(failed="only").as_text() == "the default selection"


def test_the_selection_in_words_is_as_a_shell_takes_it():
    selection = Selection(paths=("a.py::test_a[x y]",), pytest_args=("-k", "a or b"))
    assert selection.as_key() == "'a.py::test_a[x y]' -- -k 'a or b'"


def watch(*events, tests=(A, B, C), paths=(), use="only"):
    found = FailingWatch(Failing(dict.fromkeys(tests, ()), use), paths)
    for name, data in events:
        found.hear(Event(name, 0.0, data), collects_apart=False)
    return found


def collected(*tests):
    return ("failed-collected", {"tests": list(tests)})


def started(test):
    return ("test-started", {"test": test})


def test_a_run_of_failed_tests_is_done_when_all_that_there_are_have_run():
    assert not watch().is_done
    assert not watch(collected(A, B), started(A)).is_done
    assert watch(collected(A, B), started(A), started(f"{B}@group")).is_done
    assert not watch(collected(A), started(A), use="first").is_done


@pytest.mark.parametrize(
    ("paths", "gone"),
    [
        ((), [B, C]),
        ((".",), [B, C]),
        (("tests/",), [B, C]),
        (("tests/api",), [C]),
        (("tests/api/test_c.py",), [C]),
        (("tests/api/test_c.py::TestC",), [C]),
        (("tests/test_b.py::test_b",), [B]),
        ((B,), [B]),
        (("tests/test",), []),
        (("tests/api/test_c",), []),
        (("tests/test_a.py", "tests/test_b.py"), [B]),
    ],
)
def test_a_test_is_gone_only_where_pytest_looked_for_it(paths, gone):
    assert watch(collected(A), paths=paths).gone == gone


def test_nothing_is_said_of_tests_that_are_gone_where_a_file_could_not_be_collected():
    assert watch(collected(A), ("collection-failed", {})).lines == []
    assert watch().lines == []


def test_tests_that_are_gone_are_named_up_to_five():
    tests = [f"a.py::test_{number}" for number in range(7)]
    assert watch(collected(), tests=tests).lines == [
        *(f"failed before, is not there any more, and is forgotten now: {test}" for test in tests[:5]),
        "failed before, is not there any more, and is forgotten now: and 2 more",
    ]


def test_where_nothing_is_left_to_run_the_error_says_why():
    with pytest.raises(EmptySelectionError) as caught:
        watch(collected(A)).check(is_empty=True, selection="-m slow")
    assert caught.value.as_text() == (
        "error: no test that failed before matches -m slow\n"
        f"cause: not there any more, and forgotten now: {B}, {C}; not selected: {A}\n"
        "hint:  select others, or run all without `--last-failed`"
    )
    watch(collected(A)).check(is_empty=False, selection="")
    watch(collected(A), use="first").check(is_empty=True, selection="")


def report_failed(*found, run=()):
    """A pass in which these failed tests are there, and some of them run."""

    def behave(suite):
        suite.report("collected", tests=1, marks=["x"])
        suite.report("failed-collected", tests=list(found))
        for test in run:
            start_test(suite, test)
            finish_test(suite, test=test)
        suite.end(0 if run else 5)

    return behave


@pytest.fixture
def start(tmp_path):
    """Runs that are told of failed tests."""

    def start_run(behave, passes, use="only", tests=(A, B)):
        plan = {"failing": Failing(dict.fromkeys(tests, ()), use)}
        return Run(tmp_path, FakeEngine(behave), passes=passes, plan=plan).go()

    return start_run


def test_containers_that_no_failed_test_needs_are_not_started(start):
    passes = (make_pass("a", 2), make_pass("b", marks=["x"], egress=False))
    run = start(report_failed(A, B, run=(A, B)), passes)
    assert run.engine.calls.count("start_suite") == 1
    assert (run.outcome.exit_code, run.outcome.error) == (0, None)


def test_a_pass_may_have_what_the_first_did_not(start):
    passes = (make_pass("a", 2), make_pass("b", marks=["x"], egress=False))
    run = start(report_failed(A, B, run=(A,)), passes)
    assert run.engine.calls.count("start_suite") == 2


def test_the_file_is_there_before_pytest_starts(start):
    run = start(report_failed(A, run=(A,)), (make_pass("a"),))
    assert run.engine.calls.index("put_files") < run.engine.calls.index("run")
    assert json.loads(run.engine.files["failed.json"]) == {"use": "only", "tests": [A, B], "known": []}
    assert json.loads(run.engine.commands[0][1]["EPHEMERAL_RUNNER"])["failed"] == "/run/runner/files/failed.json"
    assert run.outcome.lines == [f"failed before, is not there any more, and is forgotten now: {B}"]


def test_without_failed_tests_there_is_no_file(start):
    run = start(end_well, (make_pass("a"),), tests=())
    assert "put_files" not in run.engine.calls


def test_a_run_in_which_no_failed_test_was_left_is_empty(start):
    run = start(report_failed(A), (make_pass("a"),))
    assert (run.outcome.exit_code, run.outcome.error.what) == (
        95,
        "no test that failed before matches the default selection",
    )
