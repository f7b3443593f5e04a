"""Broken isolation rules are named in the report of the very test; each suite here runs in processes of its own."""

import errno
import json
import os
import socket
import subprocess
import sys
import time

import pytest
from project_folder import LEAN, is_ours

from runner.core.settings_postgres import Postgres
from runner.core.slots import make_server
from runner.plugin import port_holder
from runner.plugin.breach import FOUND
from runner.plugin.port_watch import PortWatch
from runner.plugin.rules import Rules, walk

pytestmark = pytest.mark.unit

CONFTEST = """
import json, os, socket, time
from pathlib import Path
import pytest
from runner.plugin import rules
from runner.plugin.channel import open_channel
HERE = Path(__file__).parent
ORIGINAL = vars(socket.socket).get("bind")

def pytest_configure(config):
    if hasattr(config, "workerinput") or not getattr(config.option, "numprocesses", None):
        wiring = json.loads((HERE / "wiring.json").read_text())
        config.pluginmanager.register(rules.Rules(wiring, open_channel(str(HERE / "told.jsonl"))), "rules")

@pytest.hookimpl(trylast=True)
def pytest_unconfigure():
    assert vars(socket.socket).get("bind") is ORIGINAL

def wait_for(name):
    deadline = time.monotonic() + 20
    while not (HERE / name).exists():
        assert time.monotonic() < deadline
        time.sleep(0.01)
"""

# Root is held back by no mode of a file, unless it lacks these.
WITHOUT_RIGHTS = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"] if os.geteuid() == 0 else []


GROUP = 'GROUP = lambda error: ExceptionGroup("two", [KeyError(), ExceptionGroup("one", [error])])\n'


class Suite:
    """A suite whose processes have the rules, and what they told."""

    def __init__(self, pytester):
        self.folder = pytester.path
        self._pytester = pytester
        self.project = self.folder / "project"
        self.project.mkdir()
        (self.project / "kept.txt").write_text("kept")
        pytester.makeconftest(CONFTEST)
        pytester.makeini(f"[pytest]\naddopts = {LEAN}\n")
        self.wire()

    def wire(self, **wiring):
        (self.folder / "wiring.json").write_text(json.dumps(wiring))
        (self.folder / "told.jsonl").write_text("")

    def run(self, *args, prefix=(), **tests):
        self._pytester.makepyfile(**tests)
        command = [*prefix, sys.executable, "-m", "pytest", *args]
        self.result = self._pytester.run(*command, timeout=60)
        return self.result

    def run_without_rights(self, tests):
        self.project.chmod(0o555)
        (self.project / "kept.txt").chmod(0o444)
        self.wire(project=str(self.project))
        return self.run(prefix=WITHOUT_RIGHTS, test_a=f"import os, pytest\nP = {str(self.project)!r}\n{GROUP}{tests}")

    @property
    def told(self):
        lines = map(json.loads, (self.folder / "told.jsonl").read_text().splitlines())
        return [{key: text for key, text in each.items() if key != "event"} for each in lines]


@pytest.fixture
def suite(pytester, monkeypatch):
    for name in [*filter(is_ours, list(os.environ)), "CI", "BUILD_NUMBER"]:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "1000")
    return Suite(pytester)


def make_file_text(path):
    return (
        f"isolation rule broken: no shared files: this test wrote `{path}`, which all workers share;"
        " use the fixture `tmp_path`, or open the path in the setting `writable`"
    )


WRITES = {
    "a new file": ('open(P + "/out.txt", "w")', "out.txt"),
    "a relative path": ('os.chdir(P); open("../project/out.txt", "w")', "out.txt"),
    "bytes": ('os.mkdir(os.fsencode(P) + b"/out.txt")', "out.txt"),
    "a file that is there": ('open(P + "/kept.txt", "a")', "kept.txt"),
    "a removal": ('os.remove(P + "/kept.txt")', "kept.txt"),
    "the target of a link": ('os.symlink("/etc/passwd", P + "/link")', "link"),
    "the target of two": ('os.symlink(P + "/kept.txt", P + "/link")', "link"),
    "the source of a move": ('os.rename(P + "/kept.txt", os.environ["PYTEST_TMP"] + "/kept.txt")', "kept.txt"),
    "a cause": (
        'try:\n        open(P + "/out.txt", "w")\n    except OSError as error:\n        raise ValueError from error',
        "out.txt",
    ),
    "a member of a group": (
        'try:\n        open(P + "/out.txt", "w")\n    except OSError as error:\n        raise GROUP(error) from None',
        "out.txt",
    ),
}


@pytest.mark.parametrize("write", WRITES)
def test_a_test_that_writes_to_a_shared_place_is_named(suite, write, monkeypatch):
    body, name = WRITES[write]
    monkeypatch.setenv("PYTEST_TMP", str(suite.folder))
    result = suite.run_without_rights(f"def test_a():\n    {body}\n")
    result.assert_outcomes(failed=1)
    path = str(suite.project / name)
    text = make_file_text(path)
    assert suite.told == [
        {"rule": "files", "test": "test_a.py::test_a", "worker": "master", "object": path, "text": text}
    ]
    # pytest repeats the error in the section of each exception of a chain or group.
    assert text in result.stdout.str()
    result.stdout.fnmatch_lines(["*- broken rule: no shared files -*", f"FAILED test_a.py::test_a - {text}"])


ALLOWED = {
    "a file that cannot be read": 'os.chmod(P + "/../secret.txt", 0); open(P + "/../secret.txt")',
    "a program that cannot be executed": 'import subprocess; subprocess.run([P + "/kept.txt"])',
    "a missing file": 'open(P + "/missing.txt")',
    "an error of the test's own": 'raise PermissionError("no")',
    "an error without a path": 'raise PermissionError(13, "no")',
    "a descriptor": 'raise PermissionError(13, "no", 7)',
    "another errno": 'raise OSError(28, "no", P + "/out.txt")',
    "a place that merely begins alike": 'raise PermissionError(13, "no", P + "2/out.txt")',
}


@pytest.mark.parametrize("access", ALLOWED)
def test_other_failures_are_not_named(suite, access):
    (suite.folder / "secret.txt").touch()
    result = suite.run_without_rights(f"def test_a():\n    {ALLOWED[access]}\n")
    result.assert_outcomes(failed=1)
    assert suite.told == []
    result.stdout.no_fnmatch_line("*isolation rule*")


def test_what_was_handled_skipped_or_expected_to_fail_is_not_named(suite):
    tests = """
def write(): open(P + "/out.txt", "w")
def test_handled():
    with pytest.raises(OSError): write()
def test_skipped():
    try: write()
    except OSError: pytest.skip("cannot write")
@pytest.mark.xfail(strict=True)
def test_expected(): write()
"""
    result = suite.run_without_rights(tests)
    result.assert_outcomes(passed=1, skipped=1, xfailed=1)
    assert suite.told == []


def test_an_error_that_takes_no_notes_is_named_in_the_summary_all_the_same(suite):
    tests = """
from dataclasses import dataclass
@dataclass(frozen=True)
class FrozenError(Exception):
    number: int
def test_a():
    try: open(P + "/out.txt", "w")
    except OSError: raise FrozenError(1)
"""
    result = suite.run_without_rights(tests)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        ["FAILED test_a.py::test_a - isolation rule broken: no shared files: this test wrote *"]
    )


def test_a_fixture_that_writes_is_named_and_so_is_a_failure_without_a_traceback(suite):
    tests = """
@pytest.fixture
def writes(): open(P + "/out.txt", "w")
def test_fixture(writes): pass
def test_fail():
    try: os.mkdir(P + "/folder")
    except OSError: pytest.fail("cannot", pytrace=False)
"""
    suite.run_without_rights(tests).assert_outcomes(failed=1, errors=1)
    assert [(each["test"], each["object"]) for each in suite.told] == [
        ("test_a.py::test_fixture", str(suite.project / "out.txt")),
        ("test_a.py::test_fail", str(suite.project / "folder")),
    ]


def find_in(wiring, error, monkeypatch):
    """What rules of this wiring find in an error, without pytest around them."""
    monkeypatch.delenv("PYTEST_XDIST_WORKER", raising=False)

    class Item:
        @staticmethod
        def get_closest_marker(name):
            return wiring.get("mark") if name == "crosses_slots" else None

    return Rules(wiring, None)._find(error, Item)


READ_ONLY = errno.EROFS


@pytest.mark.parametrize(
    ("path", "named"),
    [
        ("/project", True),
        ("/project/a/../b", True),
        ("/project/../etc/x", False),
        ("/tmp/x", True),
        ("/var/tmp/x", True),
        ("/dev/shm/x", False),
        ("/tmp/workers/master/tmp/x", False),
        ("/tmp/workers/gw1/tmp/x", True),
        ("/project/open/x", False),
        ("/project/openly", True),
        ("/srv/x", False),
    ],
)
def test_which_places_are_shared(path, named, monkeypatch):
    wiring = {"project": "/project", "folders": "/tmp/workers", "writable": ["open", "/srv"]}
    found = find_in(wiring, OSError(READ_ONLY, "no", path), monkeypatch)
    assert bool(found) is named
    assert not found or found["object"] == os.path.normpath(path)


def test_a_folder_in_the_setting_writable_may_be_a_shared_one(monkeypatch):
    assert find_in({"project": "/p", "writable": ["/tmp"]}, OSError(READ_ONLY, "no", "/tmp/x"), monkeypatch) is None


def test_a_name_of_several_lines_stays_one_line(monkeypatch):
    found = find_in({"project": "/p"}, OSError(READ_ONLY, "no", "/p/a\nb"), monkeypatch)
    assert "`/p/a b`" in found["text"]
    assert "\n" not in found["text"]


def test_a_current_folder_that_is_gone_hides_nothing(tmp_path, monkeypatch):
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    error = OSError(READ_ONLY, "no", "x")
    assert find_in({"project": "/p"}, error, monkeypatch) is None


# Ports


HOLDER = """
import os, socket, socketserver, subprocess, sys
from conftest import HERE, wait_for

def listen(family=socket.AF_INET, kind=socket.SOCK_STREAM):
    one = socket.socket(family, kind)
    one.bind(("", 0))
    if kind == socket.SOCK_STREAM:
        one.listen()
    return one

ORPHAN = '''
import os, socket, sys, time
if os.fork(): os._exit(0)
os.setsid()
one = socket.socket()
one.bind(("", 0))
one.listen()
print(one.getsockname()[1], flush=True)
deadline = time.monotonic() + 20
while not os.path.exists(sys.argv[1]) and time.monotonic() < deadline: time.sleep(0.01)
'''

def test_hold():
    plain, datagrams, v6 = listen(), listen(kind=socket.SOCK_DGRAM), listen(socket.AF_INET6)
    server = socketserver.TCPServer(("127.0.0.1", 0), socketserver.BaseRequestHandler)
    inherited = listen()
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, pass_fds=[inherited.fileno()])
    port_of_child = inherited.getsockname()[1]
    inherited.close()
    orphan = subprocess.Popen([sys.executable, "-c", ORPHAN, str(HERE / "done")], stdout=subprocess.PIPE, text=True)
    ports = [each.getsockname()[1] for each in (plain, datagrams, v6, server.socket)]
    (HERE / "ports.tmp").write_text(" ".join(map(str, [*ports, port_of_child, int(orphan.stdout.readline())])))
    orphan.wait()
    os.rename(HERE / "ports.tmp", HERE / "ports")
    wait_for("done")
    child.communicate(b"\\n")
    for each in (plain, datagrams, v6, server.socket, orphan.stdout): each.close()
"""

OTHERS = """
import asyncio, http.server, os, socket, socketserver, wsgiref.simple_server
import pytest
from conftest import HERE, wait_for

@pytest.fixture(scope="module")
def ports():
    wait_for("ports")
    yield [int(each) for each in (HERE / "ports").read_text().split()]
    (HERE / "done").touch()

def test_bind(ports):
    with socket.socket() as one: one.bind(("127.0.0.1", ports[0]))

def test_datagrams(ports):
    with socket.socket(type=socket.SOCK_DGRAM) as one: one.bind(("", ports[1]))

def test_v6(ports):
    with socket.socket(socket.AF_INET6) as one: one.bind(("", ports[2]))

def test_asyncio(ports):
    async def serve(): await asyncio.get_running_loop().create_server(asyncio.Protocol, "127.0.0.1", ports[3])
    asyncio.run(serve())

def test_http(ports):
    http.server.ThreadingHTTPServer(("", ports[4]), http.server.BaseHTTPRequestHandler)

def test_socketserver(ports):
    socketserver.TCPServer(("", ports[0]), socketserver.BaseRequestHandler)

def test_wsgi(ports):
    wsgiref.simple_server.make_server("", ports[3], None)

def test_orphan(ports):
    socket.create_server(("", ports[5]))

def test_next_port(ports):
    with socket.socket() as one:
        try: one.bind(("", ports[0]))
        except OSError: one.bind(("", 0))
"""


@pytest.mark.e2e
def test_a_port_that_another_worker_holds_is_named_with_its_holder(suite):
    result = suite.run("-n", "2", "--dist", "loadfile", test_1=HOLDER, test_2=OTHERS)
    result.assert_outcomes(failed=8, passed=2)
    ports = (suite.folder / "ports").read_text().split()
    tests = ["bind", "datagrams", "v6", "asyncio", "http", "socketserver", "wsgi", "orphan"]
    assert [each["test"] for each in suite.told] == [f"test_2.py::test_{name}" for name in tests]
    assert [each["object"] for each in suite.told] == [ports[number] for number in (0, 1, 2, 3, 4, 0, 3, 5)]
    (worker,) = {each["worker"] for each in suite.told}
    holder = {"gw0": "gw1", "gw1": "gw0"}[worker]
    for each in suite.told:
        text = (
            f"isolation rule broken: no port conflicts: port {each['object']} is held by worker {holder};"
            " use the fixture `free_port`"
        )
        assert each == {"rule": "ports", **each, "worker": worker, "holder": holder, "text": text}
        result.stdout.fnmatch_lines([f"E   *{text}", f"FAILED {each['test']} - {text}"])
    # The place of a failure is the test, not the wrapper.
    result.stdout.no_fnmatch_line("*port_watch.py:*")


ALONE = """
import socket
def test_own():
    with socket.create_server(("", 0)) as one, socket.socket() as other:
        other.bind(one.getsockname())
"""


def test_a_port_that_the_worker_itself_holds_is_said_to_be_its_own(suite):
    suite.run(test_a=ALONE).assert_outcomes(failed=1)
    (told,) = suite.told
    assert (told["holder"], told["worker"], told["rule"]) == ("master", "master", "ports")
    assert f"port {told['object']} is held by this very worker; use" in told["text"]


def test_a_port_of_a_process_that_is_no_worker_is_named_with_the_process(suite):
    with socket.create_server(("127.0.0.1", 0)) as one:
        port = one.getsockname()[1]
        suite.run(test_a=f"import socket\ndef test_a():\n    socket.create_server(('127.0.0.1', {port}))\n")
    (told,) = suite.told
    assert told["holder"] == ""
    assert f"port {port} is held by another process (pid {os.getpid()}, " in told["text"]


@pytest.fixture
def watch():
    made = PortWatch("gw7")
    before = socket.socket.bind
    made.start()
    yield made
    made.stop()
    assert socket.socket.bind is before
    assert "bind" not in vars(socket.socket)


def test_the_wrapped_bind_is_as_the_original(watch, tmp_path):
    class Own(socket.socket):
        def bind(self, address):
            super().bind(address)

    assert (socket.socket.bind.__name__, socket.socket.bind.__doc__[:12]) == ("bind", "bind(address")
    for kind in (socket.socket, Own):
        with kind() as one, kind() as other, kind(socket.AF_UNIX) as path, kind() as closed:
            assert one.bind(("127.0.0.1", 0)) is None
            one.listen()
            path.bind(os.fsencode(tmp_path / f"{kind.__name__}.sock"))
            with pytest.raises(OSError, match="in use") as refused:
                other.bind(one.getsockname())
            assert vars(refused.value)[FOUND]["holder"] == "gw7"
            assert len(refused.value.__notes__) == 1
            for wrong in ("127.0.0.1", ("127.0.0.1",), ("127.0.0.1", "80"), None):
                with pytest.raises(TypeError):
                    other.bind(wrong)
            with pytest.raises(OverflowError):
                other.bind(("127.0.0.1", 65536))
            closed.close()
            with pytest.raises(OSError, match="Bad file descriptor") as bad:
                closed.bind(("127.0.0.1", 0))
            assert vars(bad.value) == {}


def test_a_path_in_use_is_no_port(watch, tmp_path):
    with socket.socket(socket.AF_UNIX) as one, socket.socket(socket.AF_UNIX) as other:
        one.bind(str(tmp_path / "a"))
        with pytest.raises(OSError, match="in use") as refused:
            other.bind(str(tmp_path / "a"))
    assert vars(refused.value) == {}


def test_a_holder_that_cannot_be_found_is_said_to_be_so(watch, monkeypatch):
    monkeypatch.setattr(port_holder, "list_processes", lambda _links: iter(()))
    with socket.create_server(("", 0)) as one, pytest.raises(OSError, match="in use") as refused:
        socket.create_server(("", one.getsockname()[1]))
    # The original is an OSError with the address in its text, raised while ours was handled.
    (found,) = [vars(each)[FOUND] for each in walk(refused.value) if FOUND in vars(each)]
    assert found["holder"] == ""
    assert "is held by a process that cannot be seen from here; use" in found["text"]


def test_a_port_that_nobody_holds_has_no_holder():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]
    assert port_holder.find_holder("tcp", port) == ("", "")


def test_a_worker_that_ended_has_no_name_any_more():
    made = PortWatch("gw8")
    made.start()
    assert (os.getpid(), "gw8") in port_holder.list_workers()
    made.stop()
    assert "gw8" not in {name for _, name in port_holder.list_workers()}


def wait_until(ask):
    deadline = time.monotonic() + 10
    while not (answer := ask()) and time.monotonic() < deadline:
        time.sleep(0.01)
    return answer


def test_a_process_without_a_living_worker_is_known_by_its_variables():
    environ = {**os.environ, "PYTEST_XDIST_WORKER": "gw9"}
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE, env=environ) as process:
        # The variables can be read a moment after the program was started.
        assert wait_until(lambda: port_holder.read_worker(process.pid)) == "gw9"
        assert [*port_holder.list_ancestors(process.pid)][:2] == [process.pid, os.getpid()]
        process.communicate(timeout=10)
    assert port_holder.read_worker(process.pid) == ""
    assert [*port_holder.list_ancestors(process.pid)] == [process.pid]


# Rows


class RefusedError(Exception):
    sqlstate = "42501"


class PgCodeError(Exception):
    pgcode = "42501"


def make_orm_error(original):
    error = RuntimeError("[SQL: INSERT INTO gw1.items]")
    error.orig = original
    return error


SCHEMA = "permission denied for schema gw1\nLINE 1: INSERT INTO gw1.items VALUES (1)"
FATAL = (
    'connection failed: FATAL:  permission denied for database "gw1"\nDETAIL:  User does not have CONNECT privilege.'
)


def make_psycopg_error():
    import psycopg

    return psycopg.OperationalError(FATAL)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (RefusedError(SCHEMA), "schema"),
        (PgCodeError(SCHEMA), "schema"),
        (RefusedError({"C": "42501"}, "permission denied for schema gw1"), "schema"),
        (make_orm_error(RefusedError(SCHEMA)), "schema"),
        (ExceptionGroup("all", [ValueError(), make_orm_error(RefusedError(SCHEMA))]), "schema"),
        (RefusedError('permission denied for database "gw1"'), "database"),
        (RefusedError("must be owner of database gw1"), "database"),
        (RefusedError("must be owner of function gw1.f"), "schema"),
        (RefusedError('permission denied to set role "gw1"'), "role"),
        (make_psycopg_error(), "database"),
    ],
)
def test_rows_of_another_slot_are_named(error, kind, monkeypatch):
    found = find_in({"slot": "gw0", "server": make_server(Postgres(), "schema", "x")}, error, monkeypatch)
    assert found == {
        "rule": "rows",
        "object": "gw1",
        "text": f"isolation rule broken: no shared rows: this test reached into the {kind} `gw1`, the slot of another"
        " worker; the address in its environment leads to its own, `gw0`",
    }


@pytest.mark.parametrize(
    "error",
    [
        RefusedError("permission denied for schema gw0"),
        RefusedError("permission denied for schema public"),
        RefusedError("permission denied for table master"),
        RefusedError("permission denied for schema gw1x"),
        RefusedError(),
        ValueError(SCHEMA),
        make_orm_error(None),
        RuntimeError(SCHEMA),
    ],
)
def test_refusals_of_other_things_are_not_named(error, monkeypatch):
    assert find_in({"slot": "gw0", "server": make_server(Postgres(), "schema", "x")}, error, monkeypatch) is None


def test_a_test_that_means_to_cross_slots_is_not_named_for_rows_but_for_files(monkeypatch):
    wiring = {"slot": "gw0", "server": make_server(Postgres(), "schema", "x"), "project": "/p", "mark": "set"}
    assert find_in(wiring, RefusedError(SCHEMA), monkeypatch) is None
    assert find_in(wiring, OSError(READ_ONLY, "no", "/p/x"), monkeypatch)["rule"] == "files"


def test_without_a_database_there_are_no_rows(monkeypatch):
    assert find_in({"slot": "gw0"}, RefusedError(SCHEMA), monkeypatch) is None


def test_an_error_is_walked_once_whatever_leads_in_a_circle():
    one, two = ValueError(1), ValueError(2)
    one.__cause__, two.__context__, two.orig = two, one, one
    assert list(walk(one)) == [one, two]
