"""`runner compose`: the environment of a run, started by Compose alone."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest
from commands import SMALL, make_environment, run
from compose_plugin import make_docker_config

pytestmark = [pytest.mark.engine, pytest.mark.regression]

TESTS = {
    "tests/test_slot.py": """
import os, pathlib
import psycopg
import pytest

@pytest.mark.parametrize("number", range(4))
def test_has_a_slot_of_its_own(number):
    with psycopg.connect(os.environ["TEST_DATABASE_URL"]) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS mine (a integer)")
        worker = os.environ["PYTEST_XDIST_WORKER"]
        connection.execute("INSERT INTO mine VALUES (%s)", [int(worker[2:])])
        assert len(connection.execute("SELECT DISTINCT a FROM mine").fetchall()) == 1

def test_may_not_write_to_the_project():
    with pytest.raises(OSError, match="Read-only"):
        pathlib.Path("new").write_text("x")

def test_has_no_rights():
    status = pathlib.Path("/proc/self/status").read_text()
    assert "CapBnd:\\t0000000000000000" in status
    assert "NoNewPrivs:\\t1" in status
    assert os.getuid() == 1000
""",
}


@pytest.fixture(scope="module")
def environ() -> Iterator[dict[str, str]]:
    client = docker.from_env()
    yield make_environment(DOCKER_CONFIG=make_docker_config(client))
    client.close()


@pytest.fixture(scope="module")
def folder(tmp_path_factory, environ: dict[str, str]) -> Iterator[Path]:
    """A project with its Compose file written; Compose has removed what it made when the tests are over."""
    folder = Path(shutil.copytree(SMALL, tmp_path_factory.mktemp("compose") / f"small-{os.getpid()}"))
    # The suite's user in the container is another than the one who runs these tests.
    folder.chmod(0o755)
    for name, content in TESTS.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(content)
    with (folder / "pyproject.toml").open("a") as pyproject:
        pyproject.write("[tool.runner]\n")
    yield folder
    compose(folder, environ, "down", "--volumes")


def compose(folder: Path, environ: dict[str, str], *args: str) -> subprocess.CompletedProcess[str]:
    """Compose as a person calls it, under a name that no other test run has."""
    command = ["docker", "compose", "-f", "compose/environment.yaml", "-p", folder.name, *args]
    return subprocess.run(
        command,
        cwd=folder,
        env=environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=200,
    )


def test_the_file_is_written_checked_and_private(folder: Path) -> None:
    assert run(folder, "compose").stdout == "compose/environment.yaml written\n"
    assert run(folder, "compose", "--check").stdout == "compose/environment.yaml is up to date\n"
    assert (folder / "compose/.env").stat().st_mode & 0o777 == 0o600
    assert ".env" in (folder / "compose/.gitignore").read_text().splitlines()
    with (folder / "pyproject.toml").open("a") as pyproject:
        pyproject.write('environment = {NEW = "1"}\n')
    ended = run(folder, "compose", "--check")
    assert ended.exit_code == 90
    assert "error: `compose/environment.yaml` is not what the settings make" in ended.error
    assert run(folder, "compose").exit_code == 0


@pytest.mark.e2e
def test_compose_runs_the_suite_with_slots_and_without_rights_and_leaves_nothing(
    folder: Path, environ: dict[str, str], engine: docker.DockerClient
) -> None:
    assert run(folder, "compose").exit_code == 0
    ended = compose(folder, environ, "run", "--rm", "suite", "pytest", "-n", "2")
    assert ended.returncode == 0, ended.stdout
    assert "6 passed" in ended.stdout
    assert "an empty schema in `suite` for each worker" in ended.stdout
    host = compose(folder, environ, "port", "postgres", "5432").stdout
    assert host.startswith("127.0.0.1:")
    assert compose(folder, environ, "down", "--volumes").returncode == 0
    mine = {"label": f"com.docker.compose.project={folder.name}"}
    assert engine.containers.list(all=True, filters=mine) == []
    assert engine.networks.list(filters=mine) == []
    assert engine.volumes.list(filters=mine) == []


def test_without_the_images_names_compose_says_what_to_do(folder: Path, environ: dict[str, str]) -> None:
    assert run(folder, "compose").exit_code == 0
    (folder / "compose/.env").unlink()
    ended = compose(folder, environ, "run", "--rm", "suite")
    assert ended.returncode != 0
    assert "run `runner compose` first" in ended.stdout


def test_a_file_outside_the_project_is_refused(folder: Path) -> None:
    ended = run(folder, "compose", "--output", "../elsewhere.yaml")
    assert ended.exit_code == 90
    assert "is outside the project" in ended.error
