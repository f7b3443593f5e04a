"""A real Postgres for the tests of this folder: the environment's own inside it, else one that they start."""

import os
import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from runner.core.settings import Settings
from runner.engines.protocol import ServerAddress
from runner.postgres.connect import Connection, connect, wait_for_server

SMALL = Path(__file__).parents[1] / "projects" / "small"


@dataclass(frozen=True)
class Superuser:
    """A superuser's connection to a disposable server, and where the server is."""

    connection: Connection
    address: ServerAddress

    def connect_as(self, user: str, password: str, database: str) -> Connection:
        return connect(replace(self.address, user=user, password=password), database)


@pytest.fixture(scope="session")
def superuser() -> Iterator[Superuser]:
    """A server of its own for each test process, started as a run starts it."""
    from runner.engines.docker.connect import connect as connect_engine
    from runner.engines.docker.containers import RunIdentity
    from runner.engines.docker.engine import DockerEngine
    from runner.engines.owner import make_owner
    from runner.project.load import load_project
    from runner.project.recipe import make_recipe

    project = load_project(SMALL)
    recipe = make_recipe(project, Settings(), os.environ)
    identity = RunIdentity(f"tests-{secrets.token_hex(3)}", "small", make_owner())
    engine = DockerEngine(connect_engine(os.environ.get("DOCKER_HOST")), identity, recipe, Settings())
    engine.ensure_images(True, lambda _: None)
    try:
        suite = engine.start_suite(lambda *_: None, publish=True)
        server = engine.start_postgres(suite, secrets.token_hex(8), lambda *_: None)
        connection, address = wait_for_server(server.find_addresses(), 60, lambda: time.sleep(0))
        yield Superuser(connection, address)
        connection.close()
    finally:
        assert engine.remove_run() == []
