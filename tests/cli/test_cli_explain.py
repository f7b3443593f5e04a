"""`runner explain` on results made by hand: causes from events, logs and the summary, and bad input."""

import json

import pytest
from msgspec.structs import replace
from test_cli_last import REPORT, RUN
from told_events import finish, locate

from runner.core.run_report import RunError
from runner.report.explanation import ORDER
from runner.report.run_files import EVENTS
from runner.report.run_reports import keep_report

pytestmark = pytest.mark.unit

PYPROJECT = '[project]\nname = "sample"\nversion = "1"\n[dependency-groups]\ntests = ["freezegun"]\n'
CONFTEST = 'import os\n\nURL = os.getenv("APP_DB", "postgresql://app:s3cr3t-word@localhost:5433/app")\n'
REFUSED = 'psycopg.OperationalError: connection to server at "localhost" (::1), port 5433 failed: Connection refused'
MISSING = "ModuleNotFoundError: No module named 'freezegun'"


@pytest.fixture
def folder(cli):
    """A project whose database is elsewhere."""
    return cli.project({"pyproject.toml": PYPROJECT, "tests/conftest.py": CONFTEST})


def keep(folder, *failures, report=REPORT, **logs):
    """The results of a run with these failed tests: each a name and its error."""
    results = folder.path / ".runner/runs" / report.run
    results.mkdir(parents=True)
    events = []
    for name, error in failures:
        test = f"tests/test_a.py::{name}"
        events += [finish("failed", test, message=error), locate(test, text=f"    connect()\nE   {error}\n")]
    (results / EVENTS).write_text("".join(f"{each.as_json()}\n" for each in events))
    for name, text in logs.items():
        (results / f"{name}.log").write_text(text)
    assert keep_report(results, report) == ""


@pytest.mark.smoke
def test_causes_are_told_with_their_place_and_the_settings_to_write(folder):
    failures = [("test_a", REFUSED), ("test_b", REFUSED), ("test_c", MISSING), ("test_d", "ValueError: odd")]
    keep(folder, *failures)
    lines = folder.run("explain").assert_exit(0).stdout.splitlines()
    assert lines == [
        f"run {RUN}  4 failed, 3 of them for a cause that is known",
        "",
        "1. the database was looked for elsewhere: `localhost:5433`, the default of the variable `APP_DB`",
        "  explains  2 of 4 failed: tests/test_a.py::test_a, tests/test_a.py::test_b",
        '  where     tests/conftest.py:3  URL = os.getenv("APP_DB", "postgresql://app:[redacted]@localhost:5433/app")',
        f"  error     {REFUSED}",
        "  do        [tool.runner.environment]",
        '            APP_DB = "postgresql://{user}:{password}@{host}:{port}/{dbname}"',
        "",
        "2. the module `freezegun` is missing; the group `tests` has it",
        "  explains  1 of 4 failed: tests/test_a.py::test_c",
        '  where     pyproject.toml:5  tests = ["freezegun"]',
        f"  error     {MISSING}",
        "  do        [tool.runner]",
        '            dependency_groups = ["tests"]',
        "",
        "no known cause for 1 of 4; the commonest errors:",
        "      1  ValueError: odd  tests/test_a.py::test_d",
        f"  do        {ORDER}",
    ]


def test_the_same_is_there_for_programs(folder):
    keep(folder, ("test_a", REFUSED), ("test_d", "ValueError: odd"))
    told = json.loads(folder.run("explain", RUN[-6:], "--json").assert_exit(0).stdout)
    assert (told["run"], told["failed"]) == (RUN, 2)
    [cause] = told["causes"]
    assert (cause["kind"], cause["tests"]) == ("elsewhere", ["tests/test_a.py::test_a"])
    assert cause["where"][0]["line"] == 3
    assert "s3cr3t-word" not in json.dumps(told)
    assert told["unknown"] == [{"error": "ValueError: odd", "tests": ["tests/test_a.py::test_d"]}]


def test_a_run_that_ended_outside_of_its_tests_is_explained_from_pytest_s_own_words(folder):
    suite = (
        "ImportError while loading conftest '/project/tests/conftest.py'.\ntests/conftest.py:1: in <module>\n"
        "    import freezegun\nE   ModuleNotFoundError: No module named 'freezegun'\n"
    )
    keep(folder, suite=suite)
    stdout = folder.run("explain").assert_exit(0).stdout
    assert "no test failed, but the run did" in stdout
    assert "1. the module `freezegun` is missing; the group `tests` has it" in stdout


def test_workers_that_collected_different_tests_are_explained_from_the_log(folder):
    difference = "--- gw0\n\n+++ gw1\n\n@@ -1,2 +1,2 @@\n\n-tests/t.py::t[b]\n+tests/t.py::t[b]\n"
    told = "Different tests were collected between gw0 and gw1. The difference is:"
    suite = f"collected\n{told}\n{difference}\nTo see why\n- x\n"
    keep(folder, suite=suite)
    assert "in another order, as a set gives them" in folder.run("explain").assert_exit(0).stdout


def test_what_only_the_server_said_is_a_cause_unless_the_tests_say_it_too(folder):
    line = '2026-11-24 13:47:43.000 UTC [7] {0}@app [unknown] FATAL:  role "{0}" does not exist\n'
    keep(folder, ("test_a", "Exception: no luck"), postgres=line.format("app") + line.format("postgres"))
    stdout = folder.run("explain").assert_exit(0).stdout
    assert "1. the database was looked for elsewhere: user `app`, database `app`" in stdout
    assert "user `postgres`" not in stdout


def test_the_error_that_ended_a_run_is_explained_too(folder):
    cause = "running: tests/test_a.py::test_a (for 4.9 s)"
    error = RunError(code=93, what="the tests did not end within 5 s (`timeout`)", cause=cause)
    keep(folder, report=replace(REPORT, exit_code=93, error=error))
    assert "1. tests hang: `tests/test_a.py::test_a` for 4.9 s" in folder.run("explain").assert_exit(0).stdout
    seen = {"sentences": ["gw0: tests/test_a.py::test_a hangs for 4.9 s: it has no connection to Postgres"]}
    for text, is_told in ((json.dumps(seen), True), ("[1]", False), ("no JSON", False)):
        (folder.path / ".runner/runs" / RUN / "hang.json").write_text(text)
        assert (
            "1. tests hang: gw0: tests/test_a.py::test_a hangs" in folder.run("explain").assert_exit(0).stdout
        ) == is_told


def test_a_run_without_failures_says_so(folder):
    keep(folder, report=replace(REPORT, exit_code=0))
    assert folder.run("explain").assert_exit(0).stdout == f"run {RUN}  nothing failed\n"


def test_events_that_are_damaged_are_passed_over(folder):
    keep(folder, ("test_a", REFUSED))
    events = folder.path / ".runner/runs" / RUN / EVENTS
    events.write_text('{"event": "test-finished", "at": 1}\nno JSON\n' + events.read_text())
    assert "1 of 1 failed" in folder.run("explain").assert_exit(0).stdout


def test_a_run_that_is_not_there_is_an_error(folder):
    folder.run("explain", "abc").assert_exit(90).assert_error(
        "error: no run has left results here\nhint:  `runner run` makes one"
    )
