"""Nothing is left behind, however a run ends."""

import os
import random
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path

import docker
import pytest
from commands import NOTHING_LEFT, Make, find_container, find_orphans, run, start

pytestmark = [pytest.mark.engine, pytest.mark.regression]

SLEEPING = {
    "tests/test_sleep.py": "import os, time\n\ndef test_sleeps():\n"
    "    assert os.environ['PGUSER']\n    time.sleep(60)\n\ndef test_other():\n    pass\n"
}


def wait_until_asleep(process: "subprocess.Popen[str]", folder: Path) -> None:
    """Wait until the suite's first test has begun, as the run's events say."""
    deadline = time.monotonic() + 200
    while time.monotonic() < deadline:
        assert process.poll() is None, process.communicate()
        found = list(folder.glob(".runner/runs/*/events.jsonl"))
        if found and '"test-started"' in found[0].read_text():
            return
        time.sleep(0.02)
    pytest.fail("the suite did not start")


def start_sleeping(make_project: Make, workers: int = 2) -> "tuple[Path, subprocess.Popen[str]]":
    """A run whose first test sleeps, and its project."""
    folder = make_project(SLEEPING)
    process = start(folder, "run", "-n", str(workers))
    wait_until_asleep(process, folder)
    return folder, process


@pytest.mark.parametrize(("number", "exit_code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_one_signal_ends_the_run_in_order_within_two_seconds(make_project: Make, number: int, exit_code: int) -> None:
    _, process = start_sleeping(make_project, workers=0)
    sent = time.monotonic()
    process.send_signal(number)
    stdout, stderr = process.communicate(timeout=20)
    assert time.monotonic() - sent < 2
    assert process.returncode == exit_code, stderr
    assert f"error: the run was ended by {signal.Signals(number).name}" in stderr
    assert stderr.splitlines()[-1] == NOTHING_LEFT
    assert "KeyboardInterrupt" in stdout, "pytest had the time to say where it was"


@pytest.mark.xdist_group("kill")  # For a moment its containers have no owner, which others of the group count.
def test_a_second_signal_ends_the_run_at_once(make_project: Make, engine: docker.DockerClient) -> None:
    stubborn = """
import signal, time

def test_ignores_interrupts():
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    time.sleep(60)
"""
    folder = make_project({"tests/test_stubborn.py": stubborn})
    process = start(folder, "run", "-n", "0")
    wait_until_asleep(process, folder)
    process.send_signal(signal.SIGINT)
    time.sleep(0.2)
    sent = time.monotonic()
    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate(timeout=20)
    assert time.monotonic() - sent < 0.5
    assert process.returncode == 130
    assert "stopped at once" in stderr


@pytest.mark.slow
@pytest.mark.xdist_group("kill")
def test_nothing_is_left_two_seconds_after_a_kill_at_twenty_random_moments(
    make_project: Make, engine: docker.DockerClient
) -> None:
    folder = make_project(SLEEPING)
    run(folder, "run", "-k", "other")  # The images are there.
    moments = random.Random(20261123)
    for _ in range(20):
        process = start(folder, "run", "-n", "2")
        moment = moments.uniform(0.0, 3.0)
        time.sleep(moment)
        os.kill(process.pid, signal.SIGKILL)
        process.communicate()
        time.sleep(2)
        assert find_orphans(engine, folder) == [], f"killed after {moment:.2f} s"


def test_the_suite_container_removed_from_outside_is_an_error_of_the_engine(
    make_project: Make, engine: docker.DockerClient
) -> None:
    _, process = start_sleeping(make_project)
    with suppress(docker.errors.APIError):  # The runner removes it at the same time.
        find_container(engine, process, "suite").remove(force=True)
    _, stderr = process.communicate(timeout=20)
    assert process.returncode == 91
    assert "error: the suite container ended in the middle of the run" in stderr
    assert stderr.splitlines()[-1] == NOTHING_LEFT


def test_postgres_that_dies_in_the_middle_ends_the_run_in_under_five_seconds(
    make_project: Make, engine: docker.DockerClient
) -> None:
    _, process = start_sleeping(make_project)
    sent = time.monotonic()
    find_container(engine, process, "postgres").exec_run("pkill -9 -o -x postgres", user="postgres")
    _, stderr = process.communicate(timeout=20)
    assert time.monotonic() - sent < 5
    assert process.returncode == 94
    assert "error: Postgres ended in the middle of the run" in stderr
    assert "cause: last lines of its log:" in stderr
    assert "postmaster exit" in stderr
    assert stderr.splitlines()[-1] == NOTHING_LEFT


def test_ps_shows_a_living_run_and_clean_does_not_touch_it(make_project: Make) -> None:
    folder, process = start_sleeping(make_project)
    run_id = next(folder.glob(".runner/runs/*")).name
    listed = run(folder, "ps").stdout
    assert [line.split()[-1] for line in listed.splitlines() if run_id in line] == ["living", "living"]
    assert run_id not in run(folder, "clean").stdout
    assert process.poll() is None
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=20)


@pytest.mark.xdist_group("kill")
def test_clean_and_the_next_run_remove_what_has_no_living_owner(
    make_project: Make, engine: docker.DockerClient
) -> None:
    from runner.core.names import Owner
    from runner.engines.docker.containers import RunIdentity
    from runner.engines.owner import find_boot

    folder = make_project({"tests/test_nothing.py": "def test_passes():\n    pass\n"})
    run(folder, "run", "-n", "0")
    image = engine.images.list(name="ephemeral-runner/suite-small")[0]
    dead = Owner(find_boot(), 2**22 - 1, "1")
    for command in (("clean",), ("run", "-n", "0")):
        identity = RunIdentity(f"orphan-{os.getpid()}", "small", dead)
        engine.containers.create(image, **identity.make_options("suite"))
        ended = run(folder, *command)
        assert ended.exit_code == 0, ended.stderr
        assert find_orphans(engine, folder) == []
