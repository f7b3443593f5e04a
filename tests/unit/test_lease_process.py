"""The lease (images/base/lease.py) as a process on this machine; only what needs no process id 1 is claimed here."""

import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest

from runner.streams import END_OF_OUTPUT

pytestmark = pytest.mark.unit

LEASE = Path(__file__).parents[2] / "images/base/lease.py"
PATIENCE = 10.0


class Lease:
    """A running lease, with its two streams read in the background."""

    def __init__(self, folder, *argv):
        self.process = subprocess.Popen(
            [sys.executable, LEASE, *argv],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=folder,
            env={**os.environ, "EPHEMERAL_RUNNER_READY": str(folder)},
        )
        self._output = b""
        self._reports = b""
        self._more = queue.Queue()
        self._readers = [
            threading.Thread(target=self._read, args=(name, getattr(self.process, name).fileno()), daemon=True)
            for name in ("stdout", "stderr")
        ]
        for reader in self._readers:
            reader.start()

    def _read(self, name, descriptor):
        while data := os.read(descriptor, 65536):
            self._more.put((name, data))
        self._more.put((name, b""))

    def command(self, **fields):
        self.process.stdin.write(json.dumps(fields).encode() + b"\n")
        self.process.stdin.flush()

    def run(self, *argv, **fields):
        self.command(do="run", argv=list(argv), **fields)

    def run_python(self, code, **fields):
        self.run(sys.executable, "-c", code, **fields)

    def wait_for(self, is_there):
        deadline = time.monotonic() + PATIENCE
        while not is_there():
            name, data = self._more.get(timeout=max(0.01, deadline - time.monotonic()))
            if name == "stdout":
                self._output += data
            else:
                self._reports += data

    def wait_said(self, text):
        self.wait_for(lambda: text in self._output)

    def wait_ended(self):
        """Wait for the end of the process; return its output and the reports."""
        self.wait_for(lambda: self._output.endswith(END_OF_OUTPUT) and b"process-ended" in self._reports)
        said, self._output = self._output.removesuffix(END_OF_OUTPUT), b""
        reports, self._reports = self._reports, b""
        return said, [json.loads(line) for line in reports.splitlines()]

    def close(self):
        """End the lease, and wait until nothing holds its streams any more."""
        with suppress(OSError):
            self.process.stdin.close()
        self.process.wait(PATIENCE)
        for reader in self._readers:
            reader.join(PATIENCE)
        self.process.stdout.close()
        self.process.stderr.close()


@pytest.fixture
def start(tmp_path):
    started = []

    def start_lease(*argv):
        started.append(Lease(tmp_path, *argv))
        return started[-1]

    yield start_lease
    for lease in started:
        lease.close()


@pytest.fixture
def lease(start):
    """A lease that waits for commands."""
    return start()


@pytest.mark.smoke
def test_a_process_runs_and_its_end_is_marked_in_both_streams(lease):
    lease.run("sh", "-c", "echo out; echo err >&2; exit 3")
    assert lease.wait_ended() == (b"out\nerr\n", [{"event": "process-ended", "exit_code": 3}])


def test_one_process_after_another_runs_in_one_lease(lease):
    for code in (0, 1):
        lease.run("sh", "-c", f"exit {code}")
        assert lease.wait_ended()[1] == [{"event": "process-ended", "exit_code": code}]


def test_a_process_gets_its_environment_and_folder_on_top_of_the_leases(lease, tmp_path):
    (tmp_path / "sub").mkdir()
    lease.run("sh", "-c", 'echo "$ADDED $PWD"; test -n "$PATH"', env={"ADDED": "ünï"}, cwd=str(tmp_path / "sub"))
    said, [report] = lease.wait_ended()
    assert said.decode() == f"ünï {tmp_path / 'sub'}\n"
    assert report["exit_code"] == 0


def test_a_process_has_nothing_to_read(lease):
    lease.run("cat")
    assert lease.wait_ended() == (b"", [{"event": "process-ended", "exit_code": 0}])


def test_a_process_reports_on_file_descriptor_3(lease):
    lease.run_python("""import os; os.write(3, b'{"event": "test-started"}\\n'); print("shown")""")
    said, reports = lease.wait_ended()
    assert said == b"shown\n"
    assert reports == [{"event": "test-started"}, {"event": "process-ended", "exit_code": 0}]


def test_output_without_a_last_line_break_comes_before_the_mark(lease):
    lease.run("printf", "no line break")
    assert lease.wait_ended()[0] == b"no line break"


def test_a_lot_of_output_arrives_whole(lease):
    lease.run_python("print('x' * 1_000_000)")
    assert lease.wait_ended()[0] == b"x" * 1_000_000 + b"\n"


def test_a_command_that_does_not_exist_ends_with_127_and_says_so(lease):
    lease.run("no-such-command-anywhere")
    said, reports = lease.wait_ended()
    assert b"no-such-command-anywhere" in said
    assert reports == [{"event": "process-ended", "exit_code": 127}]


def test_after_a_command_that_does_not_exist_another_one_runs(lease):
    lease.run("no-such-command-anywhere")
    lease.wait_ended()
    lease.run("true")
    assert lease.wait_ended()[1] == [{"event": "process-ended", "exit_code": 0}]


def test_a_slot_that_is_ready_is_a_file(lease, tmp_path):
    lease.command(do="ready", slot="gw0")
    lease.command(do="ready", slot="gw0")
    lease.run("ls", str(tmp_path))
    assert lease.wait_ended()[0] == b"gw0\n"
    assert (tmp_path / "gw0").read_bytes() == b""


@pytest.mark.smoke
def test_a_signal_reaches_the_process_and_its_children(lease):
    child = (
        "import signal\ntry:\n  print('child', flush=True); signal.pause()\nexcept KeyboardInterrupt:\n  print('asked')"
    )
    parent = f"import subprocess, sys\nsubprocess.call([sys.executable, '-c', {child!r}])"
    lease.run_python(f"try:\n  exec({parent!r})\nexcept KeyboardInterrupt:\n  print('asked too'); raise SystemExit(7)")
    lease.wait_said(b"child\n")
    lease.command(do="signal", number=signal.SIGINT)
    said, reports = lease.wait_ended()
    assert reports == [{"event": "process-ended", "exit_code": 7}]
    assert {b"asked", b"asked too"} <= set(said.splitlines())


def test_a_signal_without_a_process_is_no_error(lease):
    lease.command(do="signal", number=signal.SIGINT)
    lease.run("true")
    assert lease.wait_ended()[1] == [{"event": "process-ended", "exit_code": 0}]


def test_a_process_that_a_signal_ended_is_reported_as_the_shell_does(lease):
    lease.run("sh", "-c", "kill -9 $$")
    assert lease.wait_ended()[1] == [{"event": "process-ended", "exit_code": 137}]


def test_what_a_process_leaves_running_is_ended_with_it(lease):
    lease.run("sh", "-c", "sleep 60 & echo $!")
    pid = int(lease.wait_ended()[0])
    deadline = time.monotonic() + PATIENCE
    while is_running(pid) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not is_running(pid)


def is_running(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def test_the_end_of_standard_input_ends_the_lease_at_once(lease):
    # Without being process 1 of a container the lease cannot take the process along, so this one ends by itself.
    lease.run("sh", "-c", "echo $$; exec sleep 0.4")
    lease.wait_said(b"\n")
    pid = int(lease._output)
    lease.process.stdin.close()
    assert lease.process.wait(PATIENCE) == 0
    assert is_running(pid)


def test_the_request_to_terminate_ends_the_lease(lease):
    lease.command(do="ready", slot="gw0")
    lease.run("true")
    lease.wait_ended()
    lease.process.terminate()
    assert lease.process.wait(PATIENCE) == 143


@pytest.mark.parametrize(
    ("script", "code"), [("exit 0", 0), ("exit 42", 42), ("kill -9 $$", 137), ("kill -15 $$", 143)]
)
def test_with_a_command_the_lease_ends_as_the_command_does(start, script, code):
    assert start("sh", "-c", script).process.wait(PATIENCE) == code


def test_with_a_command_its_output_has_no_mark(start):
    lease = start("echo", "hello")
    assert lease.process.wait(PATIENCE) == 0
    lease.wait_said(b"hello\n")
    lease.close()
    assert lease._more.queue[0][1] == b""


def test_with_a_command_the_end_of_standard_input_ends_the_lease(start):
    lease = start("sh", "-c", "echo started; sleep 0.3")
    lease.wait_said(b"started\n")
    lease.process.stdin.close()
    assert lease.process.wait(PATIENCE) == 0


def test_with_a_command_that_does_not_exist_the_lease_ends_with_127(start):
    assert start("no-such-command-anywhere").process.wait(PATIENCE) == 127


def test_the_mark_is_the_one_that_the_runner_looks_for():
    assert repr(END_OF_OUTPUT)[2:-1] in LEASE.read_text()


@pytest.mark.security
@pytest.mark.parametrize("environment", [{"A": "x\0y"}, {"A\0B": "x"}, {"A=B": "x"}], ids=["value", "nul", "equals"])
def test_an_environment_that_no_process_can_have_ends_with_127_and_the_lease_lives_on(lease, environment):
    lease.run("true", env=environment)
    said, reports = lease.wait_ended()
    assert reports == [{"event": "process-ended", "exit_code": 127}]
    assert said.strip()
    lease.run("echo", "alive")
    assert lease.wait_ended() == (b"alive\n", [{"event": "process-ended", "exit_code": 0}])


def test_an_argument_that_no_process_can_have_ends_with_127_and_the_lease_lives_on(lease):
    lease.run("echo", "a\0b")
    assert lease.wait_ended()[1] == [{"event": "process-ended", "exit_code": 127}]
    lease.run("true")
    assert lease.wait_ended()[1] == [{"event": "process-ended", "exit_code": 0}]


def test_a_slot_that_is_ready_in_a_folder_that_was_removed_does_not_end_the_lease(lease, tmp_path):
    lease.run("true")
    lease.wait_ended()
    tmp_path.rmdir()
    lease.command(do="ready", slot="gw0")
    lease.run("echo", "alive", cwd="/")
    assert lease.wait_ended() == (b"alive\n", [{"event": "process-ended", "exit_code": 0}])
    assert not tmp_path.exists()
