"""The process beside the runner; what it removes is a matter of tests with an engine."""

import os

import pytest

from runner.engines.docker.watchdog import Watchdog

pytestmark = pytest.mark.unit


def test_a_watchdog_that_is_dismissed_ends_by_itself_and_asks_no_engine(monkeypatch):
    monkeypatch.setenv("DOCKER_HOST", "rubbish")
    with Watchdog("run-1") as watchdog:
        assert watchdog._process.poll() is None
    assert watchdog._process.returncode == 0


def test_a_watchdog_has_a_session_of_its_own_so_that_no_terminal_ends_it():
    with Watchdog("run-1") as watchdog:
        assert os.getsid(watchdog._process.pid) == watchdog._process.pid
    assert os.getsid(0) != watchdog._process.pid
