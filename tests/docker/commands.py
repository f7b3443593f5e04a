"""The command itself, started on real projects, and what the engine holds afterwards."""

import itertools
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import docker
from docker.models.networks import Network

from runner.core.names import RUN, parse_owner
from runner.engines.docker.leftovers import has_living_owner, list_objects
from runner.engines.protocol import Leftover

Make = Callable[..., Path]

ROOT = Path(__file__).parents[2]
SMALL = ROOT / "tests" / "projects" / "small"
ORDERS = ROOT / "tests" / "projects" / "orders"
CLEARED = ("RUNNER_", "EPHEMERAL_RUNNER", "PYTEST_", "COV_", "CI", "GITHUB_", "GITLAB_")


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
        """What was printed from `error:` on, without the lines about it that follow, and the closing count."""
        lines = self.stderr.splitlines()
        start = next(number for number, line in enumerate(lines) if line.startswith("error:"))
        told = re.compile(r"(?:error|cause|hint): | {7}")
        return "\n".join(itertools.takewhile(told.match, lines[start:]))

    @property
    def last_line(self) -> str:
        return self.stderr.splitlines()[-1]


NOTHING_LEFT = "left behind: 0 containers, 0 networks, 0 volumes"


STARTED: set[int] = set()
"""The processes that `start` has started, also those that have ended."""


def start(folder: Path, *args: str, **changes: str) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-m", "runner", *args],
        cwd=folder,
        env=make_environment(**changes),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    STARTED.add(process.pid)
    return process


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


def find_orphans(client: docker.DockerClient, folder: Path) -> list[str]:
    """Objects whose runner is gone, of runs of ours: of projects in a folder, or of processes that we started.

    Tests in other processes make and remove theirs meanwhile.
    """
    runs = {each.name for each in folder.glob("**/.runner/runs/*")}

    def is_ours(each: Leftover) -> bool:
        return each.run in runs or (each.owner is not None and each.owner.pid in STARTED)

    found = [each for each in list_objects(client) if is_ours(each)]
    return [f"{each.kind} {each.name}" for each in found if not has_living_owner(each)]


def list_unused(client: docker.DockerClient) -> set[str]:
    """Networks and volumes that no container uses and no label ascribes to a run, or to Compose.

    What tests in other processes have without a label, as images' volumes are, is in use.
    """
    found = list_unused_networks(client) + client.volumes.list(filters={"dangling": True})
    known = {RUN, "com.docker.compose.project"}
    return {
        f"{type(each).__name__.lower()} {each.name}" for each in found if not known & set(each.attrs["Labels"] or ())
    }


def list_unused_networks(client: docker.DockerClient) -> list[Network]:
    """Networks with no container in them; engine 20.10 does not know when it is asked for such."""
    found = client.networks.list(filters={"type": "custom"})
    for each in found:
        with suppress(docker.errors.NotFound):
            each.reload()
    return [each for each in found if not each.attrs["Containers"]]


def find_container(client: docker.DockerClient, process: "subprocess.Popen[str]", role: str):
    """The container of a role that belongs to this very runner process."""
    for each in client.containers.list(filters={"label": f"ephemeral-runner.role={role}"}):
        owner = parse_owner(each.labels["ephemeral-runner.owner"])
        if owner is not None and owner.pid == process.pid:
            return each
    raise LookupError(role)
