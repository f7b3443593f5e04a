"""`runner lock --check`, and locks that cannot be used: no engine is needed to say so."""

import pytest
from lock_examples import write_fitting_lock
from project_folder import PYPROJECT

from runner.core.settings import DEFAULT_BASE_IMAGE
from runner.core.settings_layers import merge_settings
from runner.project.load import load_project

pytestmark = pytest.mark.unit

PROJECT = {"pyproject.toml": PYPROJECT, "requirements.txt": "a==1 --hash=sha256:00\n"}
NO_ENGINE = {"DOCKER_HOST": "unix:///nonexistent.sock"}
UNCHECKED = "no engine answers: the architecture is not checked\n"
REPAIR = "hint:  `git checkout runner.lock` takes an edit back; `runner lock` makes the file anew where there is none"


@pytest.fixture
def locked(cli):
    folder = cli.project(PROJECT)
    project = load_project(folder.path)
    write_fitting_lock(project, merge_settings(project.settings, {}, {}).settings)
    return folder


def check(folder, *args):
    return folder.run("lock", "--check", *args, environ=NO_ENGINE)


def test_a_fresh_lock_passes_and_no_engine_is_needed(locked):
    outcome = check(locked).assert_exit(0)
    assert (outcome.stdout, outcome.stderr) == ("runner.lock is up to date\n", UNCHECKED)
    assert check(locked, "--json").assert_exit(0).json == {"exit_code": 0, "stale": []}


def test_a_stale_lock_fails_and_says_what_changed(locked):
    (locked.path / "requirements.txt").write_text("a==2 --hash=sha256:00\n")
    (locked.path / "pyproject.toml").write_text(f'{PYPROJECT}[tool.runner]\npackages = ["git"]\nbase_image = ""\n')
    outcome = check(locked).assert_exit(92)
    assert outcome.stdout == ""
    outcome.assert_error(
        f"{UNCHECKED}error: `runner.lock` is stale\n"
        f"cause: the setting `base_image` was {DEFAULT_BASE_IMAGE}, is none\n"
        "       `requirements.txt` has changed\n"
        "       the setting `packages`: added `git`\n"
        "hint:  `runner lock` brings it up to date; commit it"
    )
    as_json = check(locked, "--json").assert_exit(92).json
    assert as_json["error"]["what"] == "`runner.lock` is stale"
    assert as_json["exit_code"] == 92


def test_a_project_without_a_lock_is_told_how_to_make_one(cli):
    folder = cli.project(PROJECT)
    check(folder).assert_exit(90).assert_error(
        f"error: there is no `runner.lock` in `{folder.path}`\nhint:  make one with `runner lock`, and commit it"
    )


def test_check_and_upgrade_exclude_each_other(locked):
    check(locked, "--upgrade-system").assert_exit(90).assert_error(
        "error: `--check` and `--upgrade-system` exclude each other"
    )


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("", ["cause: it is empty", REPAIR]),
        (
            'version = 2\nrunner = "0.9.0"\n',
            [
                "cause: a newer runner made it: `version = 2`, and this one reads 1",
                "hint:  update ephemeral-runner to 0.9.0 that made the file",
            ],
        ),
        ("version = 1\nrunnr = 1\n", ["cause: unknown key `runnr`", "hint:  did you mean `runner`"]),
    ],
    ids=["empty", "newer", "unknown key"],
)
def test_a_lock_that_cannot_be_used_is_named(cli, text, lines):
    folder = cli.project({**PROJECT, "runner.lock": text})
    outcome = check(folder).assert_exit(90)
    outcome.assert_error("\n".join(["error: cannot read `runner.lock`", *lines]))


def test_a_folder_in_the_place_of_the_lock(cli):
    folder = cli.project(PROJECT)
    (folder.path / "runner.lock").mkdir()
    check(folder).assert_exit(90).assert_error("error: cannot read `runner.lock`\ncause: is a directory")


def test_the_setting_is_one_like_any_other(cli):
    folder = cli.project({**PROJECT, "pyproject.toml": f'{PYPROJECT}[tool.runner]\nlocked = "yes"\n'})
    folder.run("config").assert_exit(90).assert_error(
        "error: setting `tool.runner.locked` is not valid: 'yes'\ncause: expected true or false, or auto\n"
        "hint:  `runner config` shows every setting and where its value comes from"
    )
    (folder.path / "pyproject.toml").write_text(f"{PYPROJECT}[tool.runner]\nlocked = false\n")
    found = folder.run("config", "--json", environ={"RUNNER_LOCKED": "true"}).assert_exit(0).json["locked"]
    assert found == {"value": True, "source": "environment"}


def test_the_help_has_examples(cli):
    text = cli.project({}).run("lock", "--help").assert_exit(0).stdout
    assert "runner lock --upgrade-system      with the newest Debian packages" in text
