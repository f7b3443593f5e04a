"""The default groups, and what a group demands of its fields."""

import pytest

from runner.core.groups import DEFAULT_GROUPS, MOMENTS, Group

pytestmark = pytest.mark.unit


def test_each_default_group_has_its_own_name_as_mark():
    assert {name: group.marks for name, group in DEFAULT_GROUPS.items()} == {name: [name] for name in DEFAULT_GROUPS}


def test_every_moment_has_a_default_group():
    assert {moment for group in DEFAULT_GROUPS.values() for moment in group.when} == set(MOMENTS)


def test_every_default_group_says_what_it_is():
    assert all(group.description for group in DEFAULT_GROUPS.values())


def test_performance_runs_alone_and_only_when_asked_for():
    performance = DEFAULT_GROUPS["performance"]
    assert (performance.workers, performance.default) == (0, False)


def test_a_group_cannot_be_changed_afterwards():
    with pytest.raises(AttributeError, match="immutable"):
        Group(marks=["a"]).database = False


def test_only_tests_of_security_are_cut_off_from_the_network_by_default():
    assert [name for name, group in DEFAULT_GROUPS.items() if not group.egress] == ["security"]


def test_a_group_takes_the_run_s_settings_unless_it_says_otherwise():
    group = Group(marks=["a"])
    own = ("workers", "database", "isolation", "dist", "reruns", "reruns_delay", "timeout", "retry_budget")
    assert {getattr(group, name) for name in own} == {None}
    assert (group.environment, group.pytest_args) == ({}, [])
    assert (group.egress, group.default) == (True, True)
