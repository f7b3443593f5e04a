"""Why tests hang: who waits for whom."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.core.backends import Backend, find_owners
from runner.core.waiting import LONG, PATIENCE, RunningTest, find_circle, find_reasons, make_graph
from runner.core.waiting_words import find_statements, tell

pytestmark = pytest.mark.unit

ROW = "a row of `gw0.orders`"


def waits(pid, *blockers, worker="gw0", target=ROW, seconds=41.0, **more):
    return Backend(
        pid,
        role=worker,
        worker=worker,
        state="active",
        seconds=seconds,
        wait="Lock/transactionid",
        statement=f"UPDATE {pid}",
        blockers=blockers,
        target=target,
        lock_seconds=seconds,
        **more,
    )


def idle(pid, worker="gw0", seconds=42.0, **more):
    return Backend(
        pid, **{"role": worker, "worker": worker, "state": "idle in transaction", "seconds": seconds, **more}
    )


def runs(worker="gw0", seconds=43.0, *, is_over=False):
    return RunningTest(worker, f"test_{worker}.py::test", seconds, is_over)


def explain(backends, tests):
    return [(each.kind, tell(each, backends, tests)) for each in find_reasons(backends, tests)]


@pytest.mark.smoke
def test_two_connections_of_one_test_are_a_deadlock_that_postgres_cannot_see():
    backends = [idle(122, statement="UPDATE 122"), waits(123, 122)]
    [finding] = find_reasons(backends, [runs()])
    assert (finding.kind, finding.workers, finding.path) == ("deadlock-through-test", ("gw0",), (123, 122, "gw0"))
    assert tell(finding, backends, [runs()]) == (
        "gw0: test_gw0.py::test hangs for 43 s in a deadlock that goes through the test itself, so Postgres does not"
        " see it: its backend 123 waits for a row of `gw0.orders`, which its backend 122 holds; backend 122 is idle in"
        " transaction for 42 s and waits for the test; the test waits for backend 123"
    )
    assert [(each.pid, kind) for each, kind in find_statements(finding, backends)] == [
        (123, ""),
        (122, "last statement: "),
    ]


def test_a_circle_of_locks_alone_is_a_deadlock():
    backends = [
        waits(1, 2, target="`gw0.b`", mode="AccessExclusiveLock"),
        waits(2, 1, target="`gw0.a`", mode="ShareLock"),
    ]
    [(kind, text)] = explain(backends, [runs()])
    assert kind == "deadlock"
    assert text == (
        "gw0: test_gw0.py::test hangs for 43 s in a deadlock: its backend 1 waits for `gw0.b` (AccessExclusiveLock),"
        " which its backend 2 holds; backend 2 waits for `gw0.a` (ShareLock), which backend 1 holds"
    )


def test_a_circle_through_two_tests_names_both():
    backends = [waits(1, 4), idle(2), waits(3, 2, worker="gw1"), idle(4, worker="gw1")]
    [(kind, text)] = explain(backends, [runs(), runs("gw1")])
    assert kind == "deadlock-through-test"
    assert text == (
        "gw0: test_gw0.py::test and gw1: test_gw1.py::test hang for 41 s in a deadlock that goes through the tests"
        " themselves, so Postgres does not see it: backend 1 of gw0 waits for a row of `gw0.orders`, which backend 4 of"
        " gw1 holds; backend 4 is idle in transaction for 42 s and waits for the test of gw1; the test of gw1 waits for"
        " backend 3 of gw1; backend 3 waits for a row of `gw0.orders`, which backend 2 of gw0 holds; backend 2 is idle"
        " in transaction for 42 s and waits for the test of gw0; the test of gw0 waits for backend 1"
    )


def test_a_lock_of_another_test_is_no_deadlock():
    [(kind, text)] = explain([idle(2, worker="gw1"), waits(1, 2)], [runs(), runs("gw1", 5.0)])
    assert kind == "blocked"
    assert text == (
        "gw0: test_gw0.py::test hangs for 43 s: its backend 1 waits for a row of `gw0.orders`, which backend 2 of gw1"
        " (test_gw1.py::test) holds; backend 2 is idle in transaction for 42 s"
    )


def test_a_queue_is_followed_to_who_holds_the_lock():
    backends = [idle(1, worker="gw1"), waits(2, 1, seconds=0.5), waits(3, 1, 2, queued=(2,)), waits(4, 3, queued=(3,))]
    texts = [text for _, text in explain(backends, [runs(is_over=True)])]
    assert len(texts) == 2
    assert texts[0].startswith("gw0: the teardown of test_gw0.py::test hangs for 41 s: its backend 3 waits for")
    assert (
        "its backend 4 waits for a row of `gw0.orders`, which its backend 3 waits for too, and came first" in texts[1]
    )


@pytest.mark.parametrize(
    ("holder", "words"),
    [
        (Backend(2, role="postgres", state="active", seconds=3.0), "backend 2 of the runner itself holds"),
        (Backend(2, role="postgres", application="psql", state="idle in transaction"), "backend 2 of somebody's psql"),
        (Backend(2, role="runner_template"), "backend 2 of the role `runner_template` holds"),
        (Backend(2), "backend 2 of Postgres itself holds"),
        (Backend(3), "backend 2, which has ended holds"),
    ],
)
def test_whoever_holds_a_lock_is_named(holder, words):
    [(_, text)] = explain([waits(1, 2), holder], [runs()])
    assert words in text


def test_a_prepared_transaction_has_no_backend():
    [(_, text)] = explain([waits(1, 0)], [runs()])
    assert text.endswith("waits for a row of `gw0.orders`, which a prepared transaction holds")


def test_what_waits_outside_of_tests_is_told_too():
    ours = Backend(1, role="postgres", state="active", blockers=(2,), target="`gw0.a`", lock_seconds=3.0)
    [(_, text)] = explain([idle(2), ours], [])
    assert text.startswith("the runner itself hangs for 3 s: backend 1 of the runner itself waits for `gw0.a`")
    [(_, text)] = explain([idle(2, worker="gw1"), waits(1, 2)], [])
    assert text.startswith("gw0: what runs outside its tests hangs for 41 s: its backend 1 waits")


def test_a_short_wait_is_not_worth_a_word():
    assert find_reasons([idle(2, worker="gw1"), waits(1, 2, seconds=PATIENCE / 2)], [runs(seconds=2.0)]) == []


def test_a_transaction_that_is_idle_between_two_statements_makes_no_deadlock():
    [finding] = find_reasons([idle(2, seconds=0.01), waits(1, 2)], [runs()])
    assert finding.kind == "blocked"


def test_a_long_statement_is_told_with_what_it_waits_for():
    backends = [Backend(5, "gw0", state="active", seconds=34.0, wait="Timeout/PgSleep", worker="gw0")]
    assert explain(backends, [runs()]) == [
        (
            "statement",
            "gw0: test_gw0.py::test runs for 43 s: its backend 5 works on one statement for 34 s (Timeout/PgSleep)",
        )
    ]


@pytest.mark.parametrize(
    ("backends", "words"),
    [
        ([], "it has no connection to Postgres"),
        ([Backend(5, state="idle", worker="gw0")], "Postgres has nothing to do for it"),
        ([idle(5)], "Postgres waits for it: idle in transaction is backend 5 for 42 s"),
        (
            [Backend(5, state="active", worker="gw0")],
            "Postgres works for it, on one statement after another (backend 5)",
        ),
    ],
)
def test_a_test_that_takes_long_by_itself_is_told_so(backends, words):
    assert explain(backends, [runs()]) == [("test", f"gw0: test_gw0.py::test runs for 43 s: {words}")]


@pytest.mark.parametrize("test", [runs(seconds=LONG - 1), runs(is_over=True)])
def test_a_test_that_does_not_take_long_is_not_told(test):
    assert find_reasons([], [test]) == []


def test_owners_are_known_by_their_roles_or_their_ports():
    backends = [Backend(1, "gw0"), Backend(2, "suite", port=40), Backend(3, "suite", port=41), Backend(4, "postgres")]
    workers = [each.worker for each in find_owners(backends, {40: "gw1"}, ["gw0", "gw1"])]
    assert workers == ["gw0", "gw1", "", ""]


def test_a_backend_that_nobody_knows_belongs_to_the_only_worker():
    assert [each.worker for each in find_owners([Backend(1, "suite")], {}, ["master"])] == ["master"]


WORKERS = st.sampled_from(["", "gw0", "gw1"])
STATES = st.sampled_from(["active", "idle", "idle in transaction", "idle in transaction (aborted)", ""])
PIDS = st.integers(0, 6)
BACKENDS = st.lists(
    st.builds(
        Backend,
        pid=st.integers(1, 6),
        role=st.sampled_from(["gw0", "postgres", "suite", ""]),
        state=STATES,
        seconds=st.floats(0, 100),
        blockers=st.lists(PIDS, max_size=3).map(tuple),
        queued=st.lists(PIDS, max_size=1).map(tuple),
        target=st.sampled_from(["", ROW, "`a`"]),
        lock_seconds=st.floats(0, 100),
        worker=WORKERS,
        statement=st.text(max_size=3),
    ),
    unique_by=lambda each: each.pid,
)
TESTS = st.lists(
    st.builds(RunningTest, st.sampled_from(["gw0", "gw1"]), st.just("a.py::t"), st.floats(0, 100), st.booleans()),
    unique_by=lambda each: each.worker,
)


@given(BACKENDS, TESTS)
def test_whatever_waits_is_told_and_what_is_called_a_deadlock_is_a_circle(backends, tests):
    graph = make_graph(backends)
    found = find_reasons(backends, tests)
    for each in found:
        assert tell(each, backends, tests)
        find_statements(each, backends)
        if each.kind.startswith("deadlock"):
            for node, following in zip(each.path, (*each.path[1:], each.path[0]), strict=True):
                assert following in graph[node]
    told = {node for each in found for node in each.path}
    assert told >= {each.pid for each in backends if each.blockers and each.lock_seconds >= PATIENCE}


@given(BACKENDS)
def test_a_circle_is_found_exactly_where_a_node_can_be_reached_from_itself(backends):
    graph = make_graph(backends)
    for start in graph:
        reached, left = set(), list(graph[start])
        while left:
            node = left.pop()
            if node not in reached:
                reached.add(node)
                left += graph.get(node, ())
        assert bool(find_circle(start, graph)) == (start in reached)
