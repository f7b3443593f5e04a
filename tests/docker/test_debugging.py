"""`runner run --pdb`, `--debug` and `--debugpy`: pytest's debugger at a real terminal, and an editor's protocol."""

import json
import socket
import time
from pathlib import Path

import pexpect
import pytest
from commands import NOTHING_LEFT, Make, run, start
from terminals import open_terminal

pytestmark = [pytest.mark.engine, pytest.mark.regression]

TEST = "def test_it():\n    number = 41\n    assert number == 42\n"
CLOSED = '[tool.runner.groups.closed]\nmarks = ["closed"]\negress = false\n'


@pytest.fixture
def folder(make_project: Make) -> Path:
    return make_project({"tests/test_it.py": TEST}, CLOSED)


def debug(folder: Path, *args: str) -> pexpect.spawn:
    return open_terminal(folder, "run", *args, columns=120)


def ask(terminal: pexpect.spawn, said: str) -> None:
    """Look at a variable in the debugger, and go on to the end."""
    terminal.sendline("p number + 2")
    terminal.expect(said)
    terminal.expect(r"\(Pdb\) ")
    terminal.sendline("c")


@pytest.mark.smoke
def test_a_failing_test_stops_in_the_debugger_inside_the_environment(folder: Path) -> None:
    terminal = debug(folder, "--pdb")
    terminal.expect(r"/project/tests/test_it.py\(3\)test_it\(\)")
    terminal.expect(r"\(Pdb\) ")
    ask(terminal, "43\r\n")
    terminal.expect(pexpect.EOF)
    terminal.close()
    assert terminal.exitstatus == 1
    assert "1 failed" in terminal.before
    assert terminal.before.splitlines()[-1] == NOTHING_LEFT
    assert "1 failed" in (folder / ".runner" / "latest" / "suite.log").read_text()


def test_one_test_stops_at_its_start(folder: Path) -> None:
    terminal = debug(folder, "--debug", "tests/test_it.py::test_it")
    terminal.expect(r"/project/tests/test_it.py\(2\)test_it\(\)")
    terminal.expect(r"\(Pdb\) ")
    terminal.sendline("n")
    terminal.expect(r"\(Pdb\) ")
    ask(terminal, "43\r\n")
    terminal.expect(r"\(Pdb\) ")  # Where it fails it stops once more.
    terminal.sendline("q")
    terminal.expect(pexpect.EOF)
    terminal.close()
    assert terminal.exitstatus == 2
    assert terminal.before.splitlines()[-1] == NOTHING_LEFT


@pytest.mark.parametrize("args", [("--pdb",), ("--debug", "tests/test_it.py"), ("--pdb", "--json")])
def test_without_a_terminal_the_debugger_is_refused(folder: Path, args: tuple[str, ...]) -> None:
    ended = run(folder, "run", *args)
    assert ended.exit_code == 90
    assert "error: cannot debug without a terminal" in ended.stderr
    assert "hint:  an editor needs none: `--debugpy PORT`" in ended.stderr


def test_an_editor_cannot_reach_tests_without_a_network(folder: Path) -> None:
    ended = run(folder, "run", "--group", "closed", "--debugpy", "5700")
    assert ended.exit_code == 90
    assert ended.error.startswith("error: an editor cannot reach the tests of `closed`")


def find_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Editor:
    """An editor's side of the Debug Adapter Protocol, as far as a breakpoint needs it."""

    def __init__(self, port: int) -> None:
        self._connection = socket.create_connection(("127.0.0.1", port), timeout=60)
        self._file = self._connection.makefile("rwb")
        self._sequence = 0

    def send(self, command: str, **arguments) -> None:
        self._sequence += 1
        told = {"seq": self._sequence, "type": "request", "command": command, "arguments": arguments}
        body = json.dumps(told).encode()
        self._file.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        self._file.flush()

    def wait_for(self, event: str) -> dict:
        while (message := self._receive()).get("event") != event:
            pass
        return message.get("body", {})

    def _receive(self) -> dict:
        size = 0
        while line := self._file.readline().strip():
            name, _, value = line.partition(b":")
            size = int(value) if name.lower() == b"content-length" else size
        if not size:
            raise ConnectionError("closed")
        return json.loads(self._file.read(size))

    def close(self) -> None:
        self._file.close()
        self._connection.close()


def connect_editor(port: int) -> Editor:
    """The engine takes connections before debugpy does, and closes them again."""
    deadline = time.monotonic() + 60
    while True:
        editor = None
        try:
            editor = Editor(port)
            editor.send("initialize", adapterID="test", pathFormat="path")
            editor._receive()
            return editor
        except OSError:
            if editor is not None:
                editor.close()
            assert time.monotonic() < deadline
            time.sleep(0.2)


def test_an_editor_stops_at_its_breakpoint(folder: Path) -> None:
    port = find_port()
    process = start(folder, "run", "--debugpy", str(port), "tests/test_it.py")
    assert process.stderr is not None
    said = next(line for line in process.stderr if "waiting for an editor" in line or line.startswith("error"))
    assert said.endswith(f"waiting for an editor at 127.0.0.1:{port}; /project is {folder}\n")
    editor = connect_editor(port)
    editor.send("attach", name="test")
    editor.wait_for("initialized")
    editor.send("setBreakpoints", source={"path": "/project/tests/test_it.py"}, breakpoints=[{"line": 3}])
    editor.send("configurationDone")
    stopped = editor.wait_for("stopped")
    assert stopped["reason"] == "breakpoint"
    editor.send("continue", threadId=stopped["threadId"])
    stdout, stderr = process.communicate(timeout=120)
    editor.close()
    assert process.returncode == 1
    assert "1 failed" in stdout
    assert stderr.splitlines()[-1] == NOTHING_LEFT


def test_a_port_that_another_program_has_is_told(folder: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        ended = run(folder, "run", "--debugpy", str(other.getsockname()[1]), "tests/test_it.py")
    assert ended.exit_code == 90
    assert ended.error.startswith("error: cannot give the suite container its port\ncause: ")
    assert ended.error.endswith("hint:  name another port, or free this one")
    assert ended.last_line == NOTHING_LEFT
