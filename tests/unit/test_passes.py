"""Passes: what groups need, and the mark expressions that put every test into exactly one of them."""

import pytest
from _pytest.mark.expression import Expression
from hypothesis import given
from hypothesis import strategies as st

from runner.core.groups import Group
from runner.core.passes import (
    Needs,
    Pass,
    Stage,
    find_marks,
    find_words,
    limit_workers,
    make_all,
    make_any,
    make_needs,
    make_none,
    make_passes,
)
from runner.core.settings import Settings

pytestmark = pytest.mark.unit

MARKS = ["a", "b", "c", "d"]
GROUPS = st.dictionaries(
    st.sampled_from(["one", "two", "three"]),
    st.builds(
        Group,
        marks=st.lists(st.sampled_from(MARKS), min_size=1, unique=True),
        workers=st.sampled_from([None, 0, 2, "auto"]),
        database=st.booleans(),
        default=st.booleans(),
        egress=st.booleans(),
        isolation=st.sampled_from([None, "schema", "database"]),
        reruns=st.sampled_from([None, 0, 2]),
        timeout=st.sampled_from([None, 5.0]),
        environment=st.sampled_from([{}, {"A": "1"}]),
    ),
)


def matches(expression, marks):
    return not expression or Expression.compile(expression).evaluate(lambda name, **_: name in marks)


@given(groups=GROUPS, marks=st.frozensets(st.sampled_from(MARKS)), data=st.data())
def test_every_selected_test_is_in_exactly_one_pass_and_no_other_in_any(groups, marks, data):
    chosen = data.draw(st.none() | st.lists(st.sampled_from([*groups] or ["x"]), min_size=1, unique=True).map(tuple))
    if not groups:
        chosen = None
    passes = make_passes(Settings(groups=groups), chosen, "", cpus=4)
    found = [each for each in passes if matches(each.mark, marks)]
    if chosen is None:
        is_selected = not any(marks & set(group.marks) for group in groups.values() if not group.default)
    else:
        is_selected = any(marks & set(groups[name].marks) for name in chosen)
    assert len(found) == is_selected
    assert all(not each.marks or each.marks & marks for each in found)


@given(groups=GROUPS)
def test_no_two_passes_need_the_same_and_those_without_a_database_come_first(groups):
    passes = make_passes(Settings(groups=groups), None, "", cpus=4)
    assert len({each.needs for each in passes}) == len(passes)
    databases = [each.needs.database for each in passes]
    assert databases == sorted(databases)
    assert len({each.name for each in passes}) == len(passes)


@given(groups=GROUPS, marks=st.frozensets(st.sampled_from(MARKS)), word=st.sampled_from(MARKS))
def test_a_mark_expression_narrows_the_selection_of_named_groups(groups, marks, word):
    chosen = tuple(groups) or None
    passes = make_passes(Settings(groups=groups), chosen, f"not {word}", cpus=4)
    assert not any(matches(each.mark, marks | {word}) for each in passes)


def test_a_group_takes_the_run_s_settings_where_it_has_none_of_its_own():
    settings = Settings(workers=3, isolation="database", dist="load", reruns=4, reruns_delay=0.5, timeout=70)
    assert make_needs(settings, Group(marks=["a"]), cpus=8) == Needs(
        3, isolation="database", dist="load", reruns=4, reruns_delay=0.5
    )


def test_a_run_without_a_database_has_one_for_the_groups_that_want_it():
    settings = Settings(
        database=False, groups={"db": Group(marks=["db"], database=True), "unit": Group(marks=["unit"])}
    )
    passes = make_passes(settings, None, "", cpus=2)
    assert [(each.name, each.needs.database) for each in passes] == [("default", False), ("db", True)]


def test_a_group_s_own_settings_count_also_where_they_are_zero():
    group = Group(
        marks=["a"],
        workers=0,
        database=False,
        egress=False,
        isolation="none",
        dist="worksteal",
        reruns=0,
        reruns_delay=0,
        timeout=9,
        environment={"B": "2", "A": "1"},
        pytest_args=["-v", "-x"],
    )
    settings = Settings(workers=3, isolation="database", dist="load", reruns=4, reruns_delay=0.5)
    assert make_needs(settings, group, cpus=8) == Needs(
        workers=0,
        database=False,
        egress=False,
        isolation="none",
        dist="worksteal",
        reruns=0,
        reruns_delay=0,
        timeout=9,
        environment=(("A", "1"), ("B", "2")),
        pytest_args=("-v", "-x"),
    )


def test_auto_is_the_number_of_cpus():
    assert make_needs(Settings(), Group(marks=["a"]), cpus=8).workers == 8
    assert make_needs(Settings(workers=1), Group(marks=["a"], workers="auto"), cpus=8).workers == 8


@pytest.mark.parametrize(
    ("workers", "limit", "expected"), [(4, 9, 4), (4, 3, 3), (4, 1, 1), (4, 0, 1), (0, 3, 0), (0, 0, 0), (1, 0, 1)]
)
def test_there_are_no_more_workers_than_the_limit_but_one_where_there_was_any(workers, limit, expected):
    assert limit_workers(Needs(workers, dist="load"), limit) == Needs(expected, dist="load")


def test_groups_with_the_same_needs_share_a_pass_whose_marks_are_all_of_theirs():
    groups = {name: Group(marks=[name, f"{name}2"], workers=0) for name in ("a", "b")}
    lone, rest = make_passes(Settings(groups=groups), None, "", cpus=2)
    assert (lone.name, lone.mark, lone.marks) == ("a+b", "a or a2 or b or b2", {"a", "a2", "b", "b2"})
    assert (rest.name, rest.mark, rest.marks) == ("default", "not (a or a2 or b or b2)", frozenset())


def make_pass(name, **needs):
    return Pass(name, "", Needs(**{"workers": 2, **needs}))


def test_a_stage_is_what_its_passes_need():
    stage = Stage((make_pass("a", database=False, isolation="none", workers=9), make_pass("b", isolation="database")))
    assert (stage.database, stage.egress, stage.isolation) == (True, True, "database")
    assert stage.slots == ("master", "gw0", "gw1")


def test_a_stage_without_a_database_has_the_usual_kind_of_slot():
    stage = Stage((make_pass("a", database=False, isolation="none", egress=False),))
    assert (stage.database, stage.egress, stage.isolation, stage.slots) == (False, False, "schema", ("master",))


def test_the_words_of_the_expression_language_are_no_marks():
    assert find_words("not (slow and e2e) or True") == {"slow", "e2e"}
    assert find_words("") == set()


def test_expressions_are_joined_so_that_each_keeps_its_meaning():
    assert make_all("", "a or b", "") == "a or b"
    assert make_all("a or b", "not c") == "(a or b) and (not c)"
    assert make_all() == ""


def test_expressions_for_groups_name_each_mark_once():
    groups = {"a": Group(marks=["x", "y"]), "b": Group(marks=["y", "z"])}
    assert make_any(groups, ["a", "b"]) == "x or y or z"
    assert make_none(groups, ["b"]) == "not (y or z)"
    assert (make_any(groups, []), make_none(groups, [])) == ("", "")
    assert find_marks(groups, ["a", "b"]) == {"x", "y", "z"}


def test_the_suite_s_own_expression_selects_where_the_user_chooses_nothing():
    settings = Settings(groups={"slow": Group(marks=["slow"], default=False)}, mark="not slow")
    assert [each.mark for each in make_passes(settings, None, "", 1)] == ["(not (slow)) and (not slow)"]
    assert [each.mark for each in make_passes(settings, None, "db", 1)] == ["(not (slow)) and (db)"]
    assert [each.mark for each in make_passes(settings, ("slow",), "", 1)] == ["slow"]
