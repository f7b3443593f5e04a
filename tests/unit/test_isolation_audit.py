"""The audit of isolations on trials whose verdicts are made up: which isolation is recommended, and why."""

import pytest

from runner.core.attempts import Attempt
from runner.core.isolation_audit import MODES, IsolationAudit
from runner.core.isolation_differences import NO_VERDICT, compare
from runner.core.isolation_rules import ENDED, HANG, IDS, find_difference, find_rule
from runner.core.isolation_words import describe_advice, summarize
from runner.core.trials import Trial
from runner.errors import EngineError

pytestmark = pytest.mark.unit

TESTS = [f"tests/test_a.py::test_{number}" for number in range(4)]
NAMED = "psycopg.errors.InsufficientPrivilege: permission denied for schema public"


def make_trial(changes=None, tests=TESTS, **fields):
    """A trial in which all tests passed but for some, given as verdict and message."""
    given = dict(changes or {})
    found = {test: given.get(test, ("passed", "")) for test in tests}
    attempts = {
        test: Attempt(test=test, number=1, verdict=verdict, seconds=0.1, message=message)
        for test, (verdict, message) in found.items()
        if verdict
    }
    return Trial(attempts, 1.0, **fields)


class Simulation:
    """Answers with trials by isolation and number of the call; serial runs pass unless it is told otherwise."""

    def __init__(self, serial=(), **parallel):
        self.answers = {(isolation, True): each for isolation, each in parallel.items()} | dict(serial)
        self.calls = []

    def __call__(self, isolation, with_workers):
        self.calls.append((isolation, with_workers))
        answer = self.answers.get((isolation, with_workers), [make_trial()])
        return answer[min(self.calls.count((isolation, with_workers)), len(answer)) - 1]


def search(simulation, configured="schema", tries_all=False):
    return IsolationAudit(simulation, lambda _: None, tries_all).search("default", configured)


def test_the_first_equal_isolation_is_tried_twice_and_no_other_after_it():
    simulation = Simulation()
    advice = search(simulation)
    assert advice.recommended == "schema"
    assert advice.is_right
    assert simulation.calls == [(MODES[-1], False), (MODES[-1], False), ("schema", True), ("schema", True)]
    assert advice.runs == 4


def test_a_difference_with_a_known_rule_decides_at_once():
    simulation = Simulation(schema=[make_trial({TESTS[1]: ("failed", NAMED)})])
    advice = search(simulation)
    assert advice.recommended == "database"
    assert not advice.is_right
    assert simulation.calls.count(("schema", True)) == 1
    (difference,) = advice.modes[0].differences
    assert (difference.test, difference.serial, difference.verdict) == (TESTS[1], "passed", "failed")
    assert difference.rule == "schema `public` named"
    assert difference.evidence == NAMED
    assert [*describe_advice(advice)][-1] == ('  write isolation = "database" in [tool.runner]; "schema" is not equal')


def test_a_difference_for_no_known_reason_has_to_come_twice():
    once = Simulation(schema=[make_trial({TESTS[0]: ("failed", "assert 1 == 2")}), make_trial()])
    advice = search(once)
    assert advice.recommended == "schema"
    assert advice.modes[0].unsteady == (TESTS[0],)
    twice = Simulation(schema=[make_trial({TESTS[0]: ("failed", "assert 1 == 2")})])
    assert search(twice).recommended == "database"


def test_a_difference_that_only_the_second_run_has_a_reason_for_decides_too():
    simulation = Simulation(schema=[make_trial(), make_trial({TESTS[2]: ("error", 'relation "a" already exists')})])
    advice = search(simulation)
    assert advice.modes[0].differences[0].rule == "relation exists already"
    assert advice.recommended == "database"


def test_what_differs_between_two_serial_runs_is_flaky_and_decides_nothing():
    serial = {(MODES[-1], False): [make_trial(), make_trial({TESTS[3]: ("failed", "deadlock detected")})]}
    simulation = Simulation(serial, schema=[make_trial({TESTS[3]: ("failed", "deadlock detected")})])
    advice = search(simulation)
    assert advice.flaky == (TESTS[3],)
    assert advice.recommended == "schema"
    assert "flaky, and left out: tests/test_a.py::test_3" in "\n".join(describe_advice(advice))


def test_a_test_that_fails_serially_too_is_no_difference():
    failing = make_trial({TESTS[0]: ("failed", NAMED)})
    assert search(Simulation({(MODES[-1], False): [failing]}, schema=[failing])).recommended == "schema"


def test_the_configured_isolation_is_tried_though_a_cheaper_one_is_equal():
    advice = search(Simulation(), configured="database")
    assert [each.isolation for each in advice.modes] == ["schema", "database"]
    assert advice.is_right
    assert [*describe_advice(advice)][-1] == '  isolation = "database" is right; "schema" is cheaper, and equal too'


def test_none_is_tried_only_where_it_is_configured_and_then_first():
    assert [each.isolation for each in search(Simulation(), configured="none").modes] == ["none"]
    everything = search(Simulation(), configured="schema", tries_all=True)
    assert [each.isolation for each in everything.modes] == [*MODES]


def test_an_isolation_that_cannot_be_had_is_told_and_the_next_is_tried():
    refused = Trial(error=EngineError("the engine forbids namespaces"))
    serial = {(MODES[-1], False): [refused], (MODES[-2], False): [make_trial()]}
    advice = search(Simulation(serial, schema=[refused]))
    assert advice.reference == MODES[-2]
    assert advice.modes[0].refused == "the engine forbids namespaces"
    assert advice.recommended == "database"


def test_where_no_isolation_can_be_had_the_cheapest_one_says_why():
    answers = {(mode, False): [Trial(error=EngineError(f"no {mode}"))] for mode in MODES}
    with pytest.raises(EngineError, match="no schema"):
        search(Simulation(answers))


def test_a_second_serial_run_that_cannot_be_had_is_no_measure():
    serial = {(MODES[-1], False): [make_trial(), Trial(error=EngineError("the engine is gone"))]}
    with pytest.raises(EngineError, match="the engine is gone"):
        search(Simulation(serial))


def test_where_nothing_is_equal_a_group_without_workers_is_the_way_out():
    broken = [make_trial({TESTS[0]: ("failed", 'database "shop" already exists')})]
    advice = search(Simulation(**dict.fromkeys(MODES, broken)))
    assert advice.recommended is None
    assert not advice.is_right
    assert "`workers = 0`" in [*describe_advice(advice)][-1]


def test_the_summary_for_programs_says_the_same():
    simulation = Simulation(schema=[make_trial({TESTS[1]: ("failed", NAMED)})])
    summary = summarize(search(simulation))
    assert summary["recommended"] == "database"
    assert summary["right"] is False
    assert [each["equal"] for each in summary["modes"]] == [False, True]
    assert summary["modes"][0]["differences"][0]["rule"] == "schema `public` named"


def test_a_hang_names_the_tests_that_ran_before_those_that_never_began():
    hung = make_trial({TESTS[0]: ("", ""), TESTS[2]: ("", "")}, running={TESTS[2]: 45.0})
    found = compare(make_trial(), hung, frozenset())
    assert [(each.test, each.verdict, each.rule, each.evidence) for each in found] == [
        (TESTS[2], NO_VERDICT, HANG, "it did not end in 45 s"),
        (TESTS[0], NO_VERDICT, HANG, ""),
    ]


COLLECTED = """
==== ERRORS ====
Different tests were collected between gw0 and gw1. The difference is:
--- gw0

+++ gw1

@@ -1,2 +1,2 @@

-tests/test_a.py::test_0[gw0]
+tests/test_a.py::test_0[gw1]
 tests/test_a.py::test_1
To see why this happens see Known limitations in documentation
"""


def test_workers_that_collect_different_tests_are_told_with_two_ids():
    found = compare(make_trial(), make_trial(tests=[], output=COLLECTED), frozenset())
    assert {each.rule for each in found} == {IDS}
    assert found[0].evidence == (
        "gw0 and gw1 collected different tests, such as tests/test_a.py::test_0[gw0] and tests/test_a.py::test_0[gw1]"
    )
    assert find_difference("all is well") == ""


def test_an_id_that_holds_the_address_is_called_otherwise_there():
    found = compare(make_trial(tests=["t.py::t[5432]"]), make_trial(tests=["t.py::t[5433]"]), frozenset())
    assert [(each.rule, each.evidence) for each in found] == [(IDS, "it is called t.py::t[5433] there")]


def test_a_run_that_ended_early_says_why():
    ended = make_trial(tests=TESTS[:3], ended="pytest ended with the exit code 3")
    (found,) = compare(make_trial(), ended, frozenset())
    assert (found.rule, found.evidence) == (ENDED, "pytest ended with the exit code 3")


def test_what_only_the_runner_saw_is_evidence_too():
    broken = f"no shared rows: {TESTS[1]} (worker gw1) was refused `gw0.orders` of gw0: SELECT 1"
    trial = make_trial({TESTS[1]: ("failed", "")}, broken=(broken,), places={TESTS[1]: "tests/test_a.py:7"})
    (found,) = compare(make_trial(), trial, frozenset())
    assert (found.rule, found.evidence) == ("another slot's rows", f"{broken} (tests/test_a.py:7)")


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ('relation "users" already exists', "relation exists already"),
        ('type "mood" already exists', "relation exists already"),
        ('database "test_shop" already exists', "fixed database name"),
        ('database "app" is being accessed by other users', "fixed database name"),
        ('FATAL:  database "app_test" does not exist', "fixed database name"),
        ('role "reader" already exists', "fixed role name"),
        ('schema "audit" already exists', "fixed schema name"),
        ('schema "public" does not exist', "schema `public` named"),
        ('relation "public.users" does not exist', "schema `public` named"),
        ("permission denied for schema public", "schema `public` named"),
        ("permission denied to create database", "permission"),
        ("must be owner of table users", "permission"),
        ('password authentication failed for user "postgres"', "hard-coded address"),
        ("[Errno 111] Connect call failed ('127.0.0.1', 5433)", "hard-coded address"),
        ("OSError: [Errno 30] Read-only file system: 'migrations/new.py'", "work tree changed"),
        ("terminating connection due to administrator command", "server changed for all"),
        ("deadlock detected", "shared rows"),
        ("[Errno 98] Address already in use", "port taken"),
        ("assert 1 == 2", ""),
        ("the file already exists", ""),
        ("publication of the report failed", ""),
        ("", ""),
    ],
)
def test_an_error_tells_the_rule(text, rule):
    assert find_rule(text) == rule
