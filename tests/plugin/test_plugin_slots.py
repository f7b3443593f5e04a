"""The slot that each process of a suite sees."""

import threading
from urllib.parse import unquote, urlsplit

import pytest

from runner.core.groups import Group
from runner.core.slots import make_server
from runner.plugin.slot import activate, find_server, make_variables, wait_for

pytestmark = pytest.mark.unit

PASSWORD = "a!b@c$d()e*_,/:;=?@ff[]22"
NAMES = ("TEST_DATABASE_URL", "DATABASE_URL", "PGHOST", "PGPORT", "PGUSER", "PGPASSWORD", "PGDATABASE")

MANY_TESTS = """
import pytest
@pytest.mark.parametrize("n", range(8))
def test_a(n): pass
"""


def test_without_the_runner_the_plugin_sets_and_says_nothing(suite):
    suite.write()
    ran = suite.run()
    ran.result.assert_outcomes(passed=1)
    assert not ran.environ().keys() & set(NAMES)
    assert ran.reports == []
    ran.result.stdout.no_fnmatch_line("slot: *")


def test_a_suites_own_address_stays_where_there_is_no_runner(suite, monkeypatch):
    monkeypatch.setenv("TEST_DATABASE_URL", "postgresql://mine")
    suite.write()
    assert suite.run().environ()["TEST_DATABASE_URL"] == "postgresql://mine"


@pytest.mark.smoke
def test_the_address_is_there_before_the_first_conftest_is_imported(suite):
    suite.provide_slots()
    suite.write()
    ran = suite.run("-n", "0")
    ran.result.assert_outcomes(passed=1)
    environ = ran.environ()
    assert {name: environ[name] for name in NAMES} == {
        "TEST_DATABASE_URL": "postgresql://master:secret@127.0.0.1:5432/suite",
        "DATABASE_URL": "postgresql://master:secret@127.0.0.1:5432/suite",
        "PGHOST": "127.0.0.1",
        "PGPORT": "5432",
        "PGUSER": "master",
        "PGPASSWORD": "secret",
        "PGDATABASE": "suite",
    }
    ran.result.stdout.fnmatch_lines(["slot: master in database suite"])


def test_each_worker_sees_its_own_slot_and_the_controller_the_one_of_the_leading_process(suite):
    suite.provide_slots(
        "gw0", "gw1", isolation="database", SQLALCHEMY_URL="postgresql+psycopg://{user}@{host}/{dbname}"
    )
    suite.write(MANY_TESTS)
    ran = suite.run("-n", "2")
    ran.result.assert_outcomes(passed=8)
    for slot in ("master", "gw0", "gw1"):
        environ = ran.environ(slot)
        assert environ["TEST_DATABASE_URL"] == f"postgresql://{slot}:secret@127.0.0.1:5432/{slot}"
        assert (environ["PGUSER"], environ["PGDATABASE"]) == (slot, slot)
        assert environ["SQLALCHEMY_URL"] == f"postgresql+psycopg://{slot}@127.0.0.1/{slot}"


def test_a_pass_without_a_database_has_no_address_and_waits_for_nothing(suite):
    suite.provide(None, URL="x://{user}")
    suite.write()
    ran = suite.run("-n", "1")
    ran.result.assert_outcomes(passed=1)
    for process in ("master", "gw0"):
        assert not ran.environ(process).keys() & {*NAMES, "URL"}


def test_the_plugin_waits_until_the_slot_is_there(suite):
    suite.provide(make_server("schema", "secret"))
    suite.write()
    timer = threading.Timer(0.3, suite.announce, ["master"])
    timer.start()
    try:
        ran = suite.run()
    finally:
        timer.join()
    ran.result.assert_outcomes(passed=1)
    assert ran.environ()["PGUSER"] == "master"


def test_a_process_that_a_test_starts_reaches_the_same_slot(suite):
    suite.provide_slots("gw0")
    suite.write(
        """
        import os, subprocess, sys

        def test_a():
            show = "import os; print(os.environ['TEST_DATABASE_URL'], os.environ['PGUSER'])"
            said = subprocess.run([sys.executable, "-c", show], capture_output=True, text=True, check=True).stdout
            assert said.split() == ["postgresql://gw0:secret@127.0.0.1:5432/suite", "gw0"]
            assert os.environ["PGUSER"] == "gw0"
        """
    )
    suite.run("-n", "1").result.assert_outcomes(passed=1)


def test_marks_of_the_groups_are_declared_and_others_still_refused(suite):
    suite.provide(None, groups={"db": Group(marks=["db", "sql"], description="asks the database")})
    suite.write("import pytest\n@pytest.mark.db\n@pytest.mark.sql\ndef test_a(): pass\n")
    (suite.folder / "test_other.py").write_text("import pytest\n@pytest.mark.smok\ndef test_b(): pass\n")
    ran = suite.run("--strict-markers", "--continue-on-collection-errors")
    ran.result.assert_outcomes(passed=1, errors=1)
    ran.result.stdout.fnmatch_lines(["*'smok' not found in `markers` configuration option*"])


def test_the_description_of_a_group_is_the_one_of_its_marks(suite):
    suite.provide(None, groups={"db": Group(marks=["db"], description="asks the database")})
    suite.run("--markers").result.stdout.fnmatch_lines(["@pytest.mark.db: asks the database"])


@pytest.mark.security
@pytest.mark.parametrize("password", [PASSWORD, "ü %41+ #&", "'\\\"` $x"])
def test_a_password_of_any_letters_survives_the_way_through_an_address(password):
    server = {"slot": "gw0", **make_server("schema", password), "user": "gw0"}
    variables = make_variables({"OTHER": "postgresql+asyncpg://{user}:{password}@{host}:{port}/{dbname}"}, server)
    assert variables["PGPASSWORD"] == password
    for name in ("TEST_DATABASE_URL", "DATABASE_URL", "OTHER"):
        parts = urlsplit(variables[name])
        assert unquote(parts.password) == password
        assert (parts.username, parts.hostname, parts.port, parts.path) == ("gw0", "127.0.0.1", 5432, "/suite")


@pytest.mark.security
def test_libpq_reads_the_password_from_the_address_as_it_was():
    conninfo = pytest.importorskip("psycopg.conninfo")
    server = {"slot": "gw0", **make_server("schema", PASSWORD), "user": "gw0"}
    parsed = conninfo.conninfo_to_dict(make_variables({}, server)["TEST_DATABASE_URL"])
    assert parsed == {"user": "gw0", "password": PASSWORD, "host": "127.0.0.1", "port": "5432", "dbname": "suite"}


@pytest.mark.security
def test_a_password_of_odd_letters_reaches_the_tests_and_is_not_shown(suite):
    suite.provide_slots(password=PASSWORD)
    suite.write()
    ran = suite.run()
    assert ran.environ()["PGPASSWORD"] == PASSWORD
    assert PASSWORD not in ran.result.stdout.str() + ran.result.stderr.str()
    assert ran.environ()["TEST_DATABASE_URL"] not in ran.result.stdout.str()


def test_without_wiring_nothing_is_set():
    environ = {}
    assert activate(environ) == {}
    assert environ == {}


def test_the_slot_is_the_workers_name():
    wiring = {"server": make_server("database", "x")}
    assert find_server(wiring, {})["slot"] == "master"
    found = find_server(wiring, {"PYTEST_XDIST_WORKER": "gw7"})
    assert (found["slot"], found["user"], found["dbname"]) == ("gw7", "gw7", "gw7")
    assert find_server({"server": None}, {}) == {}


def test_waiting_for_a_slot_has_an_end(tmp_path, monkeypatch):
    monkeypatch.setattr("runner.plugin.slot.PATIENCE", 0.02)
    with pytest.raises(TimeoutError, match=r"the slot `gw3` was not made within 0\.02 s"):
        wait_for("gw3", tmp_path)
