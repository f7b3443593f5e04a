"""The jobs of CI, run here: one in full, the others with a `make` that says what it would do."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from ci_files import ROOT, list_github_steps, list_gitlab_jobs, list_gitlab_scripts
from commands import make_environment

from runner.project.sources import list_sources

pytestmark = [pytest.mark.engine, pytest.mark.slow]

GROUPS = ["smoke", "regression", "slow", "e2e", "security", "performance"]

DRY_MAKE = """#!/bin/sh
{make} --dry-run "$@" >/dev/null
code=$?
echo "$code $*" >>{log}
for word; do case $word in FILE=*) [ "$1" = image-load ] || : >"${{word#FILE=}}" ;; esac; done
exit $code
"""
"""Also leaves the file that it would have made."""

NO_APK = "#!/bin/sh\n# Alpine's; what it would install is here.\n"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """The repository's files as they are now, in a repository of their own."""
    target = tmp_path / "checkout"
    for name in list_sources(ROOT):
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, target / name, follow_symlinks=False)
    for command in (["init", "-q"], ["add", "-A"]):
        subprocess.run(["git", *command], cwd=target, check=True)
    return target


@pytest.fixture
def dry(tmp_path: Path):
    """Puts commands that only tell before the others, and reads what they told."""
    folder, log = tmp_path / "bin", tmp_path / "made"
    folder.mkdir()
    texts = {"make": DRY_MAKE.format(make=shutil.which("make"), log=log), "apk": NO_APK}
    for name, text in texts.items():
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)
    return f"{folder}:{os.environ['PATH']}", lambda: log.read_text().splitlines()


def run_script(script: str, folder: Path, **changes: str) -> "subprocess.CompletedProcess[str]":
    """A step as CI runs it: the shell ends at the first error."""
    command = ["sh", "-e", "-c", script]
    environ = make_environment(CI="true", **changes)
    return subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, timeout=500, check=False)


@pytest.mark.parametrize("group", GROUPS)
def test_each_step_on_github_calls_targets_that_are_there(checkout: Path, dry, group: str) -> None:
    path, read_made = dry
    images = ".ci-cache/images.tar.zst"
    for name, script in list_github_steps().items():
        done = run_script(script, checkout, PATH=path, GROUP=group, IMAGES=images)
        assert (name, done.returncode, done.stderr) == (name, 0, "")
    assert read_made() == [f"0 image-load FILE={images}", f"0 test-{group}", f"0 image-save FILE={images}"]


@pytest.mark.parametrize("group", GROUPS)
def test_each_job_on_gitlab_calls_targets_that_are_there(checkout: Path, dry, group: str) -> None:
    path, read_made = dry
    scripts = list_gitlab_scripts(list_gitlab_jobs()[group])
    for _ in range(2):  # The second pipeline finds the images that the first one kept.
        for script in scripts:
            done = run_script(script, checkout, PATH=path, CI_JOB_NAME=group)
            assert (done.returncode, done.stderr) == (0, "")
    (kept,) = (checkout / ".ci-cache").glob("*.tar.zst")
    images = f"FILE=.ci-cache/{kept.name}"
    assert read_made() == [
        f"0 test-{group}",
        f"0 image-save {images}",
        f"0 image-load {images}",
        f"0 test-{group}",
    ]


def test_changed_dependencies_want_other_images_on_gitlab_and_changed_code_does_not(checkout: Path, dry) -> None:
    wanted = []
    before = list_gitlab_jobs()["smoke"]["before_script"]
    for changed in ("README.md", "runner/session.py", "requirements.txt", "images/base/lease.py"):
        with (checkout / changed).open("a") as target:
            target.write("\n")
        subprocess.run(["git", "add", "-A"], cwd=checkout, check=True)
        assert run_script("\n".join(before), checkout, PATH=dry[0]).returncode == 0
        wanted.append((checkout / ".ci-cache" / "wanted").read_text())
    assert len(wanted[0]) == 41
    assert [one == wanted[0] for one in wanted] == [True, True, False, False]


def test_the_smoke_job_on_github_in_full(checkout: Path, tmp_path: Path) -> None:
    summary, images = tmp_path / "summary.md", checkout / ".ci-cache" / "images.tar.zst"
    summary.touch()
    github = {"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(summary), "GITHUB_WORKSPACE": str(checkout)}
    steps = list_github_steps()
    environ = {"GROUP": "smoke", "IMAGES": ".ci-cache/images.tar.zst", **github}
    done = run_script(steps["Run the tests"], checkout, **environ)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "::stop-commands::" in done.stdout
    assert "passed" in summary.read_text()
    assert (checkout / ".runner" / "latest" / "junit.xml").stat().st_size > 1000
    assert (checkout / ".runner" / "ledger.sqlite").is_file()
    assert run_script(steps["Pack the images"], checkout, **environ).returncode == 0
    assert images.stat().st_size > 1_000_000
    # A file that was cut off is removed, and the job goes on.
    os.truncate(images, 1_000_000)
    assert run_script(steps["Load the images"], checkout, **environ).returncode == 0
    assert not images.exists()
