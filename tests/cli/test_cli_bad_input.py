"""Input that is refused: the exact words on standard error, exit code 90, nothing on standard output."""

import pytest
from project_folder import PYPROJECT

from runner.cli.selecting import check_paths, read_seed
from runner.errors import SettingsError

pytestmark = pytest.mark.unit

HASHED = "a==1 --hash=sha256:00\n"
SEE_CONFIG = "hint:  `runner config` shows every setting and where its value comes from"


def refuse(folder, *args, **changes):
    outcome = folder.run(*args, **changes).assert_exit(90)
    assert outcome.stdout == ""
    return outcome


@pytest.mark.parametrize(
    ("args", "lines"),
    [
        pytest.param(
            ["-n", "many"],
            [
                "error: setting `--workers` is not valid: 'many'",
                "cause: expected a whole number from 0 to 256, or auto",
                SEE_CONFIG,
            ],
            marks=pytest.mark.smoke,
        ),
        (
            ["-n", "-1"],
            [
                "error: setting `--workers` is not valid: -1",
                "cause: expected a whole number from 0 to 256, or auto",
                SEE_CONFIG,
            ],
        ),
        (
            ["--isolation", "tables"],
            [
                "error: setting `--isolation` is not valid: 'tables'",
                "cause: expected one of schema, database, server, sandbox, none",
                SEE_CONFIG,
            ],
        ),
        (["--group", "smok"], ["error: unknown group `smok`", "hint:  did you mean `smoke`"]),
        (["--when", "night"], ["error: unknown moment `night`", "hint:  did you mean `nightly`"]),
    ],
    ids=lambda value: " ".join(value) if value[0].startswith("-") else "",
)
def test_a_flag_of_run_that_does_not_fit_is_refused(cli, args, lines):
    refuse(cli.project(), "run", *args).assert_error("\n".join(lines))


def test_a_time_limit_that_is_no_number_is_refused_like_any_other_setting(cli):
    refuse(cli.project(), "run", "--timeout", "soon").assert_error(
        f"error: setting `--timeout` is not valid: 'soon'\ncause: expected a number above 0\n{SEE_CONFIG}"
    )


@pytest.mark.parametrize(
    ("toml", "lines"),
    [
        ("isolaton = 1", ["error: unknown setting `tool.runner.isolaton`", "hint:  did you mean `isolation`"]),
        (
            "groups.smoke.wen = []",
            ["error: unknown setting `tool.runner.groups.smoke.wen`", "hint:  did you mean `when`"],
        ),
        (
            'workers = "many"',
            [
                "error: setting `tool.runner.workers` is not valid: 'many'",
                "cause: expected a whole number from 0 to 256, or auto",
                SEE_CONFIG,
            ],
        ),
    ],
    ids=["unknown", "unknown in a group", "workers"],
)
def test_a_setting_in_pyproject_that_does_not_fit_is_refused(cli, toml, lines):
    folder = cli.project({"pyproject.toml": f"{PYPROJECT}[tool.runner]\n{toml}\n"})
    refuse(folder, "config").assert_error("\n".join(lines))


def test_a_variable_that_does_not_fit_is_refused(cli):
    refuse(cli.project(), "run", environ={"RUNNER_POSTGRES_MEMORY": "lots"}).assert_error(
        "error: setting `RUNNER_POSTGRES_MEMORY` is not valid: 'lots'\n"
        f"cause: expected a whole number from 0\n{SEE_CONFIG}"
    )


def test_a_folder_without_pyproject_is_refused(cli):
    folder = cli.project({})
    refuse(folder, "run").assert_error(
        f"error: no pyproject.toml in `{folder.path}` or above\n"
        "cause: nor is there a setup.py, a setup.cfg, a Pipfile, a requirements.txt, or settings of pytest\n"
        "hint:  go to the project's folder, or name it with `--project`"
    )


def test_a_project_that_is_not_there_is_refused(cli, tmp_path):
    refuse(cli.project(), "run", "-C", "../missing").assert_error(
        f"error: cannot find the project folder `{tmp_path / 'missing'}`\ncause: no such folder"
    )


def test_broken_toml_is_refused_with_its_place(cli):
    folder = cli.project({"pyproject.toml": "[tool.runner]\nworkers = \n"})
    refuse(folder, "run").assert_error(
        f"error: cannot read `{folder.path / 'pyproject.toml'}`\ncause: invalid value (at line 2, column 11)"
    )


@pytest.mark.security
def test_a_path_outside_of_the_project_is_refused(cli):
    folder = cli.project()
    refuse(folder, "run", "/etc").assert_error(
        f"error: the path `/etc` is outside the project\ncause: the project is `{folder.path}`\n"
        "hint:  only the project's own files are copied into the environment"
    )


@pytest.mark.security
@pytest.mark.parametrize("path", ["..", "../..", "tests/../../x", "out", "out/passwd::test_a"])
def test_no_way_leads_out_of_the_project(tmp_path, path):
    (tmp_path / "out").symlink_to("/etc")
    with pytest.raises(SettingsError, match="is outside the project"):
        check_paths(tmp_path, [path])


def test_a_path_that_does_not_exist_is_refused(cli):
    folder = cli.project()
    refuse(folder, "run", "tests/missing.py::test_a").assert_error(
        f"error: cannot find the path `tests/missing.py`\ncause: no such file in `{folder.path}`"
    )


def test_paths_may_be_told_from_the_current_folder_and_from_the_projects(cli):
    folder = cli.project({"pyproject.toml": PYPROJECT, "tests/test_a.py": ""})
    words = ["run", "test_a.py", "tests/test_a.py::test_a"]
    outcome = folder.run(*words, cwd=folder.path / "tests", environ={"DOCKER_HOST": "unix:///nonexistent.sock"})
    # Nothing is wrong with the paths: the engine is asked next.
    assert outcome.assert_exit(91).stderr.startswith("error: cannot reach the Docker engine")


@pytest.mark.security
def test_a_variable_with_a_secret_is_not_shown_in_a_message(cli):
    folder = cli.project({"pyproject.toml": PYPROJECT, "requirements.txt": HASHED})
    secret = "https://user:hunter2@example.invalid/simple"
    outcome = folder.run("run", environ={"PIP_INDEX_URL": secret, "DOCKER_HOST": "unix:///nonexistent.sock"})
    assert outcome.assert_exit(91).stderr
    assert "hunter2" not in outcome.stdout + outcome.stderr


@pytest.mark.parametrize("args", [["run", "--nope"], ["nope"]])
def test_a_flag_or_command_that_there_is_not_is_explained(cli, args):
    outcome = cli.project().run(*args)
    assert outcome.exit_code != 0
    assert "Error: " in outcome.stderr
    assert args[-1] in outcome.stderr
    assert outcome.stdout == ""


@pytest.mark.parametrize(
    ("option", "value", "cause"),
    [
        ("--reruns", "-1", "expected a whole number from 0"),
        ("--reruns", "some", "expected a whole number from 0"),
        ("--reruns-delay", "-0.5", "expected a number from 0"),
        ("--retry-budget", "2", "expected a number from 0 to 1"),
        ("--retry-budget", "1%", "expected a number from 0 to 1"),
    ],
)
def test_a_number_for_retries_that_does_not_fit_is_refused(cli, option, value, cause):
    outcome = refuse(cli.project(), "run", f"{option}={value}")
    first, second, third = outcome.stderr.splitlines()
    assert first.startswith(f"error: setting `{option}` is not valid: ")
    assert (second, third) == (f"cause: {cause}", SEE_CONFIG)


@pytest.mark.parametrize("seed", ["x", "-1", "1.5"])
def test_a_seed_that_is_no_whole_number_is_refused(cli, seed):
    refuse(cli.project(), "run", f"--shuffle={seed}").assert_error(
        f"error: `--shuffle` is not valid: {seed!r}\ncause: expected a whole number\nhint:  --shuffle=4711"
    )


def test_a_random_order_has_the_given_seed_or_some():
    assert read_seed("") is None
    assert [read_seed("0"), read_seed("4711")] == [0, 4711]
    assert read_seed("some") in range(10**6)


@pytest.mark.parametrize("entry", ['{test = "a"}', '{test = "a", until = "soon"}', '"a.py"'])
def test_an_entry_of_the_quarantine_that_does_not_fit_is_refused(cli, entry):
    folder = cli.project({"pyproject.toml": PYPROJECT + f"[tool.runner]\nquarantine = [{entry}]\n"})
    assert refuse(folder, "config").stderr.startswith("error: setting `tool.runner.quarantine` is not valid: ")
