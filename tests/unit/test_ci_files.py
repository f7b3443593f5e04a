"""The files of CI are valid by the schemas and linters of those that read them, and say what runs when."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from ci_files import GITHUB, GITLAB, list_github_steps, list_gitlab_jobs, list_gitlab_scripts, read

pytestmark = pytest.mark.unit

SCHEMAS = {GITHUB: "vendor.github-workflows", GITLAB: "vendor.gitlab-ci"}


def check(path, content, tmp_path):
    """Check what a file holds by the schema of that file."""
    (tmp_path / "file.json").write_text(json.dumps(content))
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", SCHEMAS[path], tmp_path / "file.json"]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def expand(path):
    """What a file holds; GitLab's schema takes anything for a hidden job, so each job is there with what it extends."""
    content = read(path)
    return content if path == GITHUB else {**content, **list_gitlab_jobs()}


@pytest.mark.parametrize("path", SCHEMAS, ids=["github", "gitlab"])
def test_a_file_is_valid_by_its_schema(path, tmp_path):
    done = check(path, expand(path), tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("path", "place", "planted"),
    [
        (GITHUB, ["jobs", "group", "runs-on"], 3.5),
        (GITHUB, ["jobs", "group", "runs-where"], "here"),
        (GITHUB, ["permissions", "contents"], "maybe"),
        (GITLAB, ["smoke", "interruptible"], "perhaps"),
        (GITLAB, ["security", "artifacts", "reports", "junit"], 1),
        (GITLAB, ["slow", "scripts"], ["true"]),
    ],
)
def test_an_error_in_a_file_is_found(path, place, planted, tmp_path):
    content = expand(path)
    *folders, name = place
    target = content
    for folder in folders:
        target = target[folder]
    target[name] = planted
    done = check(path, content, tmp_path)
    assert done.returncode == 1
    assert "Schema validation errors" in done.stdout


@pytest.mark.security
@pytest.mark.parametrize(("planted", "finding"), [("$GROUP", ""), ("${{ github.head_ref }}", "template-injection")])
def test_zizmor_finds_no_weakness_in_the_workflow_and_one_that_is_planted(planted, finding, tmp_path):
    path = tmp_path / ".github" / "workflows" / "tests.yml"
    path.parent.mkdir(parents=True)
    path.write_text(GITHUB.read_text().replace("$GROUP", planted))
    command = [Path(sys.executable).with_name("zizmor"), "--offline", "--no-progress", "--color=never", path]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode == 0) == (not finding), done.stdout + done.stderr
    assert finding in done.stdout


def find_groups(event, ref_type="branch"):
    """The groups of an event, by the workflow's own expression: its operators are Python's in other signs."""
    text = read(GITHUB)["jobs"]["group"]["strategy"]["matrix"]["group"]
    text = text.removeprefix("${{").removesuffix("}}").replace("&&", "and").replace("||", "or")
    github = type("Github", (), {"event_name": event, "ref_type": ref_type})
    return eval(text.strip(), {"fromJSON": json.loads, "github": github})


@pytest.mark.smoke
def test_on_github_each_group_runs_at_its_moment():
    assert find_groups("push") == ["smoke"]
    assert find_groups("pull_request") == ["smoke", "regression"]
    assert find_groups("schedule") == ["slow", "e2e", "security"]
    assert find_groups("push", "tag") == ["smoke", "performance"]
    assert read(GITHUB)["on"].keys() == {"push", "pull_request", "schedule", "workflow_dispatch"}


def test_on_gitlab_each_group_runs_at_its_moment():
    assert {name: [rule["if"] for rule in job["rules"]] for name, job in list_gitlab_jobs().items()} == {
        "smoke": ['$CI_PIPELINE_SOURCE == "push"'],
        "regression": ['$CI_PIPELINE_SOURCE == "merge_request_event"'],
        **{group: ['$CI_PIPELINE_SOURCE == "schedule"'] for group in ("slow", "e2e", "security")},
        "performance": ["$CI_COMMIT_TAG"],
    }


@pytest.mark.security
def test_the_workflow_may_read_the_repository_and_nothing_else():
    workflow = read(GITHUB)
    assert workflow["permissions"] == {"contents": "read"}
    assert all("permissions" not in job for job in workflow["jobs"].values())


@pytest.mark.security
def test_each_action_is_pinned_to_a_commit_with_its_version():
    used = re.findall(r"uses: (.*)", GITHUB.read_text())
    assert len(used) == len([step for step in read(GITHUB)["jobs"]["group"]["steps"] if "uses" in step]) > 4
    assert [each for each in used if not re.fullmatch(r"[\w-]+/[\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", each)] == []


@pytest.mark.security
def test_no_expression_of_the_workflow_is_put_into_shell():
    assert [name for name, script in list_github_steps().items() if "${{" in script] == []


def test_every_job_has_a_time_limit():
    assert all("timeout-minutes" in job for job in read(GITHUB)["jobs"].values())
    assert all("timeout" in job for job in list_gitlab_jobs().values())


def test_both_decide_about_kept_images_by_the_same_files():
    (key,) = [step["with"]["key"] for step in read(GITHUB)["jobs"]["group"]["steps"] if step.get("id") == "images"]
    (line,) = [line for line in list_gitlab_jobs()["smoke"]["before_script"] if "git ls-files" in line]
    files = [each.removesuffix("/**") for each in re.findall(r"'([^']*)'", key)]
    assert files == line.partition(" -- ")[2].partition(" |")[0].split()


def test_gitlab_reads_the_junit_file():
    for job in list_gitlab_jobs().values():
        assert job["artifacts"]["reports"] == {"junit": ".runner/runs/*/junit.xml"}
        assert job["artifacts"]["when"] == "always"


SCRIPTS = [
    *list_github_steps().items(),
    *((name, script) for name, job in list_gitlab_jobs().items() for script in list_gitlab_scripts(job)),
]


@pytest.mark.parametrize(("name", "script"), SCRIPTS)
def test_every_script_is_shell(name, script):
    done = subprocess.run(["sh", "-n"], input=script, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
