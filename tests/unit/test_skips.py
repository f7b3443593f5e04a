"""Tests skipped for want of a database or a service, by their reasons; and a database that nobody used."""

import pytest
from told_events import finish

from runner.core.events import Event
from runner.core.plan import Selection
from runner.core.silence import judge_silence
from runner.core.skips import SkipLog, find_want

pytestmark = pytest.mark.unit

WHOLE = Selection()


@pytest.mark.parametrize(
    "reason",
    [
        "Need a postgres instance at localhost accessible by user 'postgres'",
        "requires PG",
        "requires a PostgreSQL server",
        "no database available",
        "No PostgreSQL",
        "postgres is not running",
        "database not available: connection failed",
        "Postgres unavailable",
        "could not connect to server: Connection refused",
        "cannot connect to the database",
        "TEST_DATABASE_URL not set",
        "DATABASE_URL is missing",
        "set POSTGRES_DSN to run these",
        "skipped, PGHOST is not set",
        "psycopg2 not installed",
    ],
)
def test_a_reason_tells_that_a_database_was_wanted(reason):
    assert find_want(reason) == "database"


@pytest.mark.parametrize(
    "reason",
    [
        "redis not available",
        "needs docker",
        "no Redis server",
        "requires a running kafka",
        "REDIS_URL not set",
        "MySQL is down",
    ],
)
def test_a_reason_tells_that_a_service_was_wanted(reason):
    assert find_want(reason) == "service"


@pytest.mark.parametrize(
    "reason",
    [
        "not supported on PostgreSQL",
        "requires PostgreSQL >= 16",
        "requires postgres 14",
        "only for sqlite",
        "windows only",
        "slow test, use --runslow",
        "needs Python 3.12",
        "unconditional skip",
        "MySQL only",
        "the database dialect has no arrays",
        "RUN_SLOW not set",
        "",
    ],
)
def test_other_reasons_tell_no_such_thing(reason):
    assert find_want(reason) == ""


def test_skips_are_counted_with_their_commonest_reasons_also_those_of_whole_files():
    log = SkipLog()
    for number in range(3):
        log.hear(finish("skipped", f"t.py::a{number}", message="requires PG"))
    log.hear(finish("skipped", "t.py::b", message="redis not available"))
    log.hear(finish("skipped", "t.py::c", message="windows only"))
    log.hear(Event("collection-skipped", 1.0, {"test": "tests/test_d.py", "message": "no database"}))
    assert log.describe() == [
        "4 tests were skipped for want of a database: `requires PG` (3), `no database`",
        "1 test was skipped for want of a service: `redis not available`",
    ]


def test_a_test_that_ran_in_a_later_attempt_was_not_skipped():
    log = SkipLog()
    log.hear(finish("skipped", message="requires PG"))
    log.hear(finish("passed"))
    assert log.describe() == []


def judge(uses=(False,), verdicts=None, selection=WHOLE, strict="auto", is_ci=True, skips=()):
    return judge_silence(uses, verdicts or {"passed": 3}, skips, selection, strict, is_ci)


def test_a_database_that_nobody_used_fails_a_strict_run_and_warns_elsewhere():
    error, line = judge(skips=["2 tests were skipped for want of a database: `no`"])
    assert (error.exit_code, line) == (98, "")
    assert error.cause == (
        "3 tests ran, and no session came to it (pg_stat_database); 2 tests were skipped for want of a database: `no`"
    )
    assert judge(strict=True, is_ci=False)[0] is not None
    for error, line in (judge(is_ci=False), judge(strict=False)):
        assert error is None
        assert line.startswith("warning: no test used the database that was prepared for them; set the variable")


@pytest.mark.parametrize(
    "case",
    [
        {"uses": (True,)},
        {"uses": (False, True)},
        {"uses": ()},
        {"verdicts": {"rerun": 1}},
        {"selection": Selection(paths=("tests/test_a.py",))},
        {"selection": Selection(keyword="pure")},
        {"selection": Selection(failed="only")},
    ],
)
def test_a_run_that_used_it_or_did_not_have_to_says_nothing(case):
    assert judge(**case) == (None, "")


def test_whoever_asks_for_strictness_gets_it_for_single_tests_too():
    assert judge(strict=True, selection=Selection(paths=("tests/test_a.py",)))[0] is not None
