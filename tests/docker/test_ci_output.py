"""What CI gets of a real run: annotations with the repository's paths, a summary, and no obedience to tests."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from commands import NOTHING_LEFT, Make, run

pytestmark = [pytest.mark.engine, pytest.mark.regression]

FAILING = """import pathlib

def test_passes():
    pass

def test_fails():
    print("::error::from a test")
    print("  ::stop-commands::x")
    print("::x::")
    assert pathlib.Path("x").exists()  # line 10
"""


@pytest.fixture
def project(make_project: Make, tmp_path: Path) -> Path:
    """A project in a folder of a repository."""
    made = make_project({"tests/test_one.py": FAILING}, settings='pytest_args = ["-s"]')
    target = tmp_path / "repository" / "services" / "one"
    target.parent.mkdir(parents=True)
    shutil.move(made, target)
    subprocess.run(["git", "init", "-q", tmp_path / "repository"], check=True)
    return target


def obey(text: str) -> tuple[list[str], str | None]:
    """The commands that GitHub obeys, and the token that it still waits for."""
    token, obeyed = None, []
    for line in map(str.strip, text.splitlines()):
        if token is not None:
            token = None if line == f"::{token}::" else token
        elif line.startswith("::stop-commands::"):
            token = line.removeprefix("::stop-commands::")
        elif line.startswith("::") and not line.startswith(("::group::", "::endgroup::")):
            obeyed.append(line)
    return obeyed, token


ANNOTATION = (
    "::error file=services/one/tests/test_one.py,line=10,title=failed%3A tests/test_one.py%3A%3Atest_fails"
    "::AssertionError: assert False"
)


@pytest.mark.smoke
@pytest.mark.security
def test_github_gets_annotations_and_a_summary_and_obeys_no_test(project: Path, tmp_path: Path) -> None:
    summary = tmp_path / "summary.md"
    summary.touch()
    github = {"GITHUB_ACTIONS": "true", "CI": "true", "GITHUB_STEP_SUMMARY": str(summary)}
    ended = run(project, "run", "-n", "0", **github)
    assert ended.exit_code == 1
    assert "::error::from a test" in ended.stdout
    obeyed, waiting = obey(ended.stdout)
    assert waiting is None
    assert [line for line in obeyed if "-commands" in line] == []
    assert [line.partition("%0A")[0] for line in obeyed] == [ANNOTATION]
    assert ended.stdout.splitlines()[-1] == NOTHING_LEFT
    assert ended.stderr == ""
    assert "<code>tests/test&#95;one.py&#58;10</code>" in summary.read_text()
    assert summary.read_text() == (project / ".runner" / "latest" / "summary.md").read_text()


def test_with_json_standard_output_has_the_data_alone(project: Path) -> None:
    ended = run(project, "run", "-n", "0", "--json", "--no-strict", GITHUB_ACTIONS="true", CI="true")
    assert json.loads(ended.stdout)["tests"] == {"passed": 1, "failed": 1}
    assert [line.partition("%0A")[0] for line in obey(ended.stderr)[0]] == [ANNOTATION]


def test_elsewhere_nothing_is_told_and_standard_error_has_the_steps(project: Path) -> None:
    ended = run(project, "run", "-n", "0")
    assert ended.last_line == NOTHING_LEFT
    assert "::error::from a test" in ended.stdout
    assert "::error file=" not in ended.stdout
    assert not (project / ".runner" / "latest" / "summary.md").exists()
