"""A project's own services: started through Compose, reached by name, bounded, and gone with the run."""

import contextlib
import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import docker
import pytest
from commands import NOTHING_LEFT, ROOT, Ended, Make, find_container, find_orphans, run, start
from compose_plugin import make_docker_config

from runner.engines.docker.leftovers import list_objects

pytestmark = [pytest.mark.engine, pytest.mark.regression]

PROJECT = ROOT / "tests" / "projects" / "services"
IDLE = """
services:
  broker:
    image: ${RUNNER_BASE_IMAGE}
    entrypoint: [sleep, infinity]
    container_name: fixed
    ports: ["127.0.0.1:45999:1"]
    volumes: ["data:/data"]
    restart: always
volumes:
  data:
    name: fixed
"""
SEALED = """
[tool.pytest.ini_options]
markers = ["sealed: alone"]
[tool.runner.groups.sealed]
egress = false
database = false
"""
ASLEEP = {
    "tests/test_sleep.py": "import time\nimport pytest\n\n@pytest.mark.sealed\ndef test_sleeps():\n    time.sleep(60)\n"
}
PASSES = {"tests/test_one.py": "import socket\n\ndef test_one():\n    assert socket.gethostbyname('broker')\n"}


@pytest.fixture(scope="module")
def docker_config() -> Iterator[str]:
    client = docker.from_env()
    yield make_docker_config(client)
    client.close()


@pytest.fixture
def make_with(make_project: Make) -> Callable[..., Path]:
    """Makes a small project with a services file."""

    def make(services: str, files: dict[str, str] = PASSES, settings: str = "") -> Path:
        named = {"compose/services.yaml": services, **files}
        return make_project(named, f'services = "compose/services.yaml"\nworkers = 0\n{settings}')

    return make


def wait_for(find: Callable[[], object], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not find():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def start_asleep(folder: Path, docker_config: str) -> "subprocess.Popen[str]":
    process = start(folder, "run", "--group", "sealed", DOCKER_CONFIG=docker_config)

    def has_begun() -> bool:
        assert process.poll() is None, process.communicate()
        return any('"test-started"' in each.read_text() for each in folder.glob(".runner/runs/*/events.jsonl"))

    assert wait_for(has_begun, 200)
    return process


@pytest.mark.e2e
def test_the_sample_project_reaches_redis_by_its_name_with_and_without_egress(
    tmp_path: Path, docker_config: str
) -> None:
    folder = tmp_path / "services"
    shutil.copytree(PROJECT, folder, ignore=shutil.ignore_patterns(".runner"))
    ended = run(folder, "run", "-n", "2", DOCKER_CONFIG=docker_config)
    assert ended.exit_code == 0, ended.stderr + ended.stdout
    assert "7 passed" in ended.stdout
    assert "1 passed" in ended.stdout
    assert re.findall(r"^  services +[0-9.]+ s +(.*)$", ended.stderr, re.MULTILINE) == ["ready: redis"] * 2
    assert ended.last_line == NOTHING_LEFT
    log = (folder / ".runner/latest/services.log").read_text()
    assert all(line.startswith("redis | 20") for line in log.splitlines())
    assert log.count("Ready to accept connections") == 2


def test_two_runs_at_once_do_not_meet(make_with: Make, docker_config: str, tmp_path: Path) -> None:
    folder = make_with(IDLE)
    other = shutil.copytree(folder, tmp_path / "other")
    processes = [start(each, "run", DOCKER_CONFIG=docker_config) for each in (folder, other)]
    for process in processes:
        _, stderr = process.communicate(timeout=120)
        assert process.returncode == 0, stderr
        assert stderr.splitlines()[-1] == NOTHING_LEFT


@pytest.mark.security
@pytest.mark.xdist_group("kill")
def test_a_service_is_bounded_and_ends_with_the_runner_even_without_its_watchdog(
    make_with: Make, docker_config: str, engine: docker.DockerClient
) -> None:
    folder = make_with(IDLE, ASLEEP, SEALED)
    process = start_asleep(folder, docker_config)
    service = find_container(engine, process, "service")
    host = service.attrs["HostConfig"]
    assert host["CapDrop"] == ["ALL"]
    assert "CAP_CHOWN" in host["CapAdd"] or "CHOWN" in host["CapAdd"]
    assert host["SecurityOpt"] == ["no-new-privileges"]
    assert host["RestartPolicy"]["Name"] in {"", "no"}
    assert not host["PortBindings"]
    assert service.name == f"runner-{service.labels['ephemeral-runner.run']}-broker-1"
    [network] = service.attrs["NetworkSettings"]["Networks"]
    assert engine.networks.get(network).attrs["Internal"]
    labels = engine.networks.get(network).attrs["Labels"]
    assert labels["ephemeral-runner.run"] == service.labels["ephemeral-runner.run"]

    for pid in find_children(process.pid):
        os.kill(pid, signal.SIGKILL)
    process.kill()
    process.communicate()
    # Nobody is left who could remove it; that it ends is the lease's work, and what is left does nothing.
    assert wait_for(lambda: has_ended(service), 2)
    cleaned = run(folder, "clean")
    assert cleaned.exit_code == 0, cleaned.stderr
    assert find_orphans(engine, folder) == []


def has_service(engine: docker.DockerClient, process: "subprocess.Popen[str]") -> bool:
    with contextlib.suppress(LookupError):
        return bool(find_container(engine, process, "service"))
    return False


def find_processes(run_id: str) -> list[str]:
    """The command lines that name a run: those of Compose, and the watchdog's."""
    listed = subprocess.run(["ps", "-ww", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    return [line for line in listed.splitlines() if run_id in line]


def has_ended(container) -> bool:
    """Whether it does not run any more; a run beside this test may have removed it, for every run removes orphans."""
    try:
        container.reload()
    except docker.errors.NotFound:
        return True
    return container.status == "exited"


def find_children(pid: int) -> list[int]:
    """The processes that a process started: its watchdog."""
    return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


@pytest.mark.xdist_group("kill")
def test_nothing_is_left_two_seconds_after_a_kill(
    make_with: Make, docker_config: str, engine: docker.DockerClient
) -> None:
    folder = make_with(IDLE, ASLEEP, SEALED)
    process = start_asleep(folder, docker_config)
    process.kill()
    process.communicate()
    assert wait_for(lambda: find_orphans(engine, folder) == [], 2)


@pytest.mark.xdist_group("kill")
@pytest.mark.parametrize("moment", ["network", "container"])
def test_nothing_is_left_after_a_kill_while_compose_is_at_work(
    make_with: Make, docker_config: str, engine: docker.DockerClient, moment: str
) -> None:
    folder = make_with(IDLE)
    process = start(folder, "run", DOCKER_CONFIG=docker_config)

    def is_there() -> bool:
        assert process.poll() is None, process.communicate()
        found = [each for each in list_objects(engine) if each.owner and each.owner.pid == process.pid]
        return any(each.kind == moment and each.role == "service" for each in found)

    assert wait_for(is_there, 60)
    process.kill()
    process.communicate()
    [run_id] = [each.name for each in folder.glob(".runner/runs/*")]
    assert wait_for(lambda: not find_processes(run_id), 10), "Compose and the watchdog have ended"
    assert find_orphans(engine, folder) == []


def test_an_interrupt_while_services_start_ends_the_run_in_order(
    make_with: Make, docker_config: str, engine: docker.DockerClient
) -> None:
    never = IDLE.replace("    restart", "    healthcheck: {test: [CMD, 'false'], interval: 60s}\n    restart")
    folder = make_with(never)
    process = start(folder, "run", DOCKER_CONFIG=docker_config)

    def is_there() -> bool:
        assert process.poll() is None, process.communicate()
        return has_service(engine, process)

    assert wait_for(is_there, 60)
    sent = time.monotonic()
    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate(timeout=20)
    assert time.monotonic() - sent < 5
    assert process.returncode == 130, stderr
    assert stderr.splitlines()[-1] == NOTHING_LEFT


def serve(body: str) -> str:
    """A services file with one service of our base image."""
    return "services:\n  broker:\n    image: ${RUNNER_BASE_IMAGE}\n" + body


REFUSED = {
    "it ends at once": (
        serve("    entrypoint: [sh, -c, 'echo no such database; exit 3']\n"),
        93,
        ["the service `broker` ended with the exit code 3", "no such database", "cap_add"],
    ),
    "it is unhealthy": (
        serve(
            "    entrypoint: [sh, -c, 'echo waiting; sleep infinity']\n"
            "    healthcheck: {test: 'echo no answer; exit 1', interval: 0.1s, retries: 2}\n"
        ),
        93,
        ["the service `broker` is unhealthy", "its last health check said: no answer", "waiting"],
    ),
    "it is slow": (
        serve("    entrypoint: [sleep, infinity]\n    healthcheck: {test: [CMD, 'false'], interval: 60s}\n"),
        93,
        ["the service `broker` is not healthy after 1 s", "`startup_timeout` is the limit"],
    ),
    "it ends on purpose, and nothing waits for it": (
        serve("    entrypoint: ['true']\n"),
        93,
        ["the service `broker` has ended, without an error", "service_completed_successfully"],
    ),
    "the engine refuses it": (
        serve("    entrypoint: [/no/such/program]\n"),
        91,
        ["Compose cannot start the services", "/no/such/program"],
    ),
    "its image is nowhere": (
        "services:\n  broker:\n    image: 127.0.0.1:9/nowhere:1\n",
        92,
        ["cannot get the image `127.0.0.1:9/nowhere:1` of the service `broker`", "refused"],
    ),
    "its image cannot be built": (
        "services:\n  broker:\n    build: {context: ., dockerfile_inline: 'FROM scratch\n\n      RUN echo oh'}\n",
        92,
        ["cannot build the image of the service `broker`", "echo oh"],
    ),
    "its file is no Compose file": ("services:\n  broker:\n    imgae: x\n", 90, ["Compose refuses", "imgae"]),
    "its file has no services": ("volumes: {}\n", 90, ["services"]),
    "it wants the machine": (
        serve("    privileged: true\n"),
        90,
        ["service `broker` of the services file cannot be part of a run", "`privileged: true`"],
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_started_is_named_with_its_reason(make_with: Make, docker_config: str, case: str) -> None:
    services, exit_code, said = REFUSED[case]
    folder = make_with(services, settings="startup_timeout = 1\n")
    ended = run(folder, "run", DOCKER_CONFIG=docker_config)
    assert ended.exit_code == exit_code, ended.stderr
    for text in said:
        assert text in ended.error
    assert ended.last_line == NOTHING_LEFT


def test_a_missing_services_file_is_named(make_project: Make, docker_config: str) -> None:
    folder = make_project(PASSES, 'services = "compose/elsewhere.yaml"')
    assert_missing(run(folder, "run", DOCKER_CONFIG=docker_config))


def assert_missing(ended: Ended) -> None:
    assert ended.exit_code == 90
    assert "cannot find the services file `elsewhere.yaml`" in ended.error


def test_without_compose_the_error_says_what_to_install(make_with: Make, tmp_path: Path) -> None:
    folder = make_with(IDLE)
    # A machine's own plugins lie in system folders; a command that is not there at all has the same error.
    git_only = tmp_path / "bin"
    git_only.mkdir()
    ended = run(folder, "run", PATH=str(git_only))
    assert ended.exit_code == 91
    assert "the setting `services` needs Compose 2.20 or newer" in ended.error
    assert "docker-compose" in ended.error
