"""The watchdog ends what makes containers for a runner that is dead, and nothing else."""

import subprocess
import sys

import pytest

from runner.engines.docker.watchdog import kill_group
from runner.engines.owner import find_start

pytestmark = pytest.mark.unit

WAITS = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'print(1, flush=True); input()'])"


@pytest.fixture
def group():
    process = subprocess.Popen(
        [sys.executable, "-c", WAITS], stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
    )
    assert process.stdout.readline() == b"1\n"
    yield process
    process.stdin.close()
    process.wait(10)
    process.stdout.close()


def test_a_process_ends_with_its_group(group):
    kill_group(str(group.pid), find_start(group.pid))
    assert group.wait(10) == -9
    # Its child held the other end.
    assert group.stdout.read() == b""


def test_another_process_of_the_same_number_is_left_alone(group):
    kill_group(str(group.pid), "1")
    kill_group(str(group.pid), "")
    assert group.poll() is None
    group.stdin.write(b"\n")
    group.stdin.flush()
    assert group.wait(10) == 0


def test_one_that_has_ended_is_no_error():
    kill_group(str(2**22 - 1), "1")
