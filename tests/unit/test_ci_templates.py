"""The CI files that `runner init` writes: YAML with the parts that each service reads."""

import re
import subprocess

import pytest
from ci_files import parse

from runner.core.groups import MOMENTS
from runner.core.snapshot import Snapshot
from runner.project.edits_ci import find_service, make_ci_file

pytestmark = pytest.mark.unit


def make(*names, remotes=(), **texts):
    return Snapshot({}, frozenset({*names, *texts}), texts, remotes)


def load(snapshot, service):
    file, _ = make_ci_file(snapshot, service, "1.2.3")
    return file.path, parse(file.text), file.text


def check_shell(script):
    done = subprocess.run(["sh", "-nu"], input=script, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_file_for_github():
    path, workflow, text = load(make("uv.lock"), "github")
    assert path == ".github/workflows/tests.yml"
    assert workflow["permissions"] == {"contents": "read"}
    assert set(workflow["on"]) == {"push", "pull_request", "schedule", "release"}
    steps = workflow["jobs"]["tests"]["steps"]
    assert all(("uses" in step) != ("run" in step) for step in steps)
    assert all(re.fullmatch(r"actions/[a-z-]+@v\d+", step["uses"]) for step in steps if "uses" in step)
    for step in steps:
        check_shell(step.get("run", ""))
        assert "${{" not in step.get("run", ""), "what an event holds must not become a part of a script"
    cache = next(step for step in steps if step.get("id") == "images")
    assert "hashFiles('uv.lock', 'pyproject.toml', 'runner.lock')" in cache["with"]["key"]
    upload = steps[-1]["with"]
    assert upload["include-hidden-files"] is True, "the folder of results begins with a dot"
    assert "<" not in re.sub(r"\$\{\{.*?\}\}", "", text)


def test_github_runs_the_moment_of_each_event():
    _, workflow, _ = load(make(), "github")
    script = next(step["run"] for step in workflow["jobs"]["tests"]["steps"] if "moment=" in step.get("run", ""))
    events = {"push": "commit", "pull_request": "pull-request", "schedule": "nightly", "release": "release"}
    for event, moment in events.items():
        program = f'runner() {{ echo "$@"; }}\nEVENT={event}\n{script}'
        said = subprocess.run(["sh", "-eu", "-c", program], capture_output=True, text=True, check=True).stdout
        assert said == f"run --when {moment}\n"
    assert set(events.values()) == set(MOMENTS)


def test_the_file_for_gitlab():
    path, pipeline, text = load(make("requirements.txt"), "gitlab")
    assert path == ".gitlab-ci.yml"
    job = pipeline["runner-tests"]
    assert [rule["variables"]["MOMENT"] for rule in job["rules"]] == ["nightly", "pull-request", "release", "commit"]
    assert job["cache"]["key"]["files"] == ["requirements.txt", "pyproject.toml"], "GitLab takes two at most"
    assert job["artifacts"]["reports"]["junit"] == ".runner/runs/*/junit.xml"
    for line in [*job["before_script"], *job["script"]]:
        check_shell(line)
    assert '"ephemeral-runner==1.2.3"' in text
    assert "<" not in text


def test_all_tags_are_fetched_where_the_version_is_read_from_them():
    tables = {"build-system": {"requires": ["hatchling", "hatch-vcs"]}}
    for snapshot in (Snapshot(tables), Snapshot(texts={"setup.py": "setup(use_scm_version=True)"})):
        _, workflow, _ = load(snapshot, "github")
        assert workflow["jobs"]["tests"]["steps"][0]["with"] == {"fetch-depth": 0}
        _, pipeline, _ = load(snapshot, "gitlab")
        assert pipeline["runner-tests"]["variables"]["GIT_DEPTH"] == "0"
    _, workflow, _ = load(make(), "github")
    assert "with" not in workflow["jobs"]["tests"]["steps"][0]


@pytest.mark.parametrize(
    ("snapshot", "service"),
    [
        (make(), "none"),
        (make(".github/dependabot.yml"), "github"),
        (make(".gitlab-ci.yml", ".github/a.yml"), "gitlab"),
        (make(remotes=("git@github.com:a/b",)), "github"),
        (make(remotes=("https://gitlab.example.com/a",)), "gitlab"),
        (make(remotes=("https://example.com/a",)), "none"),
    ],
)
def test_the_service_that_a_project_suggests(snapshot, service):
    assert find_service(snapshot) == service


def test_a_file_that_is_there_is_left_and_one_that_calls_the_runner_is_enough():
    other = Snapshot({}, frozenset({".github/workflows/tests.yml"}), {".github/workflows/tests.yml": "on: push"})
    assert make_ci_file(other, None, "1")[0].path == ".github/workflows/runner-tests.yml"
    text = {".github/workflows/a.yml": "run: uvx runner run --when commit"}
    assert make_ci_file(Snapshot({}, frozenset(text), text), None, "1") == (None, ())


def test_an_include_is_told_where_gitlab_has_a_file():
    names = frozenset({".gitlab-ci.yml"})
    file, notes = make_ci_file(Snapshot({}, names, {".gitlab-ci.yml": "a: {script: b}"}), None, "1")
    assert file.path == ".gitlab/runner.yml"
    assert notes == (".gitlab-ci.yml has to include it: `include: [{local: .gitlab/runner.yml}]`",)
    text = {".gitlab-ci.yml": "", ".gitlab/runner.yml": "- runner run"}
    assert make_ci_file(Snapshot({}, frozenset(text), text), None, "1") == (None, ())


def test_below_the_repositorys_folder_no_file_is_written():
    snapshot = Snapshot({}, frozenset(), is_root=False)
    assert make_ci_file(snapshot, None, "1") == (None, ())
    file, notes = make_ci_file(snapshot, "github", "1")
    assert file is None
    assert "in the repository's own folder" in notes[0]


def test_a_lock_file_whose_name_means_something_to_the_service_is_left_out():
    _, _, text = load(make("requirements') || secrets.A.txt"), "github")
    assert "secrets" not in text
