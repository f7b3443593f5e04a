"""The lease (images/base/lease.py) as a process on this machine; only what needs no process id 1 is claimed here."""

import json
import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest

from runner.streams import END_OF_OUTPUT

pytestmark = pytest.mark.unit

LEASE = Path(__file__).parents[2] / "images/base/lease.py"
PATIENCE = 10.0
MEGABYTE = 1024 * 1024

CONNECT = """
import json, os, socket, subprocess, sys, time
def connect():
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(os.environ["EPHEMERAL_RUNNER_REPORTS"])
    return connection
def tell(connection, **fields):
    connection.sendall((json.dumps(fields) + "\\n").encode())
def fork_orphan(work):
    reader, writer = os.pipe()
    if (orphan := os.fork()) == 0:
        os.setsid()
        null = os.open(os.devnull, os.O_RDWR)
        os.dup2(null, 1), os.dup2(null, 2)
        os.write(writer, b"out of the session")
        work()
        os._exit(0)
    os.read(reader, 1)
    return orphan
"""
"""What the processes of these tests report with."""


class Lease:
    """A running lease, with its two streams read in the background."""

    def __init__(self, folder, reports, *argv):
        self.reports = reports
        self.process = subprocess.Popen(
            [sys.executable, LEASE, *argv],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=folder,
            env={**os.environ, "EPHEMERAL_RUNNER_READY": str(folder), "EPHEMERAL_RUNNER_REPORTS": str(reports)},
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

    def run_reporter(self, code, *args, **fields):
        """Run code that knows `connect` and `tell`."""
        self.run(sys.executable, "-c", CONNECT + code, *args, **fields)

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
    # The path of a socket may not be long.
    with tempfile.TemporaryDirectory() as folder:

        def start_lease(*argv):
            started.append(Lease(tmp_path, Path(folder, f"{len(started)}.sock"), *argv))
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


@pytest.mark.smoke
def test_a_process_reports_through_the_socket(lease):
    lease.run_reporter("tell(connect(), event='test-started'); print('shown')")
    said, reports = lease.wait_ended()
    assert said == b"shown\n"
    assert reports == [{"event": "test-started"}, {"event": "process-ended", "exit_code": 0}]


def test_a_process_has_no_descriptor_but_its_three_streams(lease):
    lease.run_python("import os; print(sorted(os.listdir('/proc/self/fd'))[:4])")
    # The fourth is the folder that is being listed.
    assert lease.wait_ended()[0] == b"['0', '1', '2', '3']\n"
    lease.run_python("import os; os.fstat(3)")
    said, reports = lease.wait_ended()
    assert b"Bad file descriptor" in said
    assert reports == [{"event": "process-ended", "exit_code": 1}]


def test_what_is_written_before_the_end_is_reported_before_the_end(lease):
    for count in (1, 2, 100):
        lease.run_reporter(
            """
connections = [connect() for _ in range(int(sys.argv[1]))]
for number, connection in enumerate(connections):
    tell(connection, number=number, text="x" * 1000)
os._exit(0)
""",
            str(count),
        )
        reports = lease.wait_ended()[1]
        assert [each["number"] for each in reports[:-1]] == list(range(count))
        assert reports[-1] == {"event": "process-ended", "exit_code": 0}


def test_lines_of_several_connections_never_mix_however_long_they_are(lease):
    lease.run_reporter(
        """
if len(sys.argv) == 1:
    reporters = [subprocess.Popen([sys.executable, *sys.orig_argv[1:], str(number)]) for number in range(4)]
    raise SystemExit(sum(each.wait() for each in reporters))
connection, number = connect(), int(sys.argv[1])
for count in range(25):
    tell(connection, number=number, count=count, text=str(number) * (10 ** (count % 6)))
"""
    )
    *reports, ended = lease.wait_ended()[1]
    assert ended == {"event": "process-ended", "exit_code": 0}
    for number in range(4):
        own = [each for each in reports if each["number"] == number]
        assert [each["count"] for each in own] == list(range(25))
        assert all(each["text"] == str(number) * 10 ** (each["count"] % 6) for each in own)


def test_a_line_that_comes_in_pieces_is_passed_on_whole(lease):
    lease.run_reporter(
        """
one, other = connect(), connect()
one.sendall(b'{"a":')
tell(other, b=2)
time.sleep(0.05)
one.sendall(b' 1}\\n{"c": 3}\\n{"lost": ')
"""
    )
    assert lease.wait_ended()[1][:-1] == [{"b": 2}, {"a": 1}, {"c": 3}]


def test_an_orphan_that_keeps_its_connection_does_not_hold_up_the_end(lease):
    lease.run_reporter(
        """
connection = connect()
tell(connection, by="parent")
def work():
    time.sleep(1)
    tell(connection, by="orphan")
fork_orphan(work)
"""
    )
    assert [each.get("by") for each in lease.wait_ended()[1]] == ["parent", None]
    lease.wait_for(lambda: b"orphan" in lease._reports)


@pytest.mark.security
def test_an_orphan_that_never_stops_writing_does_not_hold_up_the_end(lease):
    lease.run_reporter(
        """
connection = connect()
def work():
    while True:
        connection.sendall(b'{"x": 1}\\n' * 10_000)
print(fork_orphan(work))
"""
    )
    lease.wait_for(lambda: b"process-ended" in lease._reports and END_OF_OUTPUT in lease._output)
    os.kill(int(lease._output.removesuffix(END_OF_OUTPUT)), signal.SIGKILL)


@pytest.mark.security
def test_a_line_without_an_end_costs_its_sender_the_connection(lease):
    lease.run_reporter(
        """
bad, good = connect(), connect()
try:
    for _ in range(64):
        bad.sendall(b"x" * (1024 * 1024))
except OSError as error:
    print(error.strerror)
tell(good, event="alive")
"""
    )
    said, reports = lease.wait_ended()
    assert said in {b"Broken pipe\n", b"Connection reset by peer\n"}
    assert reports == [{"event": "alive"}, {"event": "process-ended", "exit_code": 0}]


def test_the_longest_line_is_passed_on(lease):
    lease.run_reporter(f"tell(connect(), text='x' * ({MEGABYTE} - 20))")
    assert lease.wait_ended()[1][0] == {"text": "x" * (MEGABYTE - 20)}


def test_a_thousand_connections_one_after_another_leave_none_open(lease):
    lease.run_reporter("for number in range(1000): tell(connect(), number=number)")
    reports = lease.wait_ended()[1]
    assert sorted(each["number"] for each in reports[:-1]) == list(range(1000))
    assert len(list(Path(f"/proc/{lease.process.pid}/fd").iterdir())) < 20


def test_with_a_command_there_is_no_socket(start):
    lease = start("sh", "-c", "echo started; sleep 0.2")
    lease.wait_said(b"started\n")
    assert not lease.reports.exists()


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


def test_an_answer_is_a_file(lease, tmp_path):
    lease.command(do="answer", name="gw0", text="")
    lease.command(do="answer", name="gw0", text="")
    lease.command(do="answer", name="template.gw1-2_x", text="no such file: ünï \ud800")
    lease.run("ls", str(tmp_path))
    assert lease.wait_ended()[0] == b"gw0\ntemplate.gw1-2_x\n"
    assert (tmp_path / "gw0").read_bytes() == b""
    assert (tmp_path / "template.gw1-2_x").read_text() == "no such file: ünï ?"


def test_an_answer_is_never_seen_in_parts(lease, tmp_path):
    text = "x" * MEGABYTE
    lease.command(do="answer", name="a", text=text)
    deadline = time.monotonic() + PATIENCE
    while not (tmp_path / "a").exists() and time.monotonic() < deadline:
        pass
    assert (tmp_path / "a").read_text() == text


@pytest.mark.security
@pytest.mark.parametrize("name", ["", ".", "..", "../x", "a/b", "/tmp/x", "gw0\n", "a b", "ü", "a\0b", "~gw0"])
def test_an_answer_of_any_other_name_is_none(lease, tmp_path, name):
    lease.command(do="answer", name=name, text="x")
    lease.run("true")
    assert lease.wait_ended()[1] == [{"event": "process-ended", "exit_code": 0}]
    assert list(tmp_path.iterdir()) == []


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


def test_an_answer_into_a_folder_that_was_removed_does_not_end_the_lease(lease, tmp_path):
    lease.run("true")
    lease.wait_ended()
    tmp_path.rmdir()
    lease.command(do="answer", name="gw0", text="")
    lease.run("echo", "alive", cwd="/")
    assert lease.wait_ended() == (b"alive\n", [{"event": "process-ended", "exit_code": 0}])
    assert not tmp_path.exists()
