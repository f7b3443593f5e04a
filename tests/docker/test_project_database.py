"""What a suite expects of its database, on a real engine: names, extensions, parameters, a locale, older versions."""

import json
import shutil
from pathlib import Path

import pytest
from commands import NOTHING_LEFT, ROOT, run

pytestmark = [pytest.mark.engine, pytest.mark.slow]


@pytest.fixture
def named(tmp_path: Path) -> Path:
    """A private copy of the sample project."""
    ignored = shutil.ignore_patterns(".runner", "__pycache__")
    return Path(shutil.copytree(ROOT / "tests" / "projects" / "named", tmp_path / "named", ignore=ignored))


def test_a_suite_finds_names_server_and_databases_as_it_has_them_in_its_text(named: Path) -> None:
    written = run(named, "init", "--yes", "--ci", "none")
    assert written.exit_code == 0, "what is there stays: " + written.stderr
    ended = run(named, "run", "-n", "2", "--json")
    assert ended.exit_code == 0, ended.stderr
    assert json.loads(ended.stdout)["tests"]["passed"] == 6
    assert ended.last_line == NOTHING_LEFT
    assert "commands run: 1" in ended.stderr
    again = run(named, "run", "-n", "1", "--json", CI="")
    assert again.exit_code == 0, "the same from the snapshot of `setup`: " + again.stderr
    assert "nothing to run" in again.stderr


def test_an_older_server_is_had_from_its_release_of_debian(named: Path) -> None:
    wanted = {"RUNNER_POSTGRES": '{version = 15, extensions = ["hstore"]}', "RUNNER_PASS_ENVIRONMENT": "WANTED"}
    ended = run(named, "run", "-n", "1", "-k", "not vector", "--json", WANTED="15.", **wanted)
    assert ended.exit_code == 0, ended.stderr
    assert json.loads(ended.stdout)["tests"]["passed"] == 5


@pytest.mark.parametrize(
    ("table", "what", "cause"),
    [
        ("{version = 16}", "`tool.runner.postgres.version` is not valid: '16'", "there are: 18, 17, 15, 13"),
        ('{extensions = ["postgiss"]}', "`tool.runner.postgres.extensions` is not valid: 'postgiss'", "postgis-3"),
        ('{locale = "en_US.UTF8x"}', "`tool.runner.postgres.locale` is not valid: 'en_US.UTF8x'", "en_US.UTF-8"),
    ],
)
def test_what_cannot_be_had_is_told_with_what_can(named: Path, table: str, what: str, cause: str) -> None:
    ended = run(named, "image", "build", RUNNER_POSTGRES=table)
    assert ended.exit_code == 92
    assert what in ended.error
    assert cause in ended.error


def test_a_parameter_that_the_server_refuses_is_told_in_its_words(named: Path) -> None:
    table = "{extensions = [], locale = 'C.UTF-8', settings = {max_connections = 'many'}}"
    ended = run(named, "run", RUNNER_POSTGRES=table)
    assert ended.exit_code == 94
    assert 'cause: invalid value for parameter "max_connections": "many"' in ended.error
    assert ended.last_line == NOTHING_LEFT
