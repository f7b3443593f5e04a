"""When a run asks the ledger for tests that failed, and what it is told where the ledger is not usable."""

import pytest
from test_ledger import attempt, make_run

from runner.cli.history import load_failing
from runner.core.failing import NOTHING_KNOWN, Failing
from runner.core.groups import Group
from runner.core.plan import Selection
from runner.core.settings import Settings
from runner.project.load import Project
from runner.report.ledger import open_ledger

pytestmark = pytest.mark.unit

FAILED = {"a.py::test_a": ("slow",)}


@pytest.fixture
def project(tmp_path):
    """A project in whose ledger one test failed and one passed."""
    with open_ledger(tmp_path / ".runner/ledger.sqlite") as ledger:
        ledger.record(
            make_run(1), [attempt("a.py::test_a", verdict="failed", groups=("slow",)), attempt("a.py::test_b")]
        )
    return Project(tmp_path, {})


def load(project, settings=None, **selection):
    return load_failing(project, settings or Settings(), Selection(**selection))


def test_an_ordinary_run_asks_for_nothing(project):
    (project.folder / "pyproject.toml").write_text('[tool.pytest.ini_options]\naddopts = "-q --lfx"\n')
    (project.folder / ".runner/ledger.sqlite").write_bytes(b"not even opened")
    assert load(project, pytest_args=("--maxfail=1",)) == Failing()


@pytest.mark.parametrize("use", ["only", "first"])
def test_our_options_get_the_tests_that_failed(project, use):
    found = load(project, failed=use)
    assert (found.tests, found.use, found.known) == (FAILED, use, ())


NATIVE = Failing(FAILED, "", ["a.py::test_a", "a.py::test_b"])


@pytest.mark.parametrize(
    "settings",
    [
        Settings(pytest_args=["--nf"]),
        Settings(groups={"a": Group(marks=["a"], pytest_args=["-q", "--ff"])}),
        Settings(environment={"PYTEST_ADDOPTS": "--lf"}),
    ],
)
def test_pytests_own_options_count_wherever_the_settings_have_them(project, settings):
    assert load(project, settings) == NATIVE


@pytest.mark.parametrize("name", ["pyproject.toml", "pytest.ini", "tox.ini", "setup.cfg"])
def test_pytests_own_options_count_in_every_file_of_pytest(project, name):
    (project.folder / name).write_text("addopts = --ff -q\n")
    assert load(project) == NATIVE
    (project.folder / name).write_bytes(b"\xff addopts = --ff")
    assert load(project) == Failing()


def test_on_the_command_line_they_count_too(project):
    assert load(project, pytest_args=("--lf",)) == NATIVE


def test_without_a_ledger_nothing_is_known_and_none_is_made(tmp_path):
    assert load(Project(tmp_path, {}), failed="only") == Failing(note=NOTHING_KNOWN)
    assert [*tmp_path.iterdir()] == []


def test_a_ledger_that_cannot_be_read_is_said(project):
    (project.folder / ".runner/ledger.sqlite").write_bytes(b"something else" * 100)
    note = f"{NOTHING_KNOWN}; the ledger cannot be read: file is not a database"
    assert load(project, failed="first") == Failing(note=note)
    assert load(project, pytest_args=("--lf",)) == Failing()
