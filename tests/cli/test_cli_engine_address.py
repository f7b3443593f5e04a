"""Addresses of engines that are wrong, and engines that are too old: the exact words, and exit code 91."""

import importlib.util
import json
import os
import socket
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import ThreadingMixIn, UnixStreamServer

import pytest
from project_folder import LIMIT, make_environ

pytestmark = pytest.mark.unit

ADDRESS_HINT = "`DOCKER_HOST` is like `unix:///var/run/docker.sock` or `tcp://HOST:2375`"
TLS_HINT = (
    "`DOCKER_CERT_PATH` must hold the engine's ca.pem, cert.pem and key.pem; "
    "without TLS unset it and `DOCKER_TLS_VERIFY`"
)
PERMISSION_HINT = (
    "this user must be in the group of the socket; in a container: `docker run --group-add` with that group's id"
)


def explain(address, cause, hint):
    return f"error: cannot reach the Docker engine at `{address}`\ncause: {cause}\nhint:  {hint}"


@pytest.mark.parametrize(
    ("address", "cause"),
    [
        ("rubbish", "invalid bind address format: port is required: rubbish"),
        ("tcp://", "invalid bind address format: tcp://"),
        ("foo://bar", "invalid bind address protocol: foo://bar"),
        ("tcp://127.0.0.1:99999", "port out of range 0-65535"),
        ("tcp://127.0.0.1:port", "port could not be cast to integer value as 'port'"),
        ("fd://", "fd protocol is not implemented"),
    ],
)
def test_an_address_that_is_none_gets_the_form_of_one(cli, address, cause):
    outcome = cli.project({}).run("ps", environ={"DOCKER_HOST": address}).assert_exit(91)
    outcome.assert_error(explain(address, cause, ADDRESS_HINT))


def test_an_engine_behind_ssh_is_reached_by_forwarding_its_socket(cli):
    if importlib.util.find_spec("paramiko"):
        pytest.skip("with paramiko the SDK connects by itself")
    outcome = cli.project({}).run("ps", environ={"DOCKER_HOST": "ssh://somebody@127.0.0.1"}).assert_exit(91)
    outcome.assert_error(
        explain(
            "ssh://somebody@127.0.0.1",
            "install paramiko package to enable ssh:// support",
            "forward its socket: `ssh -nNT -L /tmp/engine.sock:/var/run/docker.sock HOST`, "
            "then `DOCKER_HOST=unix:///tmp/engine.sock`",
        )
    )


def test_tls_without_certificates_names_the_file_that_is_missing(cli, tmp_path):
    address = "tcp://127.0.0.1:2376"
    environ = {"DOCKER_HOST": address, "DOCKER_TLS_VERIFY": "1", "DOCKER_CERT_PATH": str(tmp_path)}
    outcome = cli.project({}).run("ps", environ=environ).assert_exit(91)
    outcome.assert_error(explain(address, f"`{tmp_path}/ca.pem` does not exist", TLS_HINT))


def test_certificates_that_are_none_are_told(cli, tmp_path):
    for name in ("ca.pem", "cert.pem", "key.pem"):
        (tmp_path / name).write_text("rubbish")
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"tcp://127.0.0.1:{server.getsockname()[1]}"
        environ = {"DOCKER_HOST": address, "DOCKER_CERT_PATH": str(tmp_path)}
        lines = cli.project({}).run("ps", environ=environ).assert_exit(91).stderr.splitlines()
    assert lines[1].startswith("cause: [ssl")
    assert lines[2] == f"hint:  {TLS_HINT}"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may become another user")
def test_a_user_without_rights_on_the_socket_is_told_how_to_get_them(tmp_path):
    # tmp_path is closed to other users.
    path = Path("/tmp") / f"engine-{os.getpid()}.sock"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        server.listen()
        path.chmod(0o660)
        try:
            done = subprocess.run(
                ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", sys.executable, "-m", "runner", "ps"],
                cwd="/",
                env=make_environ({"DOCKER_HOST": f"unix://{path}", "HOME": "/nonexistent"}),
                capture_output=True,
                text=True,
                timeout=LIMIT,
                check=False,
            )
        finally:
            path.unlink()
    assert "Traceback" not in done.stderr
    assert (done.returncode, done.stderr) == (
        91,
        explain(f"unix://{path}", "permission denied", PERMISSION_HINT) + "\n",
    )


class OldEngine(ThreadingMixIn, UnixStreamServer):
    """Answers the one question that comes first: which version it is."""

    daemon_threads = True


def answer_version(api):
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            content = json.dumps({"Version": "19.03.15", "ApiVersion": api, "MinAPIVersion": "1.12"}).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def address_string(self):
            return "socket"

        def log_message(self, *_):
            pass

    return Handler


@pytest.fixture
def old_engine(tmp_path):
    """The address of an engine of 2019; a real one cannot be had any more."""
    path = str(tmp_path / "old.sock")
    with OldEngine(path, answer_version("1.40")) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"unix://{path}"
        server.shutdown()


OLD = "the Docker engine at `{}` is too old"
CAUSE = "it offers API 1.40; 1.41 is needed"
UPDATE = "update it: 20.10 and later offer that"


@pytest.mark.parametrize("command", ["ps", "clean"])
def test_an_engine_that_is_too_old_is_refused(cli, old_engine, command):
    outcome = cli.project({}).run(command, environ={"DOCKER_HOST": old_engine}).assert_exit(91)
    outcome.assert_error(f"error: {OLD.format(old_engine)}\ncause: {CAUSE}\nhint:  {UPDATE}")


def test_doctor_says_that_the_engine_is_too_old(cli, old_engine):
    outcome = cli.project({}).run("doctor", environ={"DOCKER_HOST": old_engine}).assert_exit(91)
    assert outcome.stdout.splitlines() == [
        f"FAIL  engine      {OLD.format(old_engine)}: {CAUSE}",
        f"                  {UPDATE}",
    ]
