"""The retry budget: how many retries are allowed, and which budgets were not kept."""

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runner.core.budget import Overrun, allow, check_budget

pytestmark = pytest.mark.unit

quick = settings(database=None, deadline=None)
counts = st.integers(0, 10**6)
shares = st.integers(0, 10_000).map(lambda number: number / 10_000)
names = st.sampled_from(["smoke", "slow", "e2e"])
suites = st.dictionaries(st.sampled_from([f"t{number}" for number in range(30)]), st.sets(names))


@pytest.mark.smoke
@pytest.mark.parametrize(
    ("tests", "share", "allowed"),
    [
        (300, 0.01, 3),
        (299, 0.01, 2),
        (100, 0.29, 29),
        (1000, 0.001, 1),
        (50, 0.01, 1),
        (1, 0.01, 1),
        (0, 0.01, 1),
        (10**9, 1e-9, 1),
        (10**18, 0.1, 10**17),
        (7, 1, 7),
        (7, 1.0, 7),
        (7, 0, 0),
        (7, 0.0, 0),
        (0, 0, 0),
    ],
)
def test_so_many_tests_may_need_a_retry(tests, share, allowed):
    assert allow(tests, share) == allowed


def test_floats_would_have_said_one_less():
    assert int(100 * 0.29) == 28


@given(counts, st.integers(1, 10_000))
@quick
def test_a_share_counts_as_the_decimal_that_was_written(tests, number):
    assert allow(tests, number / 10_000) == max(1, int(tests * Fraction(number, 10_000)))


@given(counts, counts, shares, shares)
@quick
def test_more_tests_or_a_greater_share_never_allow_less(tests, more, share, greater):
    (tests, more), (share, greater) = sorted((tests, more)), sorted((share, greater))
    assert 0 <= allow(tests, share) <= allow(more, share)
    assert allow(tests, share) <= allow(tests, greater)


@given(counts, shares.filter(bool))
@quick
def test_never_more_than_all_and_never_none(tests, share):
    assert 1 <= allow(tests, share) <= max(1, tests)


def make_suite(tests, *groups):
    return {f"t{number}": groups for number in range(tests)}


@pytest.mark.smoke
def test_a_run_within_its_budget_has_no_overrun():
    assert check_budget(make_suite(300), ["t1", "t2", "t3"], 0.01, {}) == []


def test_one_retry_too_many_is_an_overrun_of_the_run():
    assert check_budget(make_suite(300), ["t1", "t2", "t3", "t4"], 0.01, {}) == [
        Overrun(scope="run", tests=300, retried=4, allowed=3, share=0.01)
    ]


def test_a_test_that_was_tried_again_twice_counts_once():
    assert check_budget(make_suite(100), ["t1", "t1", "t1"], 0.01, {}) == []


def test_a_group_with_a_budget_of_its_own_is_checked_beside_the_run():
    suite = make_suite(100, "smoke") | {"s1": ["slow", "smoke"], "s2": ["slow"]}
    assert check_budget(suite, ["s1"], 0.05, {"slow": 0, "smoke": 0.01, "e2e": 0}) == [
        Overrun(scope="slow", tests=2, retried=1, allowed=0, share=0)
    ]


def test_the_run_comes_first_then_the_groups_in_their_order():
    suite = make_suite(3, "b", "a")
    found = check_budget(suite, ["t0", "t1"], 0.01, {"b": 0.5, "a": 0})
    assert [(each.scope, each.retried, each.allowed) for each in found] == [("run", 2, 1), ("b", 2, 1), ("a", 2, 0)]


def test_groups_without_a_budget_of_their_own_are_not_checked():
    assert check_budget(make_suite(10, "slow"), ["t1"], 0.1, {}) == []


def test_a_test_that_was_tried_again_but_never_finished_counts_for_the_run():
    assert check_budget({"t1": []}, ["t2"], 0, {"slow": 0}) == [
        Overrun(scope="run", tests=2, retried=1, allowed=0, share=0)
    ]


def test_a_group_may_come_from_an_iterator():
    assert [each.scope for each in check_budget({"t1": iter(["a", "b"])}, {"t1"}, 1, {"b": 0, "a": 0})] == ["b", "a"]


def test_an_empty_run_keeps_every_budget():
    assert check_budget({}, [], 0, {"slow": 0}) == []


@given(suites, st.data())
@quick
def test_with_a_budget_of_none_any_retry_is_an_overrun(suite, data):
    retried = data.draw(st.sets(st.sampled_from(sorted(suite)))) if suite else set()
    touched = {name for test in retried for name in suite[test]}
    found = check_budget(suite, retried, 0, dict.fromkeys(["smoke", "slow", "e2e"], 0))
    assert {each.scope for each in found} == touched | ({"run"} if retried else set())


@given(suites, shares, shares, st.data())
@quick
def test_another_retry_never_mends_an_overrun(suite, share, group_share, data):
    tests = st.sets(st.sampled_from(sorted(suite))) if suite else st.just(set())
    fewer = data.draw(tests)
    more = fewer | data.draw(tests)
    before, after = (check_budget(suite, each, share, {"slow": group_share}) for each in (fewer, more))
    assert {each.scope for each in before} <= {each.scope for each in after}
    assert all(0 <= each.allowed < each.retried <= each.tests for each in after)
