"""Private copies of the sample projects, and the two commands that have to be enough for each."""

import json
import secrets
import shutil
import subprocess
from contextlib import suppress
from pathlib import Path

import docker
from commands import NOTHING_LEFT, ROOT, Ended, make_environment, run

IDENTITY = ["-c", "user.name=Test", "-c", "user.email=test@localhost", "-c", "protocol.file.allow=always"]


def copy(name: str, target: Path) -> Path:
    """A copy of a sample project in a folder that is not there yet."""
    ignored = shutil.ignore_patterns(".runner", "__pycache__", ".pytest_cache")
    return Path(shutil.copytree(ROOT / "tests" / "projects" / name, target, ignore=ignored))


def copy_fresh(name: str, below: Path) -> Path:
    """A copy that no run has made an image for: its name, and what its image is made from, are its own."""
    token = secrets.token_hex(4)
    folder = copy(name, below / f"{Path(name).name}-{token}")
    for pyproject in folder.rglob("pyproject.toml"):
        with pyproject.open("a") as file:
            file.write(f'\n[tool.fresh]\ntoken = "{token}"\n')
    return folder


def remove_images(engine: docker.DockerClient, below: Path) -> None:
    """Remove the suite images of all runs of projects below a folder, and their environments: no other copy has them.

    What the engine makes of a container has the container's image as its parent.
    """
    reports = [json.loads(path.read_text()) for path in below.rglob(".runner/runs/*/run.json")]
    for image in {report["images"]["suite"] for report in reports}:
        with suppress(docker.errors.ImageNotFound):
            suite = engine.api.inspect_image(image)
            environment = engine.api.inspect_image(suite["Parent"])
            for name in (*suite["RepoTags"], *environment["RepoTags"]):
                engine.api.remove_image(name)


def git(folder: Path, *args: str) -> None:
    subprocess.run(["git", *IDENTITY, *args], cwd=folder, check=True, capture_output=True, env=make_environment())


def commit(folder: Path, text: str) -> None:
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--allow-empty", "--message", text)


def keep_in_git(folder: Path) -> Path:
    """A folder as a repository of its own."""
    git(folder, "init", "--quiet")
    commit(folder, "first")
    return folder


def check_green(folder: Path, passed: int = 2, **variables: str) -> Ended:
    """What `runner init` writes is enough for a green run."""
    written = run(folder, "init", "--yes", "--ci", "none")
    assert written.exit_code == 0, written.stderr
    ended = run(folder, "run", "-n", "2", "--json", "-v", **variables)
    assert ended.exit_code == 0, ended.stderr
    assert json.loads(ended.stdout)["tests"] == {"passed": passed}
    assert ended.last_line == NOTHING_LEFT
    return ended
