"""The keeper answers every test that asks, whatever happens, and says what became of it."""

import json
import time

import pytest
from fakes import FakeEngine, FakeSuite

from runner.core.keeping import Keeping
from runner.engines.protocol import ServerAddress
from runner.errors import EngineError
from runner.keeper import Keeper
from runner.kept_state import Order, Place
from runner.report.failures import read_failures

pytestmark = pytest.mark.unit

TOLD = {
    "began": 1.0,
    "traceback": "assert 0",
    "sections": [["Captured stdout call", "said\n"], ["Captured log call", "more"]],
    "environment": {"PATH": "/bin", "TOKEN": "of-the-test"},
    "python": "3.13.5",
    "groups": ["smoke"],
    "unseen": ["something of-the-test"],
}


class Kept:
    def __init__(self, folder, failures=10, **told):
        self.engine = FakeEngine()
        self.engine.told = json.dumps(TOLD | told).encode()
        self.folder = folder
        self.keeper = Keeper(FakeSuite(self.engine, None), folder, Keeping(failures, 1), [{"API_KEY": "of-the-caller"}])

    def ask(self, test="t.py::a", answer="failure-gw0-1-1"):
        data = {"slot": "gw0", "answer": answer, "test": test, "attempt": 1, "phase": "call"}
        self.keeper.keep(Order(data, "default", 7, "schema", Place()))
        deadline = time.monotonic() + 10
        while answer not in self.engine.answers and time.monotonic() < deadline:
            time.sleep(0.001)
        return self.engine.answers[answer]

    def close(self):
        self.keeper.close(10)
        return list(self.keeper.take_said())


def test_a_state_without_a_database_is_kept_and_told(tmp_path):
    kept = Kept(tmp_path, traceback="assert 'of-the-caller'")
    assert kept.ask() == ""
    ((name, said),) = kept.close()
    assert (name, said["test"], said["attempt"]) == ("failure-kept", "t.py::a", 1)
    (found,) = read_failures(tmp_path)
    assert str(found.folder) == str(tmp_path / said["folder"])
    assert kept.engine.calls[0] == "read_file /run/runner/workers/gw0/failure.json"
    assert found.read("traceback.txt") == "assert '[redacted]'"
    assert found.read("output.txt") == "---- Captured stdout call ----\nsaid\n---- Captured log call ----\nmore\n"
    assert json.loads(found.read("environment.json")) == {"PATH": "/bin", "TOKEN": "[redacted]"}
    assert (found.failure.seed, found.failure.pass_, found.failure.groups) == (7, "default", ["smoke"])
    assert found.failure.unseen == ["something [redacted]"]
    assert (found.failure.slot, found.failure.database, dict(found.scripts)) == ("", "", {})


def test_a_server_that_cannot_be_reached_costs_only_the_rows(tmp_path):
    kept = Kept(tmp_path)
    nowhere, place = ServerAddress(str(tmp_path), 5432, "postgres", "secret"), Place("gw0", "suite", "suite")
    for test, more in {"a": {"server": object(), "address": nowhere}, "b": {"problem": "it has ended"}}.items():
        data = {"slot": "gw0", "answer": test, "test": test, "attempt": 1, "phase": "call"}
        kept.keeper.keep(Order(data, "default", 7, "server", place, **more))
    assert [name for name, _ in kept.close()] == ["failure-kept", "failure-kept"]
    problems = {each.failure.test: each.failure.problems for each in read_failures(tmp_path)}
    assert problems["a"][0].startswith("cannot connect to look at failed tests: ")
    assert problems["b"] == ["it has ended"]


def test_without_room_the_answer_is_enough(tmp_path):
    kept = Kept(tmp_path, failures=1)
    assert [kept.ask("a", "1"), kept.ask("b", "2"), kept.ask("a", "3")] == ["", "enough", ""]
    assert [name for name, _ in kept.close()] == ["failure-kept", "failure-kept"]


@pytest.mark.parametrize("told", [b"", b"{}", b"\xff\x00", b'{"began": "x"}'])
def test_what_is_no_file_of_the_plugin_s_is_refused(tmp_path, told):
    kept = Kept(tmp_path)
    kept.engine.told = told
    assert "the plugin's file cannot be read" in kept.ask()
    assert kept.close()[0][0] == "failure-lost"
    assert read_failures(tmp_path) == []


def test_an_engine_that_fails_and_a_folder_that_cannot_be_written_are_answers(tmp_path):
    kept = Kept(tmp_path)
    kept.engine.failures["read_file"] = EngineError("no such container", "gone")
    assert kept.ask(answer="1") == "no such container: gone"
    kept.engine.failures["read_file"] = RuntimeError("a bug")
    assert kept.ask(answer="2") == "RuntimeError('a bug')"
    kept.engine.failures.clear()
    (tmp_path / "failures").touch()
    assert kept.ask(answer="3").startswith("cannot write it: ")
    (tmp_path / "failures").unlink()
    assert kept.ask(answer="4") == ""
    assert [name for name, _ in kept.close()] == ["failure-lost"] * 3 + ["failure-kept"]
