"""Plans: which passes of pytest a selection makes, and that every selected test is in exactly one of them."""

from itertools import chain, combinations

import pytest
from _pytest.mark.expression import Expression

from runner.core.groups import DEFAULT_GROUPS, Group
from runner.core.passes import Needs, Pass
from runner.core.plan import (
    LOADED,
    RESULTS,
    History,
    Plan,
    Selection,
    make_collection_plan,
    make_plan,
    make_pytest_args,
)
from runner.core.settings import Settings
from runner.errors import SettingsError

pytestmark = pytest.mark.unit

CPUS = 4
OWN_GROUPS = {
    **DEFAULT_GROUPS,
    "pure": Group(marks=["pure", "quick"], when=["commit"], database=False),
    "heavy": Group(marks=["heavy"], workers=1),
    "lone": Group(marks=["lone"], workers=0, database=False),
    "hidden": Group(marks=["hidden"], default=False),
}


def make_settings(groups=DEFAULT_GROUPS, **values):
    return Settings(groups=dict(groups), **values)


def plan_for(declared=DEFAULT_GROUPS, **selection):
    return make_plan(make_settings(declared), Selection(**selection), CPUS)


def describe(plan):
    return [(each.name, each.mark, each.needs.workers, each.needs.database) for each in plan.passes]


def matches(expression, marks):
    return not expression or Expression.compile(expression).evaluate(lambda name, **_: name in marks)


def find_passes(plan, marks):
    """The passes that a test with these marks runs in."""
    return [each.name for each in plan.passes if matches(each.mark, marks)]


def subsets(words):
    words = list(words)
    return [frozenset(each) for each in chain.from_iterable(combinations(words, n) for n in range(len(words) + 1))]


@pytest.mark.smoke
def test_the_default_selection_is_all_but_the_groups_that_wait_to_be_asked_for():
    assert describe(plan_for()) == [
        ("security", "(security) and (not (performance))", CPUS, True),
        ("default", "not (performance or security)", CPUS, True),
    ]


def test_without_groups_that_wait_to_be_asked_for_every_test_is_selected():
    assert describe(plan_for({"smoke": DEFAULT_GROUPS["smoke"]})) == [("default", "", CPUS, True)]


def test_a_group_selects_its_marks():
    assert describe(plan_for(groups=("smoke",))) == [("smoke", "smoke", CPUS, True)]


def test_a_repeated_group_option_selects_the_tests_of_each():
    plan = plan_for(groups=("smoke", "slow"))
    assert describe(plan) == [("smoke+slow", "smoke or slow", CPUS, True)]


def test_a_group_with_several_marks_selects_the_tests_with_any():
    assert describe(plan_for({"a": Group(marks=["x", "y"])}, groups=("a",))) == [("a", "x or y", CPUS, True)]


def test_a_moment_selects_every_group_of_it():
    assert describe(plan_for(moment="nightly")) == [
        ("security", "security", CPUS, True),
        ("slow+e2e", "(slow or e2e) and (not (security))", CPUS, True),
    ]


def test_a_moment_and_a_group_are_added_up_without_doubles():
    plan = plan_for(moment="nightly", groups=("smoke", "slow"))
    assert [each.name for each in plan.passes] == ["security", "smoke+slow+e2e"]


def test_a_moment_selects_groups_that_the_default_selection_leaves_out():
    assert describe(plan_for(moment="release")) == [
        ("performance", "performance", 0, True),
        ("slow", "(slow) and (not (performance))", CPUS, True),
    ]


def test_performance_runs_without_workers_whatever_the_run_has():
    settings = make_settings(workers=8)
    assert describe(make_plan(settings, Selection(groups=("performance",)), CPUS)) == [
        ("performance", "performance", 0, True)
    ]


def test_a_group_with_auto_workers_gets_the_cpus_where_the_run_has_another_number():
    settings = make_settings({"a": Group(marks=["a"], workers="auto")}, workers=1)
    assert describe(make_plan(settings, Selection(), CPUS)) == [
        ("a", "a", CPUS, True),
        ("default", "not (a)", 1, True),
    ]


def test_the_pass_without_a_database_comes_first():
    plan = plan_for({"db": Group(marks=["db"], workers=0), "pure": Group(marks=["pure"], database=False)})
    assert [(each.name, each.needs.database) for each in plan.passes] == [
        ("pure", False),
        ("db", True),
        ("default", True),
    ]


def test_a_plan_without_a_pass_with_a_database_needs_none():
    assert not plan_for(OWN_GROUPS, groups=("pure", "lone")).database
    assert plan_for(OWN_GROUPS, groups=("pure", "smoke")).database


def test_there_is_a_slot_for_each_worker_of_the_largest_pass_with_a_database():
    groups = {"pure": Group(marks=["pure"], database=False, workers=9), "db": Group(marks=["db"], workers=2)}
    settings = make_settings(groups, workers=1)
    [stage] = make_plan(settings, Selection(), CPUS).stages
    assert stage.slots == ("master", "gw0", "gw1")


def test_without_workers_there_is_only_the_slot_of_the_leading_process():
    [stage] = plan_for(groups=("performance",)).stages
    assert stage.slots == ("master",)


def test_a_mark_expression_is_added_to_the_selection():
    assert describe(plan_for(groups=("smoke",), mark="not api")) == [("smoke", "(smoke) and (not api)", CPUS, True)]


def test_a_mark_expression_with_or_keeps_its_meaning():
    mark = plan_for(groups=("smoke",), mark="api or cli").passes[0].mark
    assert matches(mark, {"smoke", "cli"})
    assert not matches(mark, {"cli"})
    assert not matches(mark, {"smoke"})


def test_a_mark_expression_that_names_a_group_left_out_by_default_selects_it():
    plan = plan_for(mark="performance")
    assert find_passes(plan, {"performance"}) == ["performance"]
    assert [each.needs.workers for each in plan.passes if each.name == "performance"] == [0]


def test_a_mark_expression_that_names_a_hidden_group_selects_it():
    assert find_passes(plan_for(OWN_GROUPS, mark="hidden and not slow"), {"hidden"}) == ["default"]


def test_a_mark_expression_does_not_bring_in_groups_that_it_does_not_name():
    assert find_passes(plan_for(OWN_GROUPS, mark="smoke"), {"smoke", "hidden"}) == []


@pytest.mark.parametrize(
    ("selection", "is_selected"),
    [
        ({}, lambda marks: not marks & {"performance", "hidden"}),
        ({"groups": ("smoke",)}, lambda marks: "smoke" in marks),
        ({"groups": ("pure", "smoke")}, lambda marks: marks & {"pure", "quick", "smoke"}),
        ({"groups": ("heavy", "lone", "pure")}, lambda marks: marks & {"heavy", "lone", "pure", "quick"}),
        ({"moment": "commit"}, lambda marks: marks & {"smoke", "pure", "quick"}),
        ({"groups": ("hidden", "performance")}, lambda marks: marks & {"hidden", "performance"}),
        ({"groups": ("smoke", "lone"), "mark": "not heavy"}, lambda m: m & {"smoke", "lone"} and "heavy" not in m),
    ],
    ids=["default", "one group", "two groups", "special groups", "moment", "hidden groups", "mark too"],
)
@pytest.mark.slow
def test_every_selected_test_is_in_exactly_one_pass(selection, is_selected):
    plan = plan_for(OWN_GROUPS, **selection)
    wrong = {}
    for marks in subsets(["smoke", "performance", "pure", "quick", "heavy", "lone", "hidden"]):
        passes = find_passes(plan, marks)
        if len(passes) != bool(is_selected(marks)):
            wrong[marks] = passes
    assert wrong == {}


@pytest.mark.parametrize("selection", [{}, {"groups": tuple(OWN_GROUPS)}, {"mark": "performance or hidden"}])
def test_no_test_is_in_two_passes(selection):
    plan = plan_for(OWN_GROUPS, **selection)
    marks = ["smoke", "performance", "pure", "quick", "heavy", "lone", "hidden"]
    assert [each for each in subsets(marks) if len(find_passes(plan, each)) > 1] == []


def test_a_group_left_out_by_default_stays_out_whatever_else_its_tests_belong_to():
    plan = plan_for(OWN_GROUPS)
    assert find_passes(plan, {"smoke", "hidden"}) == []
    assert find_passes(plan, {"pure", "hidden"}) == []


def test_a_test_of_two_special_groups_runs_in_the_pass_with_fewer_workers():
    plan = plan_for(OWN_GROUPS, groups=("pure", "heavy", "lone"))
    assert find_passes(plan, {"pure", "lone"}) == ["lone"]
    assert find_passes(plan, {"pure", "heavy"}) == ["heavy"]


@pytest.mark.parametrize(
    ("selection", "what", "hint"),
    [
        ({"groups": ("smok",)}, "unknown group `smok`", "did you mean `smoke`"),
        (
            {"groups": ("smoke", "qqq")},
            "unknown group `qqq`",
            "known: e2e, performance, regression, security, slow, smoke",
        ),
        ({"moment": "night"}, "unknown moment `night`", "did you mean `nightly`"),
        ({"moment": "qqq"}, "unknown moment `qqq`", "known: commit, nightly, pull-request, release"),
    ],
)
def test_an_unknown_name_is_refused_with_the_nearest_one(selection, what, hint):
    with pytest.raises(SettingsError) as caught:
        plan_for(**selection)
    assert (caught.value.what, caught.value.cause, caught.value.hint) == (what, "", hint)


def test_a_moment_without_groups_is_refused():
    with pytest.raises(SettingsError) as caught:
        plan_for({"a": Group(marks=["a"])}, moment="commit")
    assert caught.value.as_text() == (
        "error: no group runs at `commit`\nhint:  set `when` of a group; `runner groups` lists them"
    )


def test_a_selection_is_told_in_the_words_of_the_command_line():
    selection = Selection(("smoke", "e2e"), "nightly", "not x", "login", ("tests/api",), ("-x",))
    assert selection.as_text() == '--group smoke --group e2e --when nightly -m "not x" -k "login" tests/api'
    assert Selection().as_text() == "the default selection"


def test_the_command_line_of_a_pass():
    plan = plan_for(groups=("smoke",))
    assert make_pytest_args(plan, plan.passes[0], colour=False) == [
        "-p",
        "no:ephemeral-runner",
        *LOADED,
        "--color=no",
        f"--junitxml={RESULTS}/smoke.xml",
        "-n",
        "4",
        "--dist",
        "loadscope",
        "--reruns",
        "2",
        "--reruns-delay",
        "1",
        "-m",
        "smoke",
    ]


def test_a_group_s_own_numbers_are_on_its_command_line():
    group = Group(marks=["a"], dist="load", reruns=0, reruns_delay=0.25, workers=1, pytest_args=["-v"])
    plan = make_plan(make_settings({"a": group}, pytest_args=["-q"]), Selection(pytest_args=("-x",)), CPUS)
    [own] = [each for each in plan.passes if each.name == "a"]
    args = make_pytest_args(plan, own, colour=False)
    for option, value in {"-n": "1", "--dist": "load", "--reruns": "0", "--reruns-delay": "0.25"}.items():
        assert args[args.index(option) + 1] == value
    assert args[-5:] == ["-m", "a", "-q", "-v", "-x"]


def test_words_of_the_user_come_after_those_of_the_settings_which_come_after_ours():
    settings = make_settings(pytest_args=["-q"])
    selection = Selection(keyword="login", paths=("tests/a.py::test_b",), pytest_args=("--maxfail=1",))
    plan = make_plan(settings, selection, CPUS)
    args = make_pytest_args(plan, plan.passes[0], colour=True)
    assert args[6] == "--color=yes"
    assert args[-5:] == ["-k", "login", "-q", "--maxfail=1", "tests/a.py::test_b"]


def test_a_pass_for_every_test_has_no_mark_expression():
    plan = Plan(make_settings(), Selection(), (Pass("all", "", Needs(0, database=False)),))
    assert "-m" not in make_pytest_args(plan, plan.passes[0], colour=False)


def test_a_plan_that_collects_has_the_database_that_any_group_may_have():
    assert not make_collection_plan(make_settings(database=False)).database
    groups = {"db": Group(marks=["db"], database=True)}
    assert make_collection_plan(make_settings(database=False, groups=groups)).database


def test_a_plan_that_collects_runs_nothing_writes_no_result_file_and_refuses_no_mark():
    plan = make_collection_plan(make_settings(pytest_args=["-p", "mine"]))
    args = make_pytest_args(plan, plan.passes[0], colour=False)
    assert args == [
        "-p",
        "no:ephemeral-runner",
        *LOADED,
        "--color=no",
        "--collect-only",
        "-q",
        "-n",
        "0",
        "-o",
        "strict_markers=false",
        "-W",
        "ignore::pytest.PytestUnknownMarkWarning",
        "-p",
        "mine",
    ]
    [stage] = plan.stages
    assert (stage.slots, stage.isolation, plan.database) == (("master",), "schema", True)


def test_the_stages_of_the_default_groups_differ_by_their_network():
    first, second = plan_for(moment="nightly").stages
    assert ([each.name for each in first.passes], first.egress) == (["slow+e2e"], True)
    assert ([each.name for each in second.passes], second.egress) == (["security"], False)


STAGED = {
    "pure": Group(marks=["pure"], database=False),
    "other": Group(marks=["other"], isolation="database"),
    "shut": Group(marks=["shut"], egress=False, database=False),
    "lone": Group(marks=["lone"], workers=0),
}


def test_a_pass_without_a_database_shares_the_containers_of_one_that_has_its_network():
    stages = make_plan(make_settings(STAGED), Selection(), CPUS).stages
    assert [[each.name for each in stage.passes] for stage in stages] == [
        ["pure", "lone", "default"],
        ["other"],
        ["shut"],
    ]
    assert [(stage.database, stage.egress, stage.isolation) for stage in stages] == [
        (True, True, "schema"),
        (True, True, "database"),
        (False, False, "schema"),
    ]
    assert [stage.slots for stage in stages][2] == ("master",)


def test_passes_without_a_database_share_containers_whatever_their_kind_of_slot():
    groups = {
        "a": Group(marks=["a"], database=False, isolation="database"),
        "b": Group(marks=["b"], database=False, isolation="none"),
    }
    [stage] = make_plan(make_settings(groups), Selection(groups=("a", "b")), CPUS).stages
    assert sorted(each.name for each in stage.passes) == ["a", "b"]
    assert not stage.database


@pytest.mark.parametrize("selection", [{}, {"moment": "nightly"}, {"groups": tuple(OWN_GROUPS)}])
def test_every_pass_is_in_exactly_one_stage(selection):
    plan = plan_for(OWN_GROUPS | STAGED, **selection)
    staged = [each.name for stage in plan.stages for each in stage.passes]
    assert sorted(staged) == sorted(each.name for each in plan.passes)
    for stage in plan.stages:
        assert len({each.needs.egress for each in stage.passes}) == 1
        assert len({each.needs.isolation for each in stage.passes if each.needs.database}) <= 1


@pytest.mark.parametrize(("tests", "workers"), [(None, [0, 4]), (100, [0, 4]), (3, [0, 3]), (1, [0, 1]), (0, [0, 1])])
def test_there_are_no_more_workers_than_the_selection_had_tests_the_last_time(tests, workers):
    settings = make_settings({"lone": Group(marks=["lone"], workers=0)})
    plan = make_plan(settings, Selection(), CPUS, history=History(tests, {"a.py::test_a": 2.0}))
    assert [each.needs.workers for each in plan.passes] == workers
    assert plan.durations == {"a.py::test_a": 2.0}


def test_a_plan_keeps_the_seed():
    assert make_plan(make_settings(), Selection(), CPUS).seed is None
    assert make_plan(make_settings(), Selection(), CPUS, seed=0).seed == 0
