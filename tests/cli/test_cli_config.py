"""`runner config` and `runner groups`: what they show without an engine."""

import os
import re
import subprocess
import sys

import pytest
from project_folder import LIMIT, PYPROJECT, make_environ

from runner.core.settings import list_names

pytestmark = pytest.mark.unit

NO_ENGINE = {"DOCKER_HOST": "unix:///nonexistent.sock"}


def read_table(text):
    """Each row by its first cell, as the rest of the line."""
    head, *rows = text.splitlines()
    assert head.split() == ["setting", "value", "from"]
    return {row.split()[0]: row.split(maxsplit=1)[1] for row in rows}


@pytest.mark.smoke
def test_every_setting_is_shown_with_its_value_and_source(cli):
    folder = cli.project({"pyproject.toml": PYPROJECT + '[tool.runner]\ndist = "load"\nworkers = 3\n'})
    outcome = folder.run("config", environ={"RUNNER_WORKERS": "5", "RUNNER_PACKAGES": "git,curl"}).assert_exit(0)
    rows = read_table(outcome.stdout)
    assert list(rows) == list_names()
    assert rows["dist"].split() == ['"load"', "pyproject.toml"]
    assert rows["workers"].split() == ["5", "environment"]
    assert rows["packages"].split(maxsplit=2) == ['["git",', '"curl"]', "environment"]
    assert rows["isolation"].split() == ['"schema"', "default"]
    assert rows["groups"].split("  ") == ["6: see `runner groups`", *rows["groups"].split("  ")[1:]]
    assert outcome.stderr == ""


def test_settings_of_a_project_that_is_not_ours_stand_in_a_file_outside(cli, tmp_path):
    folder = cli.project({"setup.py": ""})
    outside = tmp_path / "settings.toml"
    outside.write_text("workers = 3\n")
    named = folder.run("config", "--config", str(outside)).assert_exit(0)
    assert read_table(named.stdout)["workers"].split() == ["3", "--config"]
    assert folder.run("config", environ={"RUNNER_CONFIG": str(outside)}).assert_exit(0).stdout == named.stdout
    folder.run("config", "--config", "missing.toml").assert_error(
        "error: cannot read `missing.toml`\ncause: no such file or directory"
    )


def test_the_same_is_there_as_json(cli):
    folder = cli.project({"pyproject.toml": PYPROJECT + "[tool.runner.groups.db]\nworkers = 1\n"})
    shown = folder.run("config", "--json", environ={"RUNNER_TIMEOUT": "9.5"}).assert_exit(0).json
    assert list(shown) == list_names()
    assert shown["timeout"] == {"value": 9.5, "source": "environment"}
    assert shown["lock"] == {"value": "", "source": "default"}
    assert shown["groups"]["source"] == "pyproject.toml"
    own = ("database", "isolation", "rights", "dist", "reruns", "reruns_delay", "timeout", "retry_budget")
    none = dict.fromkeys(own)
    assert shown["groups"]["value"]["db"] == {
        "marks": ["db"],
        "when": [],
        "description": "",
        "workers": 1,
        "default": True,
        "egress": True,
        "environment": {},
        "pytest_args": [],
        **none,
    }
    assert shown["retry_budget"] == {"value": 0.01, "source": "default"}
    assert "40001" in shown["transient"]["value"]


def test_the_last_day_of_a_quarantine_is_shown(cli):
    entry = '[tool.runner]\nquarantine = [{test = "a.py::test_a", until = 2030-01-31}]\n'
    folder = cli.project({"pyproject.toml": PYPROJECT + entry})
    shown = folder.run("config", "--json").assert_exit(0).json["quarantine"]["value"]
    assert shown == [{"test": "a.py::test_a", "until": "2030-01-31", "reason": ""}]
    assert "2030-01-31" in read_table(folder.run("config").assert_exit(0).stdout)["quarantine"]


def test_flags_of_a_run_are_none_of_config(cli):
    outcome = cli.project().run("config", "-n", "3").assert_exit(2)
    assert "No such option" in outcome.stderr


def test_neither_engine_nor_lock_file_is_needed(cli):
    cli.project().run("config", environ=NO_ENGINE).assert_exit(0)


def test_a_folder_with_spaces_and_letters_of_any_language_works(cli):
    folder = cli.project({"pyproject.toml": '[tool.runner]\nresults = "größe"\n'}, name="mein Projekt, größe 日本")
    assert folder.run("config", "--json").assert_exit(0).json["results"] == {
        "value": "größe",
        "source": "pyproject.toml",
    }


def test_the_project_can_be_named_from_elsewhere_and_from_below(cli, tmp_path):
    folder = cli.project({"pyproject.toml": "[tool.runner]\nworkers = 7\n", "a/b/c.py": ""})
    for args, cwd in ((("-C", str(folder.path)), tmp_path), ((), folder.path / "a/b")):
        outcome = folder.run("config", "--json", *args, cwd=cwd).assert_exit(0)
        assert outcome.json["workers"]["value"] == 7


def test_output_that_nobody_reads_is_no_error_of_ours(cli):
    # A closed pipe, as `runner config | true` makes one.
    folder = cli.project()
    reader, writer = os.pipe()
    os.close(reader)
    try:
        outcome = folder.run("config", "--json", stdout=writer)
    finally:
        os.close(writer)
    assert (outcome.exit_code, outcome.stderr) == (141, "")


def test_groups_are_shown_without_counting(cli):
    own = "[tool.runner.groups.pure]\ndatabase = false\nreruns = 0\nisolation = 'database'\n"
    folder = cli.project({"pyproject.toml": PYPROJECT + own})
    outcome = folder.run("groups", "--no-count", environ=NO_ENGINE).assert_exit(0)
    head, *rows = [re.split("  +", line.strip()) for line in outcome.stdout.splitlines()]
    assert head == ["group", "marks", "when", "own needs", "default", "tests"]
    assert rows[0] == ["smoke", "smoke", "commit", "-", "yes", "?"]
    assert rows[4] == ["security", "security", "nightly", "no egress", "yes", "?"]
    assert rows[-2] == ["performance", "performance", "release", "workers 0", "no", "?"]
    assert rows[-1][:3] == ["pure", "pure", "-"]
    assert sorted(rows[-1][3].split(", ")) == ["isolation database", "no database", "reruns 0"]


def test_groups_are_there_as_json(cli):
    shown = cli.project().run("groups", "--no-count", "--json").assert_exit(0).json
    assert list(shown["groups"]) == ["smoke", "regression", "slow", "e2e", "security", "performance"]
    assert shown["in_no_group"] is None
    assert shown["groups"]["performance"]["workers"] == 0


def run_in_shell(folder, redirection):
    command = ["sh", "-c", f'exec "$0" -m runner config {redirection}', sys.executable]
    return subprocess.run(
        command,
        cwd=folder.path,
        env=make_environ(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=LIMIT,
        check=False,
    )


@pytest.mark.parametrize("redirection", [">&-", "<&- >&-", ">&- 2>&-"])
def test_a_closed_standard_output_is_no_error_of_ours(cli, redirection):
    done = run_in_shell(cli.project(), redirection)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize("redirection", ["2>&-", ">&- 2>&-"])
def test_an_error_that_nobody_can_read_still_has_its_exit_code(cli, redirection):
    done = run_in_shell(cli.project({"pyproject.toml": '[tool.runner]\nisolation = "x"\n'}), redirection)
    assert (done.returncode, done.stdout, done.stderr) == (90, "", "")
