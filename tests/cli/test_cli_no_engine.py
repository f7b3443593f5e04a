"""An engine that cannot be reached: the exact words on standard error, and exit code 91."""

import socket
import subprocess
import sys

import pytest
from project_folder import LIMIT, PYPROJECT, make_environ

pytestmark = pytest.mark.unit

HINT = "hint:  start Docker or set `DOCKER_HOST`; `runner doctor` checks every requirement"
PERMISSION_HINT = (
    "hint:  this user must be in the group of the socket; in a container: `docker run --group-add` with that group's id"
)
MISSING = "unix:///nonexistent.sock"
LOCKED = {"pyproject.toml": PYPROJECT, "requirements.txt": "a==1 --hash=sha256:00\n"}

WITHOUT_PRIVILEGE = """
import ctypes, os, sys
# Root may open every socket by the capability DAC_OVERRIDE (1); without it in the bounding set (24), not any more.
ctypes.CDLL(None).prctl(24, 1, 0, 0, 0)
os.execv(sys.executable, [sys.executable, "-m", "runner", *sys.argv[1:]])
"""


def explain(address, cause, hint=HINT):
    return f"error: cannot reach the Docker engine at `{address}`\ncause: {cause}\n{hint}"


@pytest.fixture
def unheard(tmp_path, monkeypatch):
    """The address of a socket on which nobody listens."""
    monkeypatch.chdir(tmp_path)  # The name of a socket may not be long.
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("engine.sock")
    return "unix://engine.sock" if len(str(tmp_path)) > 80 else f"unix://{tmp_path / 'engine.sock'}"


@pytest.mark.smoke
@pytest.mark.parametrize("command", ["run", "ps"])
def test_without_an_engine_a_command_says_where_it_looked(cli, command):
    folder = cli.project(LOCKED)
    outcome = folder.run(command, environ={"DOCKER_HOST": MISSING}).assert_exit(91)
    outcome.assert_error(explain(MISSING, "no such file or directory"))
    assert outcome.stdout == ""
    assert sorted(path.name for path in folder.path.iterdir()) == sorted(LOCKED)


def test_commands_about_the_engine_need_no_project(cli):
    cli.project({}).run("clean", environ={"DOCKER_HOST": MISSING}).assert_exit(91)


def test_a_socket_on_which_nobody_listens_is_told(cli, unheard):
    outcome = cli.project({}).run("ps", environ={"DOCKER_HOST": unheard}, cwd=".").assert_exit(91)
    outcome.assert_error(explain(unheard, "connection refused"))


def test_a_port_on_which_nobody_listens_is_told(cli):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # Bound and not listening: nobody else gets the port meanwhile.
        address = f"tcp://127.0.0.1:{taken.getsockname()[1]}"
        outcome = cli.project({}).run("ps", environ={"DOCKER_HOST": address}).assert_exit(91)
    outcome.assert_error(explain(address, "connection refused"))


def test_a_socket_that_one_may_not_open_is_told(cli, unheard, tmp_path):
    (tmp_path / "engine.sock").chmod(0)
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_PRIVILEGE, "ps"],
        env=make_environ({"DOCKER_HOST": unheard}),
        capture_output=True,
        text=True,
        timeout=LIMIT,
        check=False,
    )
    assert (done.returncode, done.stderr) == (91, explain(unheard, "permission denied", PERMISSION_HINT) + "\n")


def test_an_address_that_is_none_is_told(cli):
    lines = cli.project({}).run("ps", environ={"DOCKER_HOST": "http://"}).assert_exit(91).stderr.splitlines()
    assert lines[0] == "error: cannot reach the Docker engine at `http://`"
    assert lines[1].startswith("cause: ")
    assert lines[2].startswith("hint:  `DOCKER_HOST` is like `unix:///")


def test_an_address_whose_port_is_no_number_is_told(cli):
    address = "tcp://127.0.0.1:nope"
    outcome = cli.project({}).run("ps", environ={"DOCKER_HOST": address}).assert_exit(91)
    assert outcome.stderr.startswith(f"error: cannot reach the Docker engine at `{address}`\ncause: ")


def test_the_reason_begins_with_a_small_letter(cli):
    outcome = cli.project({}).run("ps", environ={"DOCKER_HOST": "rubbish"})
    assert "cause: invalid bind address format" in outcome.stderr


def test_doctor_finds_out_that_there_is_no_engine(cli):
    outcome = cli.project({}).run("doctor", environ={"DOCKER_HOST": MISSING}).assert_exit(91)
    assert outcome.stdout.splitlines() == [
        f"FAIL  engine      cannot reach the Docker engine at `{MISSING}`: no such file or directory",
        "                  start Docker or set `DOCKER_HOST`; `runner doctor` checks every requirement",
    ]
    assert outcome.stderr == ""


def test_doctor_finds_the_same_as_json(cli):
    found = cli.project({}).run("doctor", "--json", environ={"DOCKER_HOST": MISSING}).assert_exit(91).json
    assert [(each["subject"], each["ok"]) for each in found] == [("engine", False)]
    assert found[0]["advice"]


def test_an_error_before_the_run_is_there_as_json_too(cli):
    outcome = cli.project(LOCKED).run("run", "--json", environ={"DOCKER_HOST": MISSING}).assert_exit(91)
    assert outcome.stdout
    assert outcome.json["error"]["code"] == 91
