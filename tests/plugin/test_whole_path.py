"""The lease, pytest with two workers and the plugin together, as in the suite container but without an engine."""

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import pytest
from project_folder import LEAN, is_ours

from runner.core.passes import Needs, Pass
from runner.core.plan import Plan, Selection
from runner.core.settings import Settings
from runner.core.settings_postgres import Postgres
from runner.core.slots import make_environment, make_server
from runner.streams import Streams

pytestmark = [pytest.mark.unit, pytest.mark.e2e]

LEASE = Path(__file__).parents[2] / "images/base/lease.py"

SUITE = """
import os
import pytest

@pytest.mark.parametrize("number", range(4))
def test_has_a_slot_of_its_own(number):
    assert os.environ["TEST_DATABASE_URL"].endswith("/suite")
    assert os.environ["PGUSER"] == os.environ.get("PYTEST_XDIST_WORKER", "master")
"""


@pytest.fixture
def socket_folder():
    """A folder with a short name: that of a socket is limited."""
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


def test_a_suite_driven_through_its_lease_waits_for_its_slots_and_reports_every_test(pytester, tmp_path, socket_folder):
    pytester.makepyfile(test_suite=SUITE)
    ready, reports = tmp_path / "ready", socket_folder / "reports.sock"
    ready.mkdir()
    events, output = [], []
    streams = Streams(output.append, output.append, events.append, time.monotonic)
    clean = {name: value for name, value in os.environ.items() if not is_ours(name)}
    process = subprocess.Popen(
        [sys.executable, LEASE],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**clean, "EPHEMERAL_RUNNER_READY": str(ready), "EPHEMERAL_RUNNER_REPORTS": str(reports)},
    )

    def pump(stream, number):
        while data := os.read(stream.fileno(), 65536):
            streams.receive_suite(number, data)

    pumps = [threading.Thread(target=pump, args=each) for each in ((process.stdout, 1), (process.stderr, 2))]
    for thread in pumps:
        thread.start()

    def send(**command):
        process.stdin.write(json.dumps(command).encode() + b"\n")
        process.stdin.flush()

    plan = Plan(Settings(), Selection(), ())
    environment = make_environment(plan, Pass("all", "", Needs(2)), make_server(Postgres(), "schema", "secret"), {})
    del environment["PYTEST_PLUGINS"]  # The plugin comes by its entry point here.
    places = {"reports": str(reports), "folders": str(tmp_path / "workers")}
    environment["EPHEMERAL_RUNNER"] = json.dumps(json.loads(environment["EPHEMERAL_RUNNER"]) | places)
    argv = [sys.executable, "-m", "pytest", "-n", "2", *LEAN.split()]
    send(do="run", argv=argv, env=environment, cwd=str(pytester.path))
    began = time.monotonic()
    for slot in ("master", "gw0", "gw1"):
        send(do="answer", name=slot, text="")
    try:
        assert streams.follow(60, lambda: None) == 0, b"".join(output).decode()
    finally:
        process.stdin.close()
        process.wait(10)
        for thread in pumps:
            thread.join(10)
        process.stdout.close()
        process.stderr.close()
    assert time.monotonic() - began < 60
    assert b"4 passed" in b"".join(output)
    assert [each.data["verdict"] for each in events if each.name == "test-finished"] == ["passed"] * 4
    assert {each.data["slot"] for each in events if each.name == "slot-wanted"} == {"gw0", "gw1"}
