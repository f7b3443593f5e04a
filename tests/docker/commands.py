"""The command itself, started on real projects, and what the engine holds afterwards."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import docker

from runner.core.names import parse_owner
from runner.engines.docker.leftovers import has_living_owner, list_objects

Make = Callable[..., Path]

ROOT = Path(__file__).parents[2]
SMALL = ROOT / "tests" / "projects" / "small"
ORDERS = ROOT / "tests" / "projects" / "orders"
CLEARED = ("RUNNER_", "EPHEMERAL_RUNNER", "PYTEST_", "COV_", "GITHUB_", "GITLAB_")


def make_environment(**changes: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(CLEARED)}
    return kept | changes


@dataclass(frozen=True)
class Ended:
    exit_code: int
    stdout: str
    stderr: str
    seconds: float

    @property
    def error(self) -> str:
        """What was printed from `error:` on, without the closing count."""
        lines = self.stderr.splitlines()
        start = next(number for number, line in enumerate(lines) if line.startswith("error:"))
        return "\n".join(line for line in lines[start:] if not line.startswith("left behind"))

    @property
    def last_line(self) -> str:
        return self.stderr.splitlines()[-1]


NOTHING_LEFT = "left behind: 0 containers, 0 networks, 0 volumes"


def start(folder: Path, *args: str, **changes: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "runner", *args],
        cwd=folder,
        env=make_environment(**changes),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def run(folder: Path, *args: str, timeout: float = 400, **changes: str) -> Ended:
    began = time.monotonic()
    process = start(folder, *args, **changes)
    try:
        stdout, stderr = process.communicate(timeout=timeout)
    finally:
        process.kill()
    ended = Ended(process.returncode, stdout, stderr, time.monotonic() - began)
    assert "Traceback" not in ended.stderr, ended.stderr
    return ended


def find_orphans(client: docker.DockerClient) -> list[str]:
    """Objects of ours whose runner is gone; tests beside this one keep theirs as long as their runners live."""
    return [f"{each.kind} {each.name}" for each in list_objects(client) if not has_living_owner(each)]


def count_others(client: docker.DockerClient) -> tuple[list[str], list[str]]:
    """Networks and volumes, but for those of runs beside this test, and of Compose, whose tests look themselves."""

    def is_other(each) -> bool:
        return not {"ephemeral-runner.run", "com.docker.compose.project"} & set(each.attrs["Labels"] or ())

    networks, volumes = client.networks.list(), client.volumes.list()
    return sorted(each.name for each in networks if is_other(each)), sorted(
        each.name for each in volumes if is_other(each)
    )


def find_container(client: docker.DockerClient, process: "subprocess.Popen[str]", role: str):
    """The container of a role that belongs to this very runner process."""
    for each in client.containers.list(filters={"label": f"ephemeral-runner.role={role}"}):
        owner = parse_owner(each.labels["ephemeral-runner.owner"])
        if owner is not None and owner.pid == process.pid:
            return each
    raise LookupError(role)
