"""Tests that failed before: alone or first, in every way of xdist's; and pytest's own options that need its cache."""

import json

import pytest

from runner.plugin.failed import Failed, Scheduling, find_plain

pytestmark = pytest.mark.unit

MODULE = """
import pytest
@pytest.fixture(scope="module", autouse=True)
def module(): yield
@pytest.mark.parametrize("value", ["x y", "[1]", "a@b/c::d"])
def test_odd(value): pass
def test_a(): pass
def test_b(): pass
class TestOne:
    def test_c(self): pass
    @pytest.mark.slow
    def test_d(self): pass
"""
OF_MODULE = ["test_odd[x y]", "test_odd[[1]]", "test_odd[a@b/c::d]", "test_a", "test_b"]
DECLARED = [*OF_MODULE, "TestOne::test_c", "TestOne::test_d"]
NAMES = ("one", "three", "two")


def ids(*names):
    return [f"test_{name}.py::{test}" for name in names or NAMES for test in DECLARED]


@pytest.fixture
def run(suite):
    """Runs three files of the same tests after a run in which some failed; the ids in the order in which they ran."""

    def run_tests(use, failed, *args, known=(), wiring=None, code=0):
        path = suite.folder / "failed.json"
        path.write_text(json.dumps({"use": use, "tests": failed, "known": [*known]}))
        suite.reports.write_text("")
        suite.provide(None, wiring={"failed": str(path), **(wiring or {})})
        for name in NAMES:
            (suite.folder / f"test_{name}.py").write_text(MODULE)
        ran = suite.run(*(args or ("-n", "0")))
        assert ran.result.ret == code
        return ran, [each["test"] for each in ran.named("test-started")]

    return run_tests


@pytest.mark.smoke
@pytest.mark.parametrize("workers", ["0", "2"])
def test_alone_only_the_failed_tests_run_whatever_is_in_their_ids(run, workers):
    failed = ["test_one.py::test_odd[a@b/c::d]", "test_three.py::test_odd[[1]]", "test_three.py::TestOne::test_d"]
    ran, started = run("only", failed, "-n", workers)
    assert sorted(started) == sorted(failed)
    assert ran.named("failed-collected") == [{"tests": failed}]


def test_alone_a_file_without_any_of_them_is_not_imported(run, suite):
    (suite.folder / "test_broken.py").write_text("raise ImportError('nobody asked for me')\n")
    assert run("only", ["test_two.py::test_a"])[1] == ["test_two.py::test_a"]


def test_alone_a_file_that_is_named_is_imported_all_the_same(run):
    ran, started = run("only", ["test_two.py::test_a"], "-n", "0", "test_one.py::test_a", "test_two.py")
    assert started == ["test_two.py::test_a"]
    ran.result.assert_outcomes(passed=1, deselected=len(DECLARED))


def test_alone_the_selection_of_pytest_still_counts(run):
    failed = ["test_one.py::test_a", "test_one.py::TestOne::test_d"]
    assert run("only", failed, "-n", "0", "-m", "slow")[1] == failed[1:]
    assert run("only", failed, "-n", "0", "-k", "test_a")[1] == failed[:1]


@pytest.mark.parametrize("workers", ["0", "2"])
def test_alone_with_none_of_them_there_nothing_runs_and_that_is_told(run, workers):
    ran, started = run("only", ["test_gone.py::test_a", "test_one.py::test_old"], "-n", workers, code=5)
    assert (started, ran.named("failed-collected")) == ([], [{"tests": []}])


def test_first_the_failed_tests_start_before_all_others(run):
    failed = ["test_three.py::test_b", "test_one.py::TestOne::test_d", "test_two.py::test_odd[x y]"]
    _, started = run("first", failed)
    assert started[:3] == [each for each in ids() if each in failed], "in the order in which they are declared"
    assert started[3:] == [each for each in ids() if each not in failed]


@pytest.mark.smoke
@pytest.mark.parametrize("dist", ["loadscope", "loadfile"])
def test_first_with_workers_failed_tests_of_all_scopes_start_before_others_of_any(run, dist):
    # Each is the last of its scope; one worker, so that the order of starts is that of the scheduler.
    failed = [f"test_{name}.py::{test}" for name in NAMES for test in ("test_b", "TestOne::test_d")]
    _, started = run("first", failed, "-n", "1", "--dist", dist)
    assert sorted(started[: len(failed)]) == sorted(failed)
    assert sorted(started) == sorted(ids())


def test_first_with_two_workers_each_begins_with_failed_tests(run):
    failed = [f"test_{name}.py::test_b" for name in NAMES]
    ran, started = run("first", failed, "-n", "2", "--dist", "loadscope")
    first = {}
    for each in ran.named("test-started"):
        first.setdefault(each["worker"], each["test"])
    assert set(first.values()) <= set(failed)
    assert sorted(started) == sorted(ids())


@pytest.mark.parametrize("dist", ["load", "worksteal"])
def test_first_reaches_the_schedulers_that_know_no_scopes(run, dist):
    _, started = run("first", ["test_three.py::TestOne::test_d"], "-n", "1", "--dist", dist)
    assert started[0] == "test_three.py::TestOne::test_d"
    assert sorted(started) == sorted(ids())


class Scheduler:
    """One of xdist's that keeps groups together; the ids of their tests end with `@` and the group's name."""

    def _split_scope(self, nodeid):
        return nodeid.rpartition("@")[2] if "@" in nodeid else nodeid.rpartition("::")[0]


def test_a_group_of_xdist_stays_together_while_other_scopes_are_split(tmp_path):
    path = tmp_path / "failed.json"
    path.write_text(json.dumps({"use": "first", "tests": ["a.py::test_a", "a.py::test_b@g"], "known": []}))
    hook = Scheduling(Failed(str(path))).pytest_xdist_make_scheduler()
    next(hook)
    with pytest.raises(StopIteration) as ended:
        hook.send(Scheduler())
    scopes = {
        test: ended.value.value._split_scope(f"a.py::{test}") for test in ("test_a", "test_c", "test_b@g", "test_d@g")
    }
    assert scopes["test_a"] != scopes["test_c"]
    assert scopes["test_b@g"] == scopes["test_d@g"] == "g"


def test_a_test_is_known_without_the_name_of_its_group(run):
    assert run("only", ["test_one.py::test_a@g"])[1] == ["test_one.py::test_a"]


def test_a_random_order_holds_among_the_failed_tests_and_among_the_others(run):
    failed = [each for each in ids() if each.endswith(("test_a", "test_b"))]
    _, shuffled = run("", [], wiring={"seed": 5, "failed": None})
    _, first = run("first", failed, wiring={"seed": 5})
    _, alone = run("only", failed, wiring={"seed": 5})
    assert alone == [each for each in shuffled if each in failed] != failed
    assert first == alone + [each for each in shuffled if each not in failed]


def test_the_longest_scope_is_first_among_the_failed_too(run):
    failed = ["test_one.py::test_a", "test_two.py::test_a", "test_three.py::test_a"]
    durations = {"test_one.py": 1.0, "test_two.py": 9.0, "test_three.py": 5.0}
    _, started = run("first", failed, "-n", "1", wiring={"durations": durations})
    assert started[:3] == ["test_two.py::test_a", "test_three.py::test_a", "test_one.py::test_a"]


NATIVE = "[pytest]\naddopts = -p no:hypothesispytest -p no:anyio\n"


@pytest.fixture
def native(run, suite):
    """The same for a pytest that has its own cache."""
    (suite.folder / "tox.ini").write_text(NATIVE)
    return run


@pytest.mark.parametrize("workers", ["0", "2"])
def test_pytests_own_last_failed_runs_what_failed_in_earlier_runs(native, workers):
    failed = ["test_one.py::test_odd[[1]]", "test_three.py::test_b"]
    ran, started = native("", failed, "--lf", "-n", workers)
    assert sorted(started) == sorted(failed)
    if workers == "0":
        ran.result.stdout.fnmatch_lines(["run-last-failure: rerun previous 2 failures*"])


def test_pytests_own_failed_first_runs_them_first_with_workers_too(native):
    failed = ["test_three.py::test_b"]
    assert native("", failed, "--ff", "-n", "0")[1][0] == failed[0]
    assert native("", failed, "--ff", "-n", "1", "--dist", "loadscope")[1][0] == failed[0]


def test_pytests_own_new_first_knows_the_tests_of_earlier_runs(native):
    new = "test_three.py::TestOne::test_c"
    _, started = native("", [], "--nf", "-n", "0", known=[each for each in ids() if each != new])
    assert started[0] == new


def test_the_cache_is_where_the_project_has_it(native, suite):
    (suite.folder / "tox.ini").write_text(f"{NATIVE}cache_dir = var/cache\n")
    assert native("", ["test_two.py::test_a"], "--lf", "-n", "0")[1] == ["test_two.py::test_a"]
    assert (suite.folder / "var/cache/v/cache/lastfailed").exists()
    assert not (suite.folder / ".pytest_cache").exists()


def test_a_cache_that_cannot_be_written_is_none(native, suite):
    (suite.folder / "blocked").touch()
    (suite.folder / "tox.ini").write_text(f"{NATIVE}cache_dir = blocked/cache\n")
    assert native("", ["test_two.py::test_a"], "--lf", "-n", "0", "-W", "ignore")[1] == ids()


def test_without_such_an_option_nothing_is_written_before_the_tests(native, suite):
    (suite.folder / "conftest.py").write_text(
        "from pathlib import Path\ndef pytest_sessionstart(): assert not Path('.pytest_cache').exists()\n"
    )
    assert len(native("", ["test_two.py::test_a"], "-n", "0")[1]) == len(ids())


@pytest.mark.parametrize(
    ("nodeid", "plain"),
    [
        ("a.py::test_a", "a.py::test_a"),
        ("a.py::test_a@group", "a.py::test_a"),
        ("a.py::test_a[x@y]", "a.py::test_a[x@y]"),
        ("a.py::test_a[x@y]@group", "a.py::test_a[x@y]"),
        ("@a/b.py::test_a", "@a/b.py::test_a"),
        ("a@b.py", "a@b.py"),
    ],
)
def test_the_name_of_a_group_is_no_part_of_a_plain_id(nodeid, plain):
    assert find_plain(nodeid) == plain
