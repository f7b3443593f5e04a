"""Whether the owner of a run lives."""

import os
import subprocess
import sys

import pytest

from runner.core.names import Owner, parse_owner
from runner.engines.owner import find_boot, find_start, is_alive, make_owner

pytestmark = pytest.mark.unit


@pytest.fixture
def child():
    """A process that ends when its standard input does."""
    with subprocess.Popen(
        [sys.executable, "-c", "input()"], stdin=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        yield process


@pytest.mark.smoke
def test_this_process_lives():
    owner = make_owner()
    assert owner.pid == os.getpid()
    assert is_alive(owner)
    assert is_alive(parse_owner(owner.as_label()))


def test_a_dead_process_does_not_live(child):
    owner = make_owner(child.pid)
    assert is_alive(owner)
    child.communicate()
    assert not is_alive(owner)


def test_another_process_with_the_same_id_is_not_the_owner(child):
    started = find_start(child.pid)
    assert not is_alive(Owner(find_boot(), child.pid, started + "1"))
    assert is_alive(Owner(find_boot(), child.pid, started))


def test_a_process_that_ended_and_was_not_collected_yet_does_not_live(child):
    owner = make_owner(child.pid)
    child.stdin.close()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert find_start(child.pid) == ""
    assert not is_alive(owner)


def test_an_owner_that_cannot_be_looked_at_counts_as_living():
    assert is_alive(Owner("another-boot", 1, "1"))


def test_a_name_with_brackets_and_spaces_does_not_hide_the_start(tmp_path):
    program = tmp_path / "a) S 1 (b"
    program.symlink_to(sys.executable)
    with subprocess.Popen([program, "-c", "input()"], stdin=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert is_alive(make_owner(process.pid))
        assert find_start(process.pid).replace("-", "").replace(":", "").isalnum()
        process.communicate()


def test_an_id_that_nobody_has_has_no_start():
    assert find_start(2**22 + 1) == ""
