"""The runner in a container of its own image, started as `make test-smoke` does: with a shell, make and docker only."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import docker
import pexpect
import pytest
from commands import NOTHING_LEFT, ROOT, Make, make_environment

from runner.core import names
from runner.engines.docker.leftovers import has_living_owner, list_objects

pytestmark = [pytest.mark.engine, pytest.mark.slow, pytest.mark.xdist_group("runner-image")]

PASSING = {"tests/test_one.py": "def test_one():\n    pass\n"}
SLEEPING = {"tests/test_sleep.py": "import time\n\ndef test_sleeps():\n    print('sleeps')\n    time.sleep(60)\n"}
CERTIFICATES = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "PIP_CERT")
OWNER = 4321


@pytest.fixture(scope="session")
def bare(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of a machine that has nothing but a shell, make and docker."""
    folder = tmp_path_factory.mktemp("bin")
    for name in ("sh", "make", "docker"):
        (folder / name).symlink_to(str(shutil.which(name)))
    kept = {name: value for name, value in os.environ.items() if name in {*CERTIFICATES, "DOCKER_HOST"}}
    return {"PATH": str(folder), **kept}


@pytest.fixture(scope="session")
def image(bare: dict[str, str]) -> str:
    subprocess.run(["make", "-s", ".runner-image"], cwd=ROOT, env=bare, check=True, stdin=subprocess.DEVNULL)
    return (ROOT / ".runner-image").read_text().strip()


@pytest.fixture
def call(image: str, bare: dict[str, str]) -> Callable[..., list[str]]:
    return lambda *args: [str(shutil.which("sh")), str(ROOT / "images/runner/run.sh"), image, *args]


Call = Callable[..., list[str]]
Bare = dict[str, str]


@pytest.fixture
def started(call: Call, bare: Bare) -> Iterator[Callable[[Path], subprocess.Popen[str]]]:
    """Starts a run whose only test sleeps, and waits until it does; in a process group of its own."""
    processes = []

    def start(folder: Path) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            call("run", "-n", "0", "--", "-s"),
            cwd=folder,
            env=bare,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        processes.append(process)
        for line in process.stdout:
            if line.endswith("sleeps\n"):
                break
        else:
            pytest.fail("the run ended early")
        return process

    yield start
    for process in processes:
        with process:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)


def run(call: Call, bare: Bare, folder: Path, *args: str, **changes: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        call(*args),
        cwd=folder,
        env=bare | changes,
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
        timeout=300,
    )


def find_mine(engine: docker.DockerClient, folder: Path) -> list[str]:
    """The names of containers that mount a folder, and of what runners in them made."""
    found = engine.api.containers(all=True, filters={"label": "ephemeral-runner.role=runner"})
    mine = {each["Names"][0].lstrip("/") for each in found if str(folder) in str(each["Mounts"])}
    made = [each.name for each in list_objects(engine) if each.launcher in mine]
    return [*mine, *made]


def wait_until_gone(engine: docker.DockerClient, seen: list[str], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while left := {each["Names"][0].lstrip("/") for each in engine.api.containers(all=True)} & set(seen):
        assert time.monotonic() < deadline, left
        time.sleep(0.05)


def test_results_belong_to_the_owner_of_the_folder_whose_name_may_have_spaces(
    call: Call, bare: Bare, make_project: Make, tmp_path: Path
) -> None:
    folder = make_project(PASSING).rename(tmp_path / 'my "first" project, really')
    for path in [folder, *folder.rglob("*")]:
        os.chown(path, OWNER, OWNER + 1)
    ended = run(call, bare, folder, "run")
    assert ended.returncode == 0, ended.stderr
    assert "1 passed" in ended.stdout
    assert ended.stderr.splitlines()[-1] == NOTHING_LEFT
    written = [folder / ".runner", *(folder / ".runner").rglob("*")]
    assert {(path.lstat().st_uid, path.lstat().st_gid) for path in written} == {(OWNER, OWNER + 1)}
    assert str(folder / ".runner" / "runs") in ended.stderr


def test_exit_codes_and_the_environment_pass_through(call: Call, bare: Bare, make_project: Make) -> None:
    folder = make_project(
        {"tests/test_one.py": "import os\n\ndef test_one():\n    assert os.environ['PET'] == 'a  cat'\n"}
    )
    changes = {"PET": "a  cat", "RUNNER_PASS_ENVIRONMENT": '["PET"]'}
    assert run(call, bare, folder, "run", **changes).returncode == 0
    assert run(call, bare, folder, "run", "-k", "nothing").returncode == 95
    assert run(call, bare, folder, "run", "--isolation", "rubbish").returncode == 90
    assert run(call, bare, folder, "--version").stdout.startswith("ephemeral-runner ")


def test_two_runs_at_the_same_time_do_not_meet(call: Call, bare: Bare, make_project: Make, tmp_path: Path) -> None:
    first = make_project(PASSING)
    second = Path(shutil.copytree(first, tmp_path / "second"))
    both = [
        subprocess.Popen(call("run"), cwd=folder, env=bare, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        for folder in (first, second)
    ]
    assert [process.wait(timeout=300) for process in both] == [0, 0]


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_to_the_caller_ends_the_run_in_order(started, make_project: Make, number: int, code: int) -> None:
    process = started(make_project(SLEEPING))
    # Ctrl-C goes to all processes of a terminal, a shutdown to the first of them.
    (os.killpg if number == signal.SIGINT else os.kill)(process.pid, number)
    output, _ = process.communicate(timeout=30)
    assert process.returncode == code
    assert output.splitlines()[-1] == NOTHING_LEFT


def test_nothing_is_left_when_the_caller_is_killed(started, engine: docker.DockerClient, make_project: Make) -> None:
    folder = make_project(SLEEPING)
    process = started(folder)
    seen = find_mine(engine, folder)
    assert len(seen) == 3
    os.killpg(process.pid, signal.SIGKILL)
    wait_until_gone(engine, seen, 15)


def test_nothing_is_left_when_the_runners_container_is_killed(
    started, engine: docker.DockerClient, make_project: Make
) -> None:
    folder = make_project(SLEEPING)
    process = started(folder)
    launcher, *_ = seen = find_mine(engine, folder)
    # What was made and not started has no lease: the caller removes it.
    unstarted = engine.containers.create(
        "ephemeral-runner/runner:latest",
        labels={names.RUN: "tests-unstarted", names.LAUNCHER: launcher},
    )
    engine.api.kill(launcher)
    assert process.wait(timeout=30) == 137
    wait_until_gone(engine, [*seen, str(unstarted.name)], 5)


def test_what_a_killed_runner_and_its_caller_left_has_no_living_owner(image: str, engine: docker.DockerClient) -> None:
    labels = {names.RUN: "tests-orphan", names.LAUNCHER: "runner-that-is-gone"}
    orphan = engine.containers.create(image, labels=labels)
    try:
        (found,) = list_objects(engine, "tests-orphan")
        assert not has_living_owner(found)
    finally:
        orphan.remove()


def test_a_terminal_is_a_terminal(call: Call, bare: Bare, make_project: Make) -> None:
    command, *args = call("run", "-n", "0", "--", "-s")
    environment = bare | {"TERM": "xterm"}
    terminal = pexpect.spawn(
        command, args, cwd=str(make_project(SLEEPING)), env=environment, encoding="utf-8", timeout=120,
        dimensions=(40, 100),
    )  # fmt: skip
    terminal.expect("sleeps\r\n")
    assert "\x1b[2m" in terminal.before
    terminal.sendintr()
    terminal.expect(pexpect.EOF, timeout=30)
    terminal.close()
    assert terminal.exitstatus == 130
    assert "error:\x1b[0m the run was ended by SIGINT" in terminal.before
    assert NOTHING_LEFT in terminal.before


def test_the_documented_line_for_other_projects_works(image: str, make_project: Make) -> None:
    folder = make_project(PASSING)
    line = (
        'docker run --rm -i -v /var/run/docker.sock:/var/run/docker.sock -v "$PWD:$PWD" -w "$PWD" '
        "ephemeral-runner/runner run"
    )
    assert line.replace("-i ", "-it ") in (ROOT / "README.md").read_text()
    ended = subprocess.run(
        ["sh", "-c", line], cwd=folder, env=make_environment(), capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr
    assert NOTHING_LEFT in ended.stderr


def test_without_the_socket_the_error_says_how_to_mount_it(image: str, tmp_path: Path) -> None:
    ended = subprocess.run(["docker", "run", "--rm", image, "ps"], capture_output=True, text=True, check=False)
    assert ended.returncode == 91
    assert "/var/run/docker.sock" in ended.stderr


def test_the_reference_is_the_default_of_the_setting() -> None:
    from runner.core.settings import DEFAULT_BASE_IMAGE

    assert f"\nreference={DEFAULT_BASE_IMAGE}\n" in (ROOT / "images/runner/build.sh").read_text()


def test_a_dead_engine_is_told_by_the_convention(bare: Bare, tmp_path: Path) -> None:
    environ = bare | {"DOCKER_HOST": f"unix://{tmp_path}/none.sock"}
    command = ["sh", str(ROOT / "images/runner/build.sh"), str(tmp_path / "name")]
    ended = subprocess.run(command, cwd=tmp_path, env=environ, capture_output=True, text=True, check=False)
    assert ended.returncode == 91
    first, second, third = ended.stderr.splitlines()
    assert first == "error: cannot reach the Docker engine"
    assert second.startswith("cause: ")
    assert "none.sock" in second
    assert third == "hint:  start Docker or set `DOCKER_HOST`"
