"""The engine's API on a socket of this process, as far as suites use it to start a Postgres.

Source: Docker's documentation, "Engine API", version 1.41.
"""

from __future__ import annotations

import json
import re
import secrets
import struct
import tempfile
import threading
import time
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import ThreadingMixIn, UnixStreamServer
from typing import Any, ClassVar
from urllib.parse import parse_qs, unquote, urlsplit

from .engine_commands import run_command
from .engine_containers import LOG, Container, Containers, RefusedError
from .engine_database import Database
from .engine_shapes import describe, list_shape

VERSION = {"Version": "20.10.0", "ApiVersion": "1.41", "MinAPIVersion": "1.12", "Os": "linux", "Arch": "amd64"}
ROUTE = re.compile(r"(?:/v[\d.]+)?(?P<path>/.*)")
SOON = 0.05
"""Seconds between an answer's head and a command's output: docker-py reads the two by different means."""


class Engine(ThreadingMixIn, UnixStreamServer):
    """The listening socket, and what its requests share."""

    daemon_threads = True

    def __init__(self, place: Path, database: Database) -> None:
        """Listen at once.

        Args:
            place: the socket to make.
            database: the server of the slot.
        """
        super().__init__(str(place), Request)
        self.database = database
        self.containers = Containers(database)
        self.commands: dict[str, tuple[Container, Any, int]] = {}
        self.lock = threading.RLock()

    def handle_error(self, *_: Any) -> None:
        """Say nothing: it is a client that went away, and standard error is the suite's."""


def serve(server: Mapping[str, str]) -> Path:
    """Start an engine in a thread of this process; returns its socket."""
    place = Path(tempfile.mkdtemp(prefix="engine-"), "docker.sock")
    engine = Engine(place, Database(server))
    threading.Thread(target=engine.serve_forever, daemon=True).start()
    return place


class Request(BaseHTTPRequestHandler):
    """One connection of a client's."""

    protocol_version = "HTTP/1.1"
    server: Engine
    query: Mapping[str, str]
    body: Mapping[str, Any]
    ROUTES: ClassVar[tuple[tuple[str, str, str], ...]] = (
        ("GET|HEAD", r"/_ping", "ping"),
        ("GET", r"/version|/info", "version"),
        ("GET", r"/images/(.+)/json", "image"),
        ("POST", r"/images/create", "pull"),
        ("GET", r"/containers/json", "list"),
        ("POST", r"/containers/create", "create"),
        ("GET", r"/containers/([^/]+)/json", "inspect"),
        ("GET", r"/containers/([^/]+)/logs", "logs"),
        ("POST", r"/containers/([^/]+)/(start|stop|kill|restart|wait)", "change"),
        ("DELETE", r"/containers/([^/]+)", "remove"),
        ("POST", r"/containers/([^/]+)/exec", "prepare"),
        ("POST", r"/exec/([^/]+)/start", "execute"),
        ("GET", r"/exec/([^/]+)/json", "executed"),
        ("GET|POST|DELETE", r"/networks/([^/]+)(?:/.*)?", "network"),
    )

    def log_message(self, *_: Any) -> None:
        """Say nothing: standard error is the suite's."""

    def address_string(self) -> str:
        """A socket's file has no address of its clients."""
        return ""

    def answer(self) -> None:
        """Find the route, and tell what refuses as the engine does."""
        address = urlsplit(self.path)
        path = unquote(match["path"]) if (match := ROUTE.fullmatch(address.path)) else ""
        self.query = {name: values[0] for name, values in parse_qs(address.query).items()}
        length = int(self.headers.get("Content-Length") or 0)
        text = self.rfile.read(length)
        self.body = json.loads(text) if text.strip() else {}
        for methods, pattern, name in self.ROUTES:
            if self.command in methods.split("|") and (found := re.fullmatch(pattern, path)):
                try:
                    with self.server.lock:
                        getattr(self, f"on_{name}")(*found.groups())
                except RefusedError as error:
                    self.send(error.status, {"message": str(error)})
                except Exception as error:  # noqa: BLE001 -- psycopg's, which is imported where something connects
                    self.send(500, {"message": f"the run's Postgres: {error}"})
                return
        self.send(501, {"message": f"tests have no engine, but for Postgres: no {self.command} {path}"})

    do_GET = do_POST = do_DELETE = do_HEAD = do_PUT = answer  # noqa: N815 -- names of the base class

    def send(self, status: int, body: Any = None) -> None:
        """An answer: nothing, bytes or JSON."""
        raw = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Api-Version", VERSION["ApiVersion"])
        self.send_header("Content-Type", "application/json" if not isinstance(body, bytes) else "text/plain")
        if status != 204:
            self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(raw)

    def on_ping(self) -> None:
        """Whether there is an engine."""
        self.send(200, b"OK")

    def on_version(self) -> None:
        """What it is, and what it speaks."""
        self.send(200, VERSION)

    def on_image(self, name: str) -> None:
        """An image that is there, as each of Postgres's is."""
        self.server.containers.check_image(name)
        self.send(200, {"Id": f"sha256:{name}", "RepoTags": [name], "Config": {}})

    def on_pull(self) -> None:
        """Nothing is to be pulled."""
        name = self.query.get("fromImage", "")
        self.server.containers.check_image(name)
        self.send(200, {"status": f"Status: Image is up to date for {name}"})

    def on_list(self) -> None:
        """The containers that a filter wants, or all."""
        filters = json.loads(self.query.get("filters") or "{}")
        labels = dict((*each.split("=", 1), None)[:2] for each in filters.get("label") or ())
        every = self.query.get("all", "0").lower() in {"1", "true"}
        found = self.server.containers.select(next(iter(filters.get("name") or ()), ""), labels, every)
        self.send(200, [list_shape(each, self.server.containers.find_port(each)) for each in found])

    def on_create(self) -> None:
        """A new one."""
        made = self.server.containers.create(self.query.get("name", ""), self.body)
        self.send(201, {"Id": made.id, "Warnings": []})

    def on_inspect(self, key: str) -> None:
        """Everything about one."""
        found = self.server.containers.find(key)
        self.send(200, describe(found, self.server.containers.find_port(found)))

    def on_logs(self, key: str) -> None:
        """What a server says that has started."""
        self.server.containers.find(key)
        self.send(200, LOG.encode())

    def on_change(self, key: str, verb: str) -> None:
        """Start, end or restart one."""
        found = self.server.containers.find(key)
        if verb == "wait":
            self.send(200, {"StatusCode": 0})
            return
        getattr(self.server.containers, "stop" if verb == "kill" else verb)(found)
        self.send(204)

    def on_remove(self, key: str) -> None:
        """End and forget one."""
        found = self.server.containers.find(key)
        self.server.containers.stop(found)
        self.server.containers.remove(found)
        self.send(204)

    def on_prepare(self, key: str) -> None:
        """Keep a command for later."""
        found = self.server.containers.find(key)
        number = f"{len(self.server.commands) + 1:064x}"
        self.server.commands[number] = (found, self.body, 0)
        self.send(201, {"Id": number})

    def on_execute(self, number: str) -> None:
        """Run it, and send its output as a stream."""
        found, asked, _ = self.server.commands[number]
        self.send_response(200)
        self.send_header("Content-Type", "application/vnd.docker.raw-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.flush()
        time.sleep(SOON)
        code, said = run_command(asked.get("Cmd") or (), self.server.database, found.database)
        self.server.commands[number] = (found, asked, code)
        raw = said.encode()
        head = b"" if asked.get("Tty") else struct.pack(">BxxxL", 1 if code == 0 else 2, len(raw))
        self.wfile.write(head + raw if raw else b"")
        self.close_connection = True

    def on_network(self, key: str) -> None:
        """Made, joined and removed: everything here is in one network."""
        self.send(200, {"Id": secrets.token_hex(32) if key == "create" else key, "Name": self.body.get("Name", key)})

    def on_executed(self, number: str) -> None:
        """How it ended."""
        _, _, code = self.server.commands[number]
        self.send(200, {"ID": number, "Running": False, "ExitCode": code})
