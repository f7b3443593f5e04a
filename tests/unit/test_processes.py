"""The processes of a suite container, in words and as the container lists them."""

import json
import os
import socket
import subprocess
import sys

import pytest

from runner.core.processes import SHOWN, Process, find_workers, map_ports, tell_processes
from runner.engines.docker import processes_inside

pytestmark = pytest.mark.unit

LEASE, CONTROLLER = Process(1), Process(7, 1, "S")
WORKER = Process(9, 7, "S", "futex_do_wait", "python -c execnet", (4001,), "gw0")
CHILD = Process(20, 9, "R", "", "celery worker", (4002,))
GRANDCHILD = Process(21, 20, "Z")


@pytest.mark.smoke
def test_processes_belong_to_the_worker_that_they_descend_from():
    found = find_workers([GRANDCHILD, CHILD, WORKER, CONTROLLER, LEASE])
    assert [(each.pid, each.worker, each.is_worker) for each in found] == [
        (21, "gw0", False),
        (20, "gw0", False),
        (9, "gw0", True),
        (7, "", False),
        (1, "", False),
    ]
    assert map_ports(found) == {4001: "gw0", 4002: "gw0"}


def test_what_they_do_is_told():
    assert tell_processes("gw0", find_workers([LEASE, CONTROLLER, WORKER, CHILD, GRANDCHILD])) == (
        "its process 9 sleeps (futex_do_wait); it has started `celery worker`, which as process 20 computes, another,"
        " which as process 21 has ended, and nobody has collected it"
    )


def test_of_many_processes_the_first_are_named():
    many = [Process(100 + number, 9, "S", command="x" * 200) for number in range(SHOWN + 2)]
    text = tell_processes("gw0", find_workers([WORKER, *many]))
    assert text.endswith(" and 2 more")
    assert len(text) < 700


def test_without_a_worker_nothing_is_told():
    assert tell_processes("gw1", find_workers([WORKER])) == ""


def test_a_circle_of_parents_ends():
    assert [each.worker for each in find_workers([Process(1, 2), Process(2, 1)])] == ["", ""]


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc, as it is in containers")
def test_a_process_is_found_by_the_name_that_a_worker_gives_itself():
    with socket.socket(socket.AF_UNIX) as name:
        name.bind(f"\0ephemeral-runner/gw7/{os.getpid()}")
        command = ["timeout", "30", sys.executable, processes_inside.__file__]
        done = subprocess.run(command, capture_output=True, check=True)
    found = find_workers([Process(**each) for each in json.loads(done.stdout)])
    [own] = [each for each in found if each.pid == os.getpid()]
    assert (own.worker, own.parent) == ("gw7", os.getppid())
    assert own.command
    assert own.state
