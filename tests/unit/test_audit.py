"""The audit on simulated suites, whose hidden dependencies are known."""

import random
from itertools import groupby
from math import ceil, log2

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.core.audit import LIMIT, audit
from runner.core.findings import Finding, describe
from runner.core.narrowing import narrow
from runner.core.shuffling import shuffle
from runner.plugin import ordering

pytestmark = pytest.mark.unit

PARTS = st.sampled_from(["a", "b", "C", "D", "test_1", "test_2", "test_1[x::y]", "test_2[a/b.py::c]"])
IDS = st.lists(PARTS, min_size=1, max_size=4).map("::".join)


class Simulation:
    """Runs tests whose verdicts follow from rules, and counts.

    A rule is asked for a test and those that ran before it; it gives a verdict, or None where it has none.
    """

    def __init__(self, *rules, crash=None):
        self.rules = rules
        self.crash = crash
        self.runs = []

    def __call__(self, order):
        assert len(set(order)) == len(order)
        self.runs.append(list(order))
        verdicts = {}
        for number, test in enumerate(order):
            if self.crash and self.crash(test, order[:number]):
                break
            verdicts[test] = next(filter(None, (rule(test, order[:number]) for rule in self.rules)), "passed")
        return verdicts


def spoils(culprit, victim, verdict="failed"):
    return lambda test, before: verdict if test == victim and culprit in before else None


def provides(culprit, victim):
    return lambda test, before: "failed" if test == victim and culprit not in before else None


def always(test, verdict):
    return lambda each, _before: verdict if each == test else None


def search(tests, *rules, seed=1, limit=LIMIT, crash=None):
    """What the audit finds, and the simulation."""
    simulation = Simulation(*rules, crash=crash)
    findings = audit(tests, simulation, seed, lambda _text: None, limit)
    assert findings.runs == len(simulation.runs)
    return findings, simulation


def list_pairs(findings):
    return [(each.kind, each.company, each.test) for each in findings.findings]


def name_tests(count):
    return [f"tests/test_{number // 5}.py::test_{number}" for number in range(count)]


@st.composite
def draw_pair(draw):
    """Tests, and two of them."""
    tests = name_tests(draw(st.integers(2, 60)))
    one, other = draw(st.permutations(range(len(tests))))[:2]
    return tests, tests[one], tests[other]


@given(draw_pair(), st.integers())
def test_a_hidden_pair_is_found_exactly_in_few_runs(drawn, seed):
    tests, culprit, victim = drawn
    findings, simulation = search(tests, spoils(culprit, victim), seed=seed)
    assert list_pairs(findings) == [("fails after", (culprit,), victim)]
    assert findings.unresolved == ()
    # Three orders, one alone, the halves and their end, and two repetitions of two.
    assert len(simulation.runs) <= 3 + 1 + ceil(log2(len(tests))) + 1 + 4


@given(draw_pair(), st.integers())
def test_a_test_that_needs_another_is_found_with_it_in_few_runs(drawn, seed):
    tests, provider, victim = drawn
    findings, simulation = search(tests, provides(provider, victim), seed=seed)
    assert list_pairs(findings) == [("needs", (provider,), victim)]
    assert len(simulation.runs) <= 3 + 1 + ceil(log2(len(tests))) + 1 + 4


@given(st.data())
def test_a_combination_is_found_without_what_it_can_do_without(data):
    tests = name_tests(data.draw(st.integers(4, 40)))
    *culprits, victim = data.draw(st.permutations(tests))[: data.draw(st.integers(3, 4))]

    def rule(test, before):
        return "failed" if test == victim and set(culprits) <= set(before) else None

    # Only where all of the culprits come before the victim in some order is there anything to see.
    seed = data.draw(st.integers())
    seen = any(rule(victim, order[: order.index(victim)]) for order in (tests, tests[::-1], shuffle(tests, seed)))
    findings, simulation = search(tests, rule, seed=seed)
    found = [(each.kind, set(each.company), each.test) for each in findings.findings]
    assert found == ([("fails after", set(culprits), victim)] if seen else [])
    assert len(simulation.runs) <= 8 + (len(culprits) + 1) * (ceil(log2(len(tests))) + 3)


@given(st.data())
def test_several_victims_are_found_with_their_own_culprits(data):
    tests = name_tests(data.draw(st.integers(6, 40)))
    names = data.draw(st.permutations(tests))
    pairs = list(zip(names[:3], names[3:6], strict=True))
    findings, _ = search(tests, *(spoils(*pair) for pair in pairs))
    assert {(each.company, each.test) for each in findings.findings} == {((one,), other) for one, other in pairs}


def test_many_victims_of_one_culprit_take_few_runs_each():
    tests = name_tests(100)
    rules = [spoils(tests[50], victim, "error") for victim in tests[51:71]]
    findings, simulation = search(tests, *rules)
    assert {each.test for each in findings.findings} == {*tests[51:71]}
    assert {each.company for each in findings.findings} == {(tests[50],)}
    assert len(simulation.runs) <= 3 + 8 + 20 * 6


def test_one_of_two_culprits_is_enough():
    tests = name_tests(20)
    findings, _ = search(tests, spoils(tests[3], tests[10]), spoils(tests[7], tests[10]))
    ((kind, company, victim),) = list_pairs(findings)
    assert (kind, victim) == ("fails after", tests[10])
    assert company in {(tests[3],), (tests[7],)}


def test_a_dependency_that_a_third_test_hides_in_one_order_shows_in_another():
    tests = name_tests(9)

    def rule(test, before):
        return "failed" if test == tests[4] and tests[0] in before and tests[2] not in before else None

    for seed in range(100):
        order = shuffle(tests, seed)
        if rule(tests[4], order[: order.index(tests[4])]):
            break
    findings, _ = search(tests, rule, seed=seed)
    assert list_pairs(findings) == [("fails after", (tests[0],), tests[4])]


def test_the_order_with_the_fewest_tests_before_is_searched():
    tests = name_tests(40)
    culprit, victim = tests[:2]
    orders = {seed: shuffle(tests, seed) for seed in range(100)}
    seed = next(seed for seed, order in orders.items() if 2 < order.index(culprit) < order.index(victim))
    findings, simulation = search(tests, spoils(culprit, victim), seed=seed)
    assert list_pairs(findings) == [("fails after", (culprit,), victim)]
    assert simulation.runs[3:] == [[victim], *[[culprit, victim]] * 3, *[[victim]] * 2]


def test_tests_that_passed_somewhere_are_looked_at_before_those_that_always_failed():
    tests = name_tests(40)
    findings, _ = search(
        tests, *(always(test, "failed") for test in tests[:20]), spoils(tests[25], tests[30]), limit=20
    )
    assert list_pairs(findings) == [("fails after", (tests[25],), tests[30])]
    assert {*findings.unresolved} < {*tests[:20]}


def test_a_culprit_may_be_a_victim_of_another():
    tests = name_tests(3)
    findings, _ = search(tests, spoils(tests[1], tests[0]), spoils(tests[2], tests[1]))
    assert list_pairs(findings) == [
        ("fails after", (tests[1],), tests[0]),
        ("fails after", (tests[2],), tests[1]),
    ]


def test_a_company_that_crashes_says_nothing():
    tests = [f"a.py::{name}" for name in ("first", "other", "crashes_without_first", "needed", "victim")]

    def crash(test, before):
        return test == tests[2] and tests[0] not in before

    findings, _ = search(tests, provides(tests[3], tests[4]), crash=crash)
    assert list_pairs(findings) == [("needs", (tests[3],), tests[4])]


def test_what_only_keeps_another_test_from_hiding_the_difference_is_left_out():
    def shows(some):
        return {"b1", "b2"} <= {*some} and not ("hides" in some and "keeps" not in some)

    assert narrow(("keeps", "b1", "hides", "b2"), shows) == ("b1", "b2")


def test_the_verdicts_of_a_finding_are_those_that_were_seen():
    tests = ["a.py::t1", "a.py::t2"]
    findings, _ = search(tests, spoils(tests[0], tests[1], "error"), seed=0)
    order = shuffle(tests, 0)
    shuffled = {"shuffled": "passed"} if order not in (tests, tests[::-1]) else {}
    seen = {"as declared": "error", "reversed": "passed", **shuffled, "alone": "passed", "in company": "error"}
    assert findings.findings == (Finding(tests[1], "fails after", (tests[0],), seen),)


@pytest.mark.parametrize("verdict", ["failed", "error"])
def test_a_test_that_fails_everywhere_is_no_finding(verdict):
    tests = name_tests(10)
    findings, simulation = search(tests, always(tests[3], verdict))
    assert (findings.findings, findings.unresolved) == ((), ())
    assert len(simulation.runs) == 4


@pytest.mark.parametrize("verdict", ["passed", "skipped", "xfailed"])
def test_a_suite_in_which_nothing_fails_takes_three_runs(verdict):
    tests = name_tests(10)
    findings, simulation = search(tests, always(tests[3], verdict))
    assert (findings.findings, findings.unresolved, findings.runs) == ((), (), 3)
    assert simulation.runs == [tests, tests[::-1], shuffle(tests, 1)]


@pytest.mark.parametrize(("tests", "runs"), [([], 0), (["a"], 1), (["a", "a"], 1)])
def test_orders_that_are_the_same_run_once(tests, runs):
    assert search(tests)[0].runs == runs


def test_a_test_that_fails_by_chance_is_unsteady():
    tests = name_tests(30)
    kinds = []
    for seed in range(200):
        chance = random.Random(seed)

        def rule(test, before, chance=chance):
            return "failed" if test == tests[20] and chance.random() < 0.5 else None

        findings, _ = search(tests, rule)
        assert {each.test for each in findings.findings} | {*findings.unresolved} <= {tests[20]}
        kinds += [each.kind for each in findings.findings]
        assert all(each.company == () for each in findings.findings if each.kind == "unsteady")
    assert kinds.count("unsteady") > 0.9 * len(kinds) > 90


def test_a_test_that_failed_once_is_unsteady():
    tests = name_tests(30)
    simulation = Simulation(
        lambda test, _before: "failed" if test in tests[8:10] and len(simulation.runs) == 2 else None
    )
    findings = audit(tests, simulation, 1, lambda _text: None)
    assert list_pairs(findings) == [("unsteady", (), tests[8]), ("unsteady", (), tests[9])]
    # One repetition of the order serves both.
    assert simulation.runs.count(tests[::-1]) == 2


def test_a_test_that_fails_alone_now_and_then_takes_no_repetition_of_all_tests():
    tests = name_tests(30)

    def rule(test, _before):
        return (
            "failed" if test == tests[9] and (len(simulation.runs) == 2 or simulation.runs.count([test]) == 2) else None
        )

    simulation = Simulation(rule)
    findings = audit(tests, simulation, 1, lambda _text: None)
    assert list_pairs(findings) == [("unsteady", (), tests[9])]
    assert simulation.runs.count(tests[::-1]) == 1


def test_what_later_tests_decide_is_unresolved():
    tests = name_tests(10)

    class Looking(Simulation):
        def __call__(self, order):
            verdicts = super().__call__(order)
            late = tests[9] in order[order.index(tests[4]) :] if tests[4] in order else False
            return {**verdicts, **({tests[4]: "error"} if late else {})}

    findings = audit(tests, Looking(), 1, lambda _text: None)
    assert (findings.findings, findings.unresolved) == ((), (tests[4],))


@given(st.integers(0, 60))
def test_the_limit_of_runs_is_kept_and_what_is_left_is_named(limit):
    tests = name_tests(50)
    findings, simulation = search(tests, *(spoils(tests[0], victim) for victim in tests[10:20]), limit=limit)
    assert len(simulation.runs) == min(limit, len(search(tests, *(spoils(tests[0], v) for v in tests[10:20]))[1].runs))
    if limit >= 3:
        assert {*tests[10:20]} == {each.test for each in findings.findings} | {*findings.unresolved}


def test_tests_behind_a_crash_have_no_verdict_and_are_not_suspected():
    tests = name_tests(10)
    findings, simulation = search(tests, always(tests[2], "failed"), crash=lambda test, _before: test == tests[5])
    assert (findings.findings, findings.unresolved) == ((), ())
    assert len(simulation.runs) == 4


def test_a_suspect_that_comes_to_no_verdict_alone_is_unresolved():
    tests = name_tests(4)

    def run(order):
        return {} if list(order) == [tests[1]] else {tests[1]: "failed" if order[0] == tests[0] else "passed"}

    findings = audit(tests, run, 1, lambda _text: None)
    assert (findings.findings, findings.unresolved) == ((), (tests[1],))


def test_what_goes_on_is_told_in_sentences():
    told = []
    tests = ["a.py::one", "a.py::two"]
    audit(tests, Simulation(spoils(*tests)), 1, told.append)
    assert told[:2] == ["all 2 tests, as declared", "all 2 tests, reversed"]
    assert told[-2:] == [
        "a.py::two alone: passed, as declared: failed; looking through 1 tests before it",
        "a.py::two fails when a.py::one runs first; alone it passes",
    ]


@pytest.mark.parametrize(
    ("kind", "company", "verdicts", "text"),
    [
        ("fails after", ("a",), ("passed", "failed"), "t fails when a runs first; alone it passes"),
        (
            "fails after",
            ("a", "b"),
            ("skipped", "error"),
            "t has an error when a, then b run first; alone it is skipped",
        ),
        ("needs", ("a",), ("failed", "passed"), "t fails alone; when a runs first, it passes"),
        ("needs", ("a",), ("error", "xfailed"), "t has an error alone; when a runs first, it is xfailed"),
        ("unsteady", (), ("", ""), "t is unsteady: the same tests in the same order gave it different verdicts"),
    ],
)
def test_a_finding_is_a_sentence(kind, company, verdicts, text):
    assert describe(Finding("t", kind, company, dict(zip(("alone", "in company"), verdicts, strict=True)))) == text


@given(st.integers(1, 40), st.randoms())
def test_whatever_shows_is_narrowed_to_something_that_shows(count, chance):
    # Also where more tests hide what fewer showed.
    company = tuple(map(str, range(count)))
    known = {}

    def shows(some):
        return known.setdefault(tuple(some), bool(some) and chance.random() < 0.5)

    found = narrow(company, shows)
    assert shows(company if found is None else found) is (found is not None)
    assert found is None or [each for each in company if each in found] == [*found]


@given(st.lists(IDS), st.integers())
def test_a_shuffled_order_is_a_permutation_and_the_plugins_own(tests, seed):
    order = shuffle(tests, seed)
    assert sorted(order) == sorted(tests)
    assert order == shuffle(tests, seed) == ordering.shuffle(tests, str, seed)


@given(st.lists(st.from_regex(r"[abc]::[CDE]::[1-4]", fullmatch=True), unique=True), st.integers())
def test_files_and_classes_stay_together(tests, seed):
    for length in (1, 4):
        prefixes = [each[:length] for each in shuffle(tests, seed)]
        runs = [prefix for prefix, _ in groupby(prefixes)]
        assert len(runs) == len(set(runs))


def test_every_order_of_files_of_classes_and_of_tests_comes():
    tests = ["a::C::1", "a::C::2", "a::D::3", "b::4"]
    assert len({tuple(shuffle(tests, seed)) for seed in range(200)}) == 8
