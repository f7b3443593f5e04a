"""The slot that each process of a suite sees."""

import json
import threading
from urllib.parse import unquote, urlsplit

import pytest

from runner.core.groups import Group
from runner.core.placeholders import fill_arguments
from runner.core.plan import LOADED
from runner.core.settings_postgres import Postgres
from runner.core.slots import VARIABLES, make_server
from runner.plugin.channel import RefusedError, wait_for
from runner.plugin.slot import activate, find_server, make_variables, pin

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
        "TEST_DATABASE_URL": "postgresql://master:secret-master@127.0.0.1:5432/suite",
        "DATABASE_URL": "postgresql://master:secret-master@127.0.0.1:5432/suite",
        "PGHOST": "127.0.0.1",
        "PGPORT": "5432",
        "PGUSER": "master",
        "PGPASSWORD": "secret-master",
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
        assert environ["TEST_DATABASE_URL"] == f"postgresql://{slot}:secret-{slot}@127.0.0.1:5432/{slot}"
        assert (environ["PGUSER"], environ["PGDATABASE"]) == (slot, slot)
        assert environ["SQLALCHEMY_URL"] == f"postgresql+psycopg://{slot}@127.0.0.1/{slot}"


def test_an_option_of_the_command_line_holds_each_worker_s_own_address(suite):
    options = ["--dburi=postgresql+psycopg://{user}:{password}@{host}:{port}/{dbname}", "--test-dsn={dsn}", "-k{test}"]
    server = make_server(Postgres(), "database", "secret")
    filled = fill_arguments(options, server)
    suite.provide(server, wiring={"arguments": filled[:2]})
    suite.announce("master", "gw0", "gw1")
    suite.write(
        """
        import os, pytest

        @pytest.mark.parametrize("number", range(8))
        def test_a(pytestconfig, number):
            slot = os.environ["PYTEST_XDIST_WORKER"]
            url = f"postgresql+psycopg://{slot}:secret-{slot}@127.0.0.1:5432/{slot}"
            assert pytestconfig.getoption("dburi") == url
            dsn = f"host=127.0.0.1 port=5432 user={slot} password='secret-{slot}' dbname='{slot}'"
            assert pytestconfig.getoption("test_dsn") == dsn
        """,
        conftest="""
        def pytest_addoption(parser):
            parser.addoption("--dburi")
            parser.addoption("--test-dsn")
        """,
    )
    suite.run("-n", "2", *filled[:2]).result.assert_outcomes(passed=8)


def test_a_mark_that_a_suite_leaves_in_pytest_s_cache_is_not_found_by_its_workers(suite):
    suite.provide_slots("gw0", "gw1")
    suite.write(
        MANY_TESTS,
        conftest="""
        def pytest_sessionstart(session):
            assert not session.config.cache.get("crashed", False), "the last run has crashed"
            session.config.cache.set("crashed", True)

        def pytest_sessionfinish(session):
            session.config.cache.set("crashed", False)
        """,
    )
    (suite.folder / "tox.ini").unlink()  # It leaves the cache out.
    for _ in range(2):
        suite.run("-n", "2").result.assert_outcomes(passed=8)


@pytest.mark.parametrize("addopts", ["-p no:xdist -p no:rerunfailures", "-n 1 --dist=no -p no:randomly"])
def test_the_command_line_of_a_run_fits_a_suite_that_leaves_plugins_out(suite, addopts):
    suite.provide_slots("gw0", "gw1")
    suite.write(MANY_TESTS)
    (suite.folder / "pytest.ini").write_text(f"[pytest]\naddopts = {addopts}\n")
    (suite.folder / "tox.ini").unlink()
    words = [*LOADED, "-n", "2", "--dist", "load", "--reruns", "1", "--reruns-delay", "0"]
    suite.run(*words).result.assert_outcomes(passed=8)


def test_a_pass_without_a_database_has_no_address_and_waits_for_nothing(suite):
    suite.provide(None, URL="x://{user}")
    suite.write()
    ran = suite.run("-n", "1")
    ran.result.assert_outcomes(passed=1)
    for process in ("master", "gw0"):
        assert not ran.environ(process).keys() & {*NAMES, "URL"}


def test_the_plugin_waits_until_the_slot_is_there(suite):
    suite.provide(make_server(Postgres(), "schema", "secret"))
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
            assert said.split() == ["postgresql://gw0:secret-gw0@127.0.0.1:5432/suite", "gw0"]
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
    server = find_server({"server": make_server(Postgres(), "schema", password)}, {"PYTEST_XDIST_WORKER": "gw0"})
    other = "postgresql+asyncpg://{user}:{password}@{host}:{port}/{dbname}"
    variables = make_variables({**VARIABLES, "OTHER": other}, server)
    assert variables["PGPASSWORD"] == password + "-gw0"
    for name in ("TEST_DATABASE_URL", "DATABASE_URL", "OTHER"):
        parts = urlsplit(variables[name])
        assert unquote(parts.password) == password + "-gw0"
        assert (parts.username, parts.hostname, parts.port, parts.path) == ("gw0", "127.0.0.1", 5432, "/suite")


@pytest.mark.security
def test_libpq_reads_the_password_from_the_address_as_it_was():
    conninfo = pytest.importorskip("psycopg.conninfo")
    server = find_server({"server": make_server(Postgres(), "schema", PASSWORD)}, {"PYTEST_XDIST_WORKER": "gw0"})
    parsed = conninfo.conninfo_to_dict(make_variables(VARIABLES, server)["TEST_DATABASE_URL"])
    assert parsed == {
        "user": "gw0",
        "password": PASSWORD + "-gw0",
        "host": "127.0.0.1",
        "port": "5432",
        "dbname": "suite",
    }


@pytest.mark.security
def test_a_password_of_odd_letters_reaches_the_tests_and_is_not_shown(suite):
    suite.provide_slots(password=PASSWORD)
    suite.write()
    ran = suite.run()
    assert ran.environ()["PGPASSWORD"] == PASSWORD + "-master"
    assert PASSWORD not in ran.result.stdout.str() + ran.result.stderr.str()
    assert ran.environ()["TEST_DATABASE_URL"] not in ran.result.stdout.str()


def test_without_wiring_nothing_is_set():
    environ = {}
    assert activate(environ) == {}
    assert environ == {}


def test_the_slot_is_the_workers_name():
    wiring = {"server": make_server(Postgres(), "database", "x")}
    assert find_server(wiring, {})["slot"] == "master"
    found = find_server(wiring, {"PYTEST_XDIST_WORKER": "gw7"})
    assert (found["slot"], found["user"], found["dbname"]) == ("gw7", "gw7", "gw7")
    assert find_server({"server": None}, {}) == {}


def test_waiting_for_an_answer_has_an_end(tmp_path, monkeypatch):
    monkeypatch.setenv("EPHEMERAL_RUNNER_READY", str(tmp_path))
    monkeypatch.setattr("runner.plugin.channel.PATIENCE", 0.02)
    with pytest.raises(TimeoutError, match=r"the runner did not answer `gw3` within 0\.02 s"):
        wait_for("gw3")


def test_an_answer_with_a_text_is_a_refusal(tmp_path, monkeypatch):
    monkeypatch.setenv("EPHEMERAL_RUNNER_READY", str(tmp_path))
    (tmp_path / "gw3").touch()
    (tmp_path / "gw4").write_text("no room: 3 > 2")
    assert wait_for("gw3") is None
    with pytest.raises(RefusedError, match=r"^no room: 3 > 2$"):
        wait_for("gw4")


NESTED = """
import os, subprocess, sys

CONFTEST = '''
import os
from pathlib import Path
Path(os.environ.get("PYTEST_XDIST_WORKER", "none") + "-" + os.environ["PGUSER"]).touch()
'''
TESTS = '''
import pytest
@pytest.mark.parametrize("n", range(4))
def test_inner(n): pass
'''

def test_outer(tmp_path):
    (tmp_path / "conftest.py").write_text(CONFTEST)
    (tmp_path / "test_inner.py").write_text(TESTS)
    command = [sys.executable, "-m", "pytest", "-n", "2", "-p", "no:cacheprovider", "test_inner.py"]
    subprocess.run(command, cwd=tmp_path, check=True, timeout=30)
    found = {each.name for each in tmp_path.iterdir() if each.suffix == "" and each.is_file()}
    assert found >= {"gw0-" + os.environ["PGUSER"], "gw1-" + os.environ["PGUSER"]}
    assert {name.partition("-")[2] for name in found} == {SLOT}
"""


@pytest.mark.parametrize(("workers", "slot"), [("1", "gw0"), ("0", "master")])
def test_workers_of_a_pytest_inside_a_test_share_the_slot_of_the_test(suite, workers, slot):
    # No slot of the inner workers' own names is ever ready, apart from the outer one: waiting for it would hang.
    suite.provide_slots(slot)
    suite.write(f"SLOT = {slot!r}\n{NESTED}")
    ran = suite.run("-n", workers)
    ran.result.assert_outcomes(passed=1)
    assert list(ran.verdicts()) == ["test_outer"]


def test_workers_of_the_run_itself_do_not_share_the_slot_of_the_leading_process(suite):
    suite.provide_slots("gw0", "gw1")
    suite.write(MANY_TESTS)
    ran = suite.run("-n", "2")
    assert [ran.environ(each)["PGUSER"] for each in ("master", "gw0", "gw1")] == ["master", "gw0", "gw1"]


def test_a_slot_is_pinned_wherever_the_runner_is_and_without_the_way_to_it():
    environ = {"PYTEST_XDIST_WORKER": "gw3"}
    pin({}, environ)
    assert "EPHEMERAL_RUNNER" not in environ
    for server in (None, make_server(Postgres(), "schema", "x")):
        pin({"server": server, "reports": "/x"}, environ)
        assert json.loads(environ["EPHEMERAL_RUNNER"]) == {"server": server, "slot": "gw3", "reports": None}
    assert find_server(json.loads(environ["EPHEMERAL_RUNNER"]), {"PYTEST_XDIST_WORKER": "gw0"})["user"] == "gw3"


@pytest.mark.parametrize(("worker", "pinned"), [({"PYTEST_XDIST_WORKER": "gw3"}, "gw3"), ({}, None)])
def test_a_worker_pins_its_slot_before_any_conftest_and_the_leading_process_not_yet(
    tmp_path, monkeypatch, worker, pinned
):
    for slot in ("master", "gw3"):
        (tmp_path / slot).touch()
    monkeypatch.setenv("EPHEMERAL_RUNNER_READY", str(tmp_path))
    wiring = json.dumps({"server": make_server(Postgres(), "schema", "x"), "variables": {"PGUSER": "{user}"}})
    environ = {"EPHEMERAL_RUNNER": wiring, **worker}
    activate(environ)
    assert environ["PGUSER"] == worker.get("PYTEST_XDIST_WORKER", "master")
    assert json.loads(environ["EPHEMERAL_RUNNER"]).get("slot") == pinned


@pytest.mark.parametrize(("environ", "port"), [({}, "5403"), ({"EPHEMERAL_RUNNER_SANDBOX": "5400"}, "5400")])
def test_a_server_of_the_slots_own_has_the_same_port_only_in_a_sandbox(environ, port):
    server = make_server(Postgres(port=5400), "sandbox", "secret")
    found = find_server({"server": server}, {"PYTEST_XDIST_WORKER": "gw2", **environ})
    assert found == {
        "slot": "gw2",
        "host": "127.0.0.1",
        "port": port,
        "user": "suite",
        "password": "secret",
        "dbname": "suite",
    }


def test_the_main_module_has_pytest_s_file_in_workers_as_without_them(suite):
    suite.provide_slots("gw0")
    suite.write("""
        import sys

        def test_a():
            assert sys.modules["__main__"].__file__.endswith("pytest/__main__.py")
    """)
    suite.run("-n", "1").result.assert_outcomes(passed=1)
