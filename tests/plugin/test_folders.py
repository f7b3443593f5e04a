"""Folders of each process's own."""

import os
import stat
import tempfile
from types import SimpleNamespace

import pytest

from runner.plugin.folders import activate, place_reports

pytestmark = pytest.mark.unit

BELOW = {
    "TMPDIR": "tmp",
    "HOME": "home",
    "XDG_RUNTIME_DIR": "run",
    "XDG_CACHE_HOME": "home/.cache",
    "XDG_CONFIG_HOME": "home/.config",
    "XDG_DATA_HOME": "home/.local/share",
    "XDG_STATE_HOME": "home/.local/state",
}


@pytest.fixture(autouse=True)
def _temporary_folder_stays():
    before = tempfile.tempdir
    yield
    tempfile.tempdir = before


@pytest.mark.smoke
def test_each_worker_has_folders_of_its_own_that_nobody_else_may_enter(tmp_path):
    for worker in ("gw0", "gw1"):
        environ = {"HOME": "/root", "TMPDIR": "/tmp"}
        activate(str(tmp_path / "workers"), worker, [], environ)
        for name, folder in BELOW.items():
            path = tmp_path / "workers" / worker / folder
            assert environ[name] == str(path)
            assert stat.S_IMODE(path.stat().st_mode) == 0o700


def test_a_variable_that_the_project_sets_itself_stays(tmp_path):
    environ = {"HOME": "/mine"}
    activate(str(tmp_path), "gw0", ["HOME"], environ)
    assert environ["HOME"] == "/mine"
    assert environ["TMPDIR"] == str(tmp_path / "gw0/tmp")


def test_coverage_of_all_workers_goes_to_one_place_unless_the_project_names_another(tmp_path):
    for worker in ("gw0", "gw1"):
        environ = {}
        activate(str(tmp_path), worker, [], environ)
        assert environ["COVERAGE_FILE"] == str(tmp_path / ".coverage")
    environ = {"COVERAGE_FILE": "/x"}
    activate(str(tmp_path), "gw0", ["COVERAGE_FILE"], environ)
    assert environ["COVERAGE_FILE"] == "/x"


def test_making_folders_twice_is_no_error_and_keeps_what_is_there(tmp_path):
    activate(str(tmp_path), "gw0", [], {})
    (tmp_path / "gw0/home/kept").touch()
    activate(str(tmp_path), "gw0", [], {})
    assert (tmp_path / "gw0/home/kept").exists()


def test_python_forgets_the_temporary_folder_it_knew(tmp_path):
    tempfile.tempdir = "/elsewhere"
    activate(str(tmp_path), "gw0", [], {})
    assert tempfile.tempdir is None


SHOW = """
import json, os, subprocess, sys, tempfile
from pathlib import Path

KNOWN = tempfile.gettempdir()

def test_a(tmp_path):
    worker = os.environ.get("PYTEST_XDIST_WORKER", "master")
    assert Path.home() == Path.cwd() / "workers" / worker / "home"
    assert KNOWN == tempfile.gettempdir() == str(Path.cwd() / "workers" / worker / "tmp")
    assert tmp_path.is_relative_to(Path.cwd() / "workers")
    said = subprocess.run(
        [sys.executable, "-c", "import tempfile; print(tempfile.gettempdir())"],
        capture_output=True, text=True, check=True,
    )
    assert said.stdout.strip() == tempfile.gettempdir()
"""


@pytest.mark.parametrize("workers", ["0", "1"])
def test_tests_and_their_processes_are_led_to_the_folders(suite, workers):
    suite.provide(None)
    suite.write(SHOW)
    suite.run("-n", workers).result.assert_outcomes(passed=1)
    found = {each.name for each in suite.workers.iterdir()}
    assert found == {"master", *(["gw0"] if workers == "1" else [])}


def test_a_pytest_inside_a_test_stays_in_the_folders_of_the_test(suite):
    suite.provide(None)
    suite.write(
        """
        import subprocess, sys

        INNER = "import os\\ndef test_inner():\\n    assert os.environ['HOME'] == HOME\\n"

        def test_outer(tmp_path):
            import os
            (tmp_path / "test_inner.py").write_text(f"HOME = {os.environ['HOME']!r}\\n" + INNER)
            command = [sys.executable, "-m", "pytest", "-n", "1", "-p", "no:cacheprovider", "test_inner.py"]
            subprocess.run(command, cwd=tmp_path, check=True, timeout=30)
        """
    )
    suite.run("-n", "0").result.assert_outcomes(passed=1)
    assert [each.name for each in suite.workers.iterdir()] == ["master"]


def test_without_the_runner_nothing_is_moved(suite):
    suite.write()
    before = os.environ["HOME"]
    assert suite.run("-n", "0").environ()["HOME"] == before
    assert not suite.workers.exists()


def test_reports_of_coverage_go_where_they_can_be_written_unless_the_suite_names_a_place(tmp_path):
    options = SimpleNamespace(cov_report={"xml": None, "html": "", "json": "mine.json", "term-missing": None})
    place_reports(options, str(tmp_path), {})
    assert options.cov_report == {
        "xml": str(tmp_path / "coverage.xml"),
        "html": str(tmp_path / "htmlcov"),
        "json": "mine.json",
        "term-missing": None,
    }


@pytest.mark.parametrize("options", [SimpleNamespace(), SimpleNamespace(cov_report=["term"])])
def test_without_reports_of_coverage_nothing_is_placed(tmp_path, options):
    before = vars(options).copy()
    place_reports(options, str(tmp_path), {})
    assert vars(options) == before
