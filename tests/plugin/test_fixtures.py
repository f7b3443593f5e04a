"""The fixtures that suites get, without a database: what they ask the runner for, and how they fail."""

import json
import os
import socket
import sys

import pytest
from project_folder import LEAN, is_ours

from runner.plugin.channel import RefusedError, open_channel
from runner.plugin.databases import RunnerDatabases
from runner.plugin.session_fixtures import open_http

pytestmark = pytest.mark.unit

ADDRESS = "postgresql://{slot}:hush-{slot}@127.0.0.1:1/suite"
SERVER = {"host": "127.0.0.1", "port": "1", "user": "{slot}", "password": "hush-{slot}", "dbname": "suite"}

CONFTEST = """
from pathlib import Path
import pytest
from runner.plugin.channel import open_channel

@pytest.hookimpl(trylast=True)
def pytest_configure(config):
    Path("reports.jsonl").touch()
    config.pluginmanager.getplugin("ephemeral-runner-fixtures")._channel = open_channel("reports.jsonl")
"""
"""Gives the fixtures a way to the runner, and nothing else one."""


class Inner:
    """A suite in a process of its own, with the runner's answers made beforehand."""

    def __init__(self, pytester, monkeypatch):
        self.folder = pytester.path
        self._pytester = pytester
        self._monkeypatch = monkeypatch
        for name in filter(is_ours, list(os.environ)):
            monkeypatch.delenv(name)
        monkeypatch.setenv("EPHEMERAL_RUNNER_READY", str(self.folder / "ready"))
        (self.folder / "ready").mkdir()
        pytester.makeini(f"[pytest]\naddopts = {LEAN}\nfilterwarnings = error\n")
        pytester.makeconftest(CONFTEST)

    def provide(self, server=SERVER):
        wiring = {"server": server, "call": 1, "variables": {"TEST_DATABASE_URL": ADDRESS.replace("{slot}", "{user}")}}
        self._monkeypatch.setenv("EPHEMERAL_RUNNER", json.dumps(wiring))
        self.answer("master", "gw0")

    def answer(self, *names, text=""):
        for name in names:
            (self.folder / "ready" / name).write_text(text)

    def run(self, tests, *args):
        self._pytester.makepyfile(test_suite=tests)
        return self._pytester.runpytest_subprocess(*args, timeout=60)

    def events(self, name):
        lines = (self.folder / "reports.jsonl").read_text().splitlines()
        found = [json.loads(line) for line in lines]
        return [{key: each[key] for key in each if key != "event"} for each in found if each["event"] == name]


@pytest.fixture
def inner(pytester, monkeypatch):
    return Inner(pytester, monkeypatch)


@pytest.mark.parametrize(("slot", "args"), [("master", ()), ("gw0", ("-n", "1"))])
def test_the_address_is_that_of_the_workers_own_slot(inner, slot, args):
    inner.provide()
    ran = inner.run(f"def test_a(db_url): assert db_url == {ADDRESS.format(slot=slot)!r}", *args)
    ran.assert_outcomes(passed=1)


def test_without_the_runner_the_address_is_the_one_given(inner, monkeypatch):
    monkeypatch.setenv("TEST_DATABASE_URL", "postgresql://mine")
    inner.run("def test_a(db_url): assert db_url == 'postgresql://mine'").assert_outcomes(passed=1)


@pytest.mark.parametrize("fixture", ["db_url", "db_connection", "fresh_database"])
@pytest.mark.parametrize("runner", [True, False])
def test_without_a_database_the_fixtures_say_what_to_do(inner, runner, fixture):
    if runner:
        inner.provide(server=None)
    ran = inner.run(f"def test_a({fixture}): pass")
    ran.assert_outcomes(errors=1)
    cause = "this group has `database = false`" if runner else "set TEST_DATABASE_URL"
    ran.stdout.fnmatch_lines(f"no database: {cause}")
    ran.stdout.no_fnmatch_line("*During handling*")


def test_a_projects_own_fixtures_come_first(inner):
    inner.run("""
        import pytest

        @pytest.fixture
        def db_url(): return "mine"

        @pytest.fixture
        def free_port(): return 80

        @pytest.fixture(scope="session")
        def http_session(): return "client"

        def test_a(db_url, free_port, http_session):
            assert (db_url, free_port, http_session) == ("mine", 80, "client")
    """).assert_outcomes(passed=1)


@pytest.mark.security
@pytest.mark.parametrize(
    ("address", "cause"),
    [
        ("postgresql://u:hush@127.0.0.1:1/app", "Connection refused"),
        ("postgresql://u:hush%zz@127.0.0.1:1/app", "the address is malformed"),
        ("hush", "the address is malformed"),
    ],
)
def test_no_connection_is_told_without_the_address(inner, monkeypatch, address, cause):
    monkeypatch.setenv("TEST_DATABASE_URL", address)
    ran = inner.run("def test_a(db_connection): pass", "--showlocals")
    ran.assert_outcomes(errors=1)
    ran.stdout.fnmatch_lines(f"cannot connect to the database: {cause}")
    assert "hush" not in ran.stdout.str() + ran.stderr.str()


FRESH = """
import pytest

def test_passes(fresh_database):
    assert fresh_database == "postgresql://master:hush-master@127.0.0.1:1/master_1_db1"

def test_fails(fresh_database):
    assert fresh_database.endswith("/master_1_db2")
    assert False

@pytest.fixture
def broken(fresh_database):
    assert fresh_database.endswith("/master_1_db3")
    raise ValueError

def test_setup_fails(broken): pass

@pytest.mark.xfail
def test_expected_to_fail(fresh_database): assert False

@pytest.mark.xfail(strict=True)
def test_unexpectedly_passes(fresh_database): pass

def test_skips(fresh_database): pytest.skip("")

def test_needs_none(): pass
"""


def test_each_test_has_a_database_of_its_own_which_it_gives_back_with_its_result(inner):
    inner.provide()
    inner.answer(*(f"master_1_db{number}" for number in range(1, 7)))
    inner.run(FRESH).assert_outcomes(passed=2, failed=2, errors=1, xfailed=1, skipped=1)
    done = inner.events("database-done")
    assert [(each["name"], each["test"], each["failed"]) for each in done] == [
        ("master_1_db1", "test_suite.py::test_passes", False),
        ("master_1_db2", "test_suite.py::test_fails", True),
        ("master_1_db3", "test_suite.py::test_setup_fails", True),
        ("master_1_db4", "test_suite.py::test_expected_to_fail", False),
        ("master_1_db5", "test_suite.py::test_unexpectedly_passes", True),
        ("master_1_db6", "test_suite.py::test_skips", False),
    ]
    assert {each["slot"] for each in done} == {"master"}
    wanted = inner.events("database-wanted")
    assert wanted == [{"slot": "master", "name": f"master_1_db{number}"} for number in range(1, 9)]


def test_a_test_that_passes_when_repeated_gives_back_a_database_for_each_attempt(inner):
    inner.provide()
    inner.answer("master_1_db1", "master_1_db4")
    ran = inner.run(
        """
        tries = []

        def test_a(fresh_database):
            tries.append(fresh_database)
            assert len(tries) == 2
        """,
        "--reruns",
        "1",
    )
    ran.assert_outcomes(passed=1)
    done = inner.events("database-done")
    assert [(each["name"], each["failed"]) for each in done] == [
        ("master_1_db1", True),
        ("master_1_db2", False),  # Both were made ahead, on a server that the runner may throw away.
        ("master_1_db3", False),
        ("master_1_db4", False),
    ]


def test_a_database_that_the_runner_refuses_is_an_error_of_the_test_alone(inner):
    inner.provide()
    inner.answer("master_1_db1", text="no space left")
    inner.answer("master_1_db2")
    ran = inner.run("def test_a(fresh_database): pass\ndef test_b(fresh_database): pass")
    ran.assert_outcomes(passed=1, errors=1)
    ran.stdout.fnmatch_lines("no database of its own for the test: no space left")
    assert [each["name"] for each in inner.events("database-done")] == ["master_1_db2"]


def test_a_runner_that_does_not_answer_is_an_error_of_the_test(inner):
    inner.provide()
    ran = inner.run("""
        import pytest
        from runner.plugin import channel

        @pytest.fixture(autouse=True)
        def _impatient(monkeypatch): monkeypatch.setattr(channel, "PATIENCE", 0.02)

        def test_a(fresh_database): pass
    """)
    ran.assert_outcomes(errors=1)
    ran.stdout.fnmatch_lines("no database of its own*: the runner did not answer `master_1_db1` within 0.02 s")


def test_without_a_way_to_the_runner_no_database_can_be_had(inner, pytester):
    inner.provide()
    pytester.makeconftest("")
    ran = inner.run("def test_a(fresh_database): pass")
    ran.assert_outcomes(errors=1)
    ran.stdout.fnmatch_lines("no database of its own*: a pytest that a test starts cannot ask the runner")


@pytest.fixture
def databases(tmp_path, monkeypatch):
    """The runner's databases of the slot gw1, with made answers; and what was asked."""
    ready, reports = tmp_path / "ready", tmp_path / "reports"
    ready.mkdir()
    reports.touch()
    monkeypatch.setenv("EPHEMERAL_RUNNER_READY", str(ready))
    monkeypatch.setattr("runner.plugin.databases.NUMBERS", iter(range(1, 100)))
    made = RunnerDatabases(open_channel(str(reports)), ADDRESS.format(slot="gw1"), "gw1", 1)
    return made, ready, lambda: [json.loads(line)["name"] for line in reports.read_text().splitlines()]


def test_two_databases_are_always_asked_for_ahead(databases):
    made, ready, wanted = databases
    for number in range(1, 5):
        (ready / f"gw1_1_db{number}").touch()
    assert wanted() == []
    assert made.take() == ("gw1_1_db1", "postgresql://gw1:hush-gw1@127.0.0.1:1/gw1_1_db1")
    assert wanted() == ["gw1_1_db1", "gw1_1_db2", "gw1_1_db3"]
    assert made.take()[0] == "gw1_1_db2"
    assert wanted() == ["gw1_1_db1", "gw1_1_db2", "gw1_1_db3", "gw1_1_db4"]


def test_what_was_made_ahead_is_given_back_before_a_slot_is_restored(databases):
    made, ready, wanted = databases
    for number in (1, 4):
        (ready / f"gw1_1_db{number}").touch()
    made.take()
    made.forget_ahead()
    assert wanted()[3:] == ["gw1_1_db2", "gw1_1_db3"], "given back"
    assert made.take()[0] == "gw1_1_db4"


def test_a_refused_database_is_not_asked_for_again(databases):
    made, ready, wanted = databases
    (ready / "gw1_1_db1").write_text("refused")
    (ready / "gw1_1_db2").touch()
    with pytest.raises(RefusedError, match=r"^refused$"):
        made.take()
    assert made.take()[0] == "gw1_1_db2"
    assert wanted().count("gw1_1_db1") == 1


@pytest.mark.parametrize(
    ("missing", "client"),
    [((), "httpx.Client"), (("httpx",), "requests.sessions.Session"), (("httpx", "requests"), "")],
)
def test_the_http_client_is_what_the_project_has(monkeypatch, missing, client):
    for module in missing:
        monkeypatch.setitem(sys.modules, module, None)
    if not client:
        with pytest.raises(pytest.fail.Exception, match=r"^http_session needs httpx or requests: add one to the"):
            open_http()
        return
    with open_http() as session:
        assert f"{type(session).__module__.partition('._')[0]}.{type(session).__name__}" == client


def test_the_http_client_is_one_for_all_tests_and_closed_at_the_end(inner):
    inner.run("""
        import pytest
        seen = []

        @pytest.fixture(scope="session", autouse=True)
        def _closed_at_the_end():
            yield
            assert len(seen) == 2 and seen[0] is seen[1] and seen[0].is_closed

        def test_a(http_session): seen.append(http_session)
        def test_b(http_session):
            seen.append(http_session)
            assert not http_session.is_closed
    """).assert_outcomes(passed=2)


def test_tests_get_another_port_each_and_workers_other_ports(inner):
    tests = """
        import json, os, pathlib, pytest

        @pytest.mark.parametrize("number", range(8))
        def test_a(free_port, free_port_factory, number):
            worker = os.environ["PYTEST_XDIST_WORKER"]
            pathlib.Path(f"{worker}-{number}.json").write_text(json.dumps([free_port, free_port_factory()]))
    """
    inner.run(tests, "-n", "2").assert_outcomes(passed=8)
    ports = {each.name: json.loads(each.read_text()) for each in inner.folder.glob("gw*.json")}
    every = [port for pair in ports.values() for port in pair]
    assert len(every) == len(set(every)) == 16
    for name, pair in ports.items():
        first = 15000 if name.startswith("gw0") else 15064
        assert {port - first for port in pair} <= set(range(64))


def test_a_port_in_use_is_not_handed_out(inner):
    with socket.socket() as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind(("127.0.0.1", 31384))
        server.listen()
        inner.run("def test_a(free_port): assert free_port > 31384").assert_outcomes(passed=1)


def test_an_exhausted_range_of_ports_is_an_error_of_the_test(inner):
    ran = inner.run("""
        import pytest

        @pytest.fixture(autouse=True, scope="session")
        def _all_in_use():
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr("runner.plugin.ports.is_in_use", lambda _: True)
                yield

        def test_a(free_port): pass
    """)
    ran.assert_outcomes(errors=1)
    ran.stdout.fnmatch_lines("all 64 ports from 31384 to 31447 are in use")
