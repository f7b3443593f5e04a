"""The parts of a session without the runner that need no server: addresses, names, marks, a worker's variables."""

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from psycopg.conninfo import conninfo_to_dict

import runner.plugin
from runner.plugin import ownership
from runner.plugin.address import AddressError, find_password, for_libpq, split, with_database, with_search_path
from runner.plugin.connecting import ServerError, connect, load_psycopg
from runner.plugin.databases import make_name
from runner.plugin.standalone import activate
from runner.plugin.worker_slots import find_slot

pytestmark = pytest.mark.unit

NAME = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1)
GIVEN = "postgresql://u:p%40ss@h:5/app"
PLAN = {
    "kind": "database",
    "of": "app",
    "token": "1234abcd",
    "path": [],
    "pid": 7,
    "variables": {"PGHOST": "h", "PGPORT": "5", "PGUSER": "u"},
}


@given(NAME)
def test_only_the_database_of_an_address_changes(name):
    before = "postgresql://u:p%40#?s@h,h2:5/app?sslmode=disable&dbname=x&connect_timeout=3"
    after = conninfo_to_dict(with_database(before, name))
    assert after.pop("dbname") == name
    assert after == {
        "user": "u",
        "password": "p@#?s",
        "host": "h,h2",
        "port": ",5",
        "sslmode": "disable",
        "connect_timeout": "3",
    }


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("postgres://h", "postgres://h/x"),
        ("postgresql:///app?host=/tmp", "postgresql:///x?host=/tmp"),
        ("postgresql+psycopg://u@h/app?foo=1", "postgresql+psycopg://u@h/x?foo=1"),
        ("postgresql://u:p@[::1]:5/app", "postgresql://u:p@[::1]:5/x"),
    ],
)
def test_addresses_keep_their_form(before, after):
    assert with_database(before, "x") == after


@pytest.mark.parametrize(
    ("before", "options"),
    [
        ("postgresql://h/app", "-csearch_path=gw0,public"),
        ("postgresql://h/app?options=-cjit%3Doff&port=5", "-cjit=off -csearch_path=gw0,public"),
    ],
)
def test_a_search_path_comes_behind_other_options(before, options):
    found = conninfo_to_dict(with_search_path(before, "gw0,public"))
    assert found["options"] == options
    assert found["dbname"] == "app"


def test_libpq_gets_neither_a_drivers_name_nor_its_options():
    address = "postgresql+asyncpg://u@h/app?async_fallback=true&sslmode=disable"
    assert for_libpq(address, frozenset({"sslmode"})) == "postgresql://u@h/app?sslmode=disable"
    assert for_libpq("host=h dbname=app", frozenset()) == "host=h dbname=app"


@pytest.mark.parametrize(
    ("address", "password"),
    [(GIVEN, "p@ss"), ("postgresql://u@h/app", None), ("postgresql://h:5/app", None), ("postgresql://u:@h/", "")],
)
def test_the_password_of_an_address_is_found(address, password):
    assert find_password(address) == password


@pytest.mark.security
@pytest.mark.parametrize("address", ["", "secret", "host=h password=secret", "sqlite:///secret", "http://u:secret@h"])
def test_what_is_no_address_is_refused_without_showing_it(address):
    with pytest.raises(AddressError) as caught:
        split(address)
    assert str(caught.value) == "the address is no `postgresql://` URL"


@pytest.mark.security
@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("postgresql://u:hush@127.0.0.1:1/app", "Connection refused"),
        ("postgresql:///app?host=/nonexistent/hush", "No such file or directory"),
        ("hush", "the address is malformed"),
        ("postgresql://u:hush@127.0.0.1:99999/app", "the address is malformed"),
        ("postgresql://u:p%hush@127.0.0.1:1/app", "the address is malformed"),
        ("postgresql://u:p@[::1/hush", "the address is malformed"),
        ("postgresql://u:p@hush.invalid/app", "its host is unknown"),
    ],
)
def test_no_connection_is_told_without_the_address(address, reason):
    with pytest.raises(ServerError) as caught:
        connect(address)
    assert str(caught.value) == reason
    assert caught.value.__context__ is None


def test_a_suite_without_psycopg_is_told(monkeypatch):
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(ServerError, match=r"^psycopg is not installed$"):
        connect(GIVEN)


def test_a_suite_without_psycopg_sees_ours_once_something_connects(monkeypatch, tmp_path):
    (tmp_path / "psycopg.py").write_text("name = 'ours'")
    monkeypatch.setattr("runner.plugin.connecting.DRIVER", tmp_path)
    monkeypatch.setattr(sys, "path", [str(Path(runner.plugin.__file__).parent)])
    for name in [name for name in sys.modules if name.partition(".")[0] == "psycopg"]:
        monkeypatch.delitem(sys.modules, name)
    assert find_spec("psycopg") is None
    assert load_psycopg().name == "ours"
    assert find_spec("psycopg").origin == str(tmp_path / "psycopg.py")
    monkeypatch.delitem(sys.modules, "psycopg")


@given(NAME, NAME.filter(lambda text: len(text.encode()) < 40))
def test_names_are_whole_for_postgres_and_end_with_what_tells_them_apart(of, rest):
    name = make_name(of, rest)
    assert len(name.encode()) <= 63
    assert name.endswith(f"_{rest}")
    assert name == f"{of}_{rest}" or len(f"{of}_{rest}".encode()) > 63


@pytest.fixture
def mark():
    """A change of this process's own mark."""

    def make(**changes):
        fields = json.loads(ownership.make_mark("app", os.getpid()).removeprefix(ownership.PREFIX))
        return ownership.PREFIX + json.dumps(fields | changes)

    return make


def test_what_a_living_process_made_is_not_dead(mark):
    assert not ownership.is_dead(mark(), "app")


def test_what_a_process_made_that_ended_is_dead():
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    mark = ownership.make_mark("app", process.pid)
    assert not ownership.is_dead(mark, "app")
    process.kill()
    # A dead process of which nobody asked for the end yet is no living one.
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    assert ownership.is_dead(mark, "app")
    process.communicate()
    assert ownership.is_dead(mark, "app")
    assert not ownership.is_dead(mark, "another")


@pytest.mark.parametrize(
    ("changes", "dead"),
    [
        ({"started": "1"}, True),
        ({"boot": "another"}, True),
        ({"boot": "another", "host": "another"}, False),
        ({"started": "1", "host": "another"}, False),
        ({"started": "1", "namespace": "another"}, False),
        ({"pid": "none"}, False),
        ({"pid": None}, False),
    ],
)
def test_only_processes_of_this_machine_are_known_to_be_dead(mark, changes, dead):
    assert ownership.is_dead(mark(**changes), "app") is dead


@pytest.mark.parametrize("text", ["", "{}", "[]", "x", "{", '{"pid": 1}', "[1]"])
def test_other_comments_are_nobodys_marks(text):
    assert not ownership.is_dead(text, "app")
    assert not ownership.is_dead(ownership.PREFIX + text, "app")


def test_without_a_plan_nothing_is_set():
    environ = {"PYTEST_XDIST_WORKER": "gw0", "TEST_DATABASE_URL": GIVEN}
    assert activate(environ) == {}
    assert environ == {"PYTEST_XDIST_WORKER": "gw0", "TEST_DATABASE_URL": GIVEN}


def test_a_plan_is_for_workers_only():
    environ = {"TEST_DATABASE_URL": GIVEN, "EPHEMERAL_RUNNER_STANDALONE": json.dumps(PLAN)}
    assert activate(environ) == {}
    assert environ == {"TEST_DATABASE_URL": GIVEN}


def activate_worker(plan, **environ):
    environ |= {
        "PYTEST_XDIST_WORKER": "gw3",
        "TEST_DATABASE_URL": GIVEN,
        "EPHEMERAL_RUNNER_STANDALONE": json.dumps(plan),
    }
    wiring = activate(environ)
    assert wiring == {"standalone": {"given": GIVEN, "worker": "gw3", "pid": 7}}
    assert "EPHEMERAL_RUNNER_STANDALONE" not in environ
    assert environ.pop("EPHEMERAL_RUNNER_SLOTS") == "off"
    return environ


def test_a_worker_reaches_its_database_by_all_usual_variables():
    url = "postgresql://u:p%40ss@h:5/app_gw3_1234abcd"
    assert activate_worker(PLAN, DATABASE_URL=GIVEN, PGUSER="other", PGSSLMODE="disable") == {
        "PYTEST_XDIST_WORKER": "gw3",
        "TEST_DATABASE_URL": url,
        "DATABASE_URL": url,
        "PGHOST": "h",
        "PGPORT": "5",
        "PGUSER": "u",
        "PGPASSWORD": "p@ss",
        "PGDATABASE": "app_gw3_1234abcd",
        "PGSSLMODE": "disable",
    }


def test_another_database_url_stays_as_it_is():
    assert activate_worker(PLAN, DATABASE_URL="postgresql://h/dev")["DATABASE_URL"] == "postgresql://h/dev"
    assert "DATABASE_URL" not in activate_worker(PLAN)


def test_a_worker_reaches_its_schema_by_options():
    plan = PLAN | {"kind": "schema", "path": ["public"]}
    environ = activate_worker(plan, PGOPTIONS="-cjit=off")
    assert environ["PGDATABASE"] == "app"
    assert environ["PGOPTIONS"] == "-cjit=off -csearch_path=gw3_1234abcd,public"
    found = conninfo_to_dict(environ["TEST_DATABASE_URL"])
    assert found["options"] == "-csearch_path=gw3_1234abcd,public"
    assert found["dbname"] == "app"


def test_slots_have_names_that_need_no_quotes():
    assert find_slot(PLAN | {"kind": "schema"}, 'Odd"; -') == "odd_____1234abcd"


def test_the_plugin_imports_no_psycopg_where_nothing_is_to_be_done():
    code = "import runner.plugin, sys; sys.exit('psycopg' in sys.modules or 'requests' in sys.modules)"
    environ = {name: text for name, text in os.environ.items() if not name.startswith("EPHEMERAL_RUNNER")}
    subprocess.run([sys.executable, "-c", code], env=environ, check=True, timeout=60)
