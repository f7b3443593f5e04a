"""A suite container and its Postgres through the engine's own interface, without a session around them."""

import os
import queue
import secrets
import time
from pathlib import Path

from runner.core.settings import Settings
from runner.engines.docker.connect import connect as connect_engine
from runner.engines.docker.containers import RunIdentity
from runner.engines.docker.engine import DockerEngine
from runner.engines.owner import make_owner
from runner.engines.protocol import END, OUTPUT
from runner.postgres.connect import wait_for_server
from runner.project.load import load_project
from runner.project.recipe import make_recipe
from runner.streams import END_OF_OUTPUT

PATIENCE = 30.0


class Environment:
    """One run of a project: its containers, and what processes in the suite container say."""

    def __init__(self, folder: Path, **settings) -> None:
        chosen = Settings(**settings)
        recipe = make_recipe(load_project(folder), chosen, os.environ)
        self.identity = RunIdentity(f"tests-{secrets.token_hex(3)}", "small", make_owner())
        client = connect_engine(os.environ.get("DOCKER_HOST"))
        self.engine = DockerEngine(client, self.identity, recipe, chosen)
        self.engine.ensure_images(True, lambda _: None)
        self.heard: queue.Queue[tuple[int, bytes]] = queue.Queue()

    def start(self, *, egress: bool) -> None:
        self.suite = self.engine.start_suite(lambda *heard: self.heard.put(heard), publish=True, egress=egress)

    def start_postgres(self):
        """Start the server, and return a superuser's connection and where it leads."""
        self.server = self.engine.start_postgres(self.suite, secrets.token_hex(8), lambda *_: None)
        return wait_for_server(self.server.find_addresses(), PATIENCE, lambda: time.sleep(0))

    def call(self, *argv: str, **environment: str) -> str:
        """What a process in the suite container prints."""
        self.suite.run(argv, environment)
        return self.read()

    def read(self) -> str:
        """What the process that runs prints, once it has ended; its end is told in both streams, in either order."""
        said, reports, deadline = b"", b"", time.monotonic() + PATIENCE
        while not (said.endswith(END_OF_OUTPUT) and b'"process-ended"' in reports):
            stream, data = self.heard.get(timeout=deadline - time.monotonic())
            assert stream != END, said
            if stream == OUTPUT:
                said += data
            else:
                reports += data
        return said.removesuffix(END_OF_OUTPUT).decode()

    def python(self, code: str, **environment: str) -> str:
        return self.call("python", "-c", code, **environment)
