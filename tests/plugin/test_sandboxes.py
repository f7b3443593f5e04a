"""How xdist is brought to start workers in sandboxes; the sandboxes themselves need an engine."""

import errno
import sys
from types import SimpleNamespace

import execnet
import pytest

from runner.plugin.file_rule import FileRule
from runner.plugin.folders import activate
from runner.plugin.sandboxes import Sandboxes, make_room

pytestmark = pytest.mark.unit

ENTER = "/usr/bin/python3 -I -S /usr/lib/ephemeral-runner/enter.py"


def start(spec, **options):
    Sandboxes().pytest_xdist_setupnodes(SimpleNamespace(**options), [spec])
    return spec


def test_a_worker_and_its_successor_each_get_the_sandbox_of_their_own_name():
    spec = start(execnet.XSpec("execmodel=main_thread_only//popen//id=gw0"))
    assert spec.python == f"{ENTER} gw0 '' {sys.executable}"
    spec.id = "gw7"
    assert spec.python == f"{ENTER} gw7 '' {sys.executable}"
    assert spec.execmodel == "main_thread_only"


def test_the_port_at_which_the_controller_hears_of_failures_leads_out_of_the_sandbox():
    spec = start(execnet.XSpec("popen//id=gw1"), failures_db=SimpleNamespace(sock_port=4711))
    assert f" gw1 4711 {sys.executable}" in spec.python


def test_the_folder_that_xdist_gives_a_worker_can_be_made_in_a_sandbox(tmp_path, monkeypatch):
    config = SimpleNamespace(option=SimpleNamespace(basetemp=str(tmp_path / "a" / "popen-gw0")))
    make_room(config)
    assert not (tmp_path / "a").exists()
    monkeypatch.setenv("EPHEMERAL_RUNNER_SANDBOX", "5432")
    make_room(config)
    assert (tmp_path / "a").is_dir()


def test_in_a_sandbox_no_place_is_shared(tmp_path, monkeypatch):
    error = OSError(errno.EROFS, "Read-only file system", str(tmp_path / "x"))
    wiring = {"project": str(tmp_path)}
    assert FileRule(wiring).find(error) is not None
    monkeypatch.setenv("EPHEMERAL_RUNNER_SANDBOX", "5432")
    assert FileRule(wiring).find(error) is None


def test_coverage_data_of_sandboxes_are_in_a_folder_that_all_share(tmp_path):
    environ = {"EPHEMERAL_RUNNER_SANDBOX": "5432"}
    activate(str(tmp_path), "gw0", (), environ)
    assert environ["COVERAGE_FILE"] == str(tmp_path / "coverage" / ".coverage")
    assert (tmp_path / "coverage").is_dir()
