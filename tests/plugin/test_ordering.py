"""The order of tests: exact, random or the longest scopes first; the same in every worker."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.plugin.ordering import find_scope, is_wanted, make_longest_first, shuffle, split

pytestmark = pytest.mark.unit

MODULE = """
import pytest
def test_a(): pass
def test_b(): pass
class TestOne:
    def test_c(self): pass
    def test_d(self): pass
@pytest.mark.slow
def test_e(): pass
"""
DECLARED = ["test_a", "test_b", "TestOne::test_c", "TestOne::test_d", "test_e"]


class Item:
    def __init__(self, nodeid):
        self.nodeid = nodeid


@pytest.fixture
def run(suite):
    """Runs two files of the same tests in an order of the runner's; the ids in the order in which they ran."""

    def run_tests(*args, **wiring):
        if "order" in wiring:
            path = suite.folder / "order.json"
            path.write_text(json.dumps(wiring["order"]))
            wiring["order"] = str(path)
        suite.reports.write_text("")
        suite.provide(None, wiring=wiring)
        for name in ("one", "two"):
            (suite.folder / f"test_{name}.py").write_text(MODULE)
        ran = suite.run(*(args or ("-n", "0")))
        assert ran.result.ret == 0
        return ran, [each["test"] for each in ran.named("test-started")]

    return run_tests


def ids(*files):
    return [f"test_{name}.py::{test}" for name in files or ("one", "two") for test in DECLARED]


def test_without_an_order_tests_run_as_declared(run):
    assert run()[1] == ids()


@pytest.mark.smoke
def test_an_exact_order_is_kept_and_the_other_tests_are_left_out(run):
    order = ["test_two.py::test_b", "test_one.py::TestOne::test_d", "test_two.py::test_a"]
    ran, started = run(order=[*order, "test_two.py::test_gone"])
    assert started == order
    ran.result.assert_outcomes(passed=3, deselected=7)


def test_an_exact_order_does_not_bring_back_what_the_selection_left_out(run):
    assert run("-n", "0", "-m", "not slow", order=["test_two.py::test_e", "test_one.py::test_a"])[1] == [
        "test_one.py::test_a"
    ]


@pytest.mark.smoke
def test_a_seed_gives_an_order_that_can_be_had_again(run):
    _, first = run(seed=5)
    _, again = run(seed=5)
    assert first == again
    assert sorted(first) == sorted(ids())
    assert first != ids()


def test_every_worker_comes_to_the_same_random_order(run):
    _, alone = run(seed=5)
    ran, started = run("-n", "2", "--dist", "loadscope", seed=5)
    ran.result.assert_outcomes(passed=10)
    for scope in {find_scope(each) for each in alone}:
        of_scope = [each for each in alone if find_scope(each) == scope]
        assert [each for each in started if find_scope(each) == scope] == of_scope


def test_the_longest_scope_starts_first_and_xdist_does_not_reorder(run):
    # xdist would begin with the files, which have more tests.
    durations = {"test_two.py::TestOne": 9.0, "test_one.py": 1.0, "test_two.py": 2.0}
    _, started = run("-n", "1", "--dist", "loadscope", durations=durations)
    scopes = list(dict.fromkeys(map(find_scope, started)))
    # The unknown one has the median.
    assert scopes[0] == "test_two.py::TestOne"
    assert scopes[-1] == "test_one.py"
    assert sorted(scopes[1:3]) == ["test_one.py::TestOne", "test_two.py"]
    assert sorted(started) == sorted(ids())


def test_durations_change_nothing_without_workers(run):
    assert run(durations={"test_two.py": 9.0})[1] == ids()


def test_durations_that_are_empty_change_nothing(run):
    assert sorted(run("-n", "1", durations={})[1]) == sorted(ids())


def test_an_order_is_wanted_where_there_is_a_seed_a_file_or_durations():
    assert not is_wanted({"seed": None, "order": None, "durations": {}})
    assert not is_wanted({})
    assert is_wanted({"seed": 0})
    assert is_wanted({"order": "/x"})
    assert is_wanted({"durations": {"a.py": 1.0}})


@pytest.mark.parametrize(
    ("nodeid", "parts", "scope"),
    [
        ("a.py::test_a", ["a.py", "test_a"], "a.py"),
        ("a.py::TestA::test_b", ["a.py", "TestA", "test_b"], "a.py::TestA"),
        ("a.py::test_c[x::y[1]]", ["a.py", "test_c[x::y[1]]"], "a.py"),
        ("a.py", ["a.py"], ""),
    ],
)
def test_a_parameter_may_hold_any_text(nodeid, parts, scope):
    assert split(nodeid) == parts
    assert find_scope(nodeid) == scope


def test_unknown_scopes_are_in_the_middle_and_equal_ones_stay_as_they_were():
    items = [Item(f"{name}.py::test") for name in ("short", "new", "newer", "long")]
    key = make_longest_first({"short.py": 1.0, "long.py": 9.0, "middle.py": 5.0})
    assert [each.nodeid.partition(".")[0] for each in sorted(items, key=key)] == ["long", "new", "newer", "short"]


IDS = st.lists(
    st.builds(
        lambda file, group, test: "::".join([file, *([group] if group else []), test]),
        st.sampled_from(["a.py", "b.py"]),
        st.sampled_from(["", "TestA", "TestB", "test_a"]),
        st.sampled_from(["test_a", "test_b[1::2]", "test_b[2]", "test_c"]),
    ),
    unique=True,
)


@given(items=IDS, seed=st.integers())
def test_a_random_order_has_every_test_once_and_can_be_had_again(items, seed):
    shuffled = shuffle(items, str, seed)
    assert sorted(shuffled) == sorted(items)
    assert shuffle(items, str, seed) == shuffled


@given(items=IDS, seed=st.integers())
def test_the_tests_of_a_file_and_of_a_class_stay_together(items, seed):
    shuffled = [split(each) for each in shuffle(items, str, seed)]
    for depth in (1, 2):
        above = [tuple(parts[:depth]) for parts in shuffled if len(parts) > depth]
        blocks = [key for number, key in enumerate(above) if number == 0 or above[number - 1] != key]
        assert len(blocks) == len(set(blocks))


def test_different_seeds_give_different_orders():
    items = [f"a.py::test_{number}" for number in range(20)]
    assert len({tuple(shuffle(items, str, seed)) for seed in range(10)}) == 10
