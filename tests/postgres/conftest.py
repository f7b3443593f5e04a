"""A real Postgres for the tests of this folder: the environment's own inside it, else one that they start."""

import os
import secrets
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from runner.core.settings import Settings
from runner.core.settings_postgres import Postgres
from runner.core.slots import make_server
from runner.engines.protocol import Server, ServerAddress
from runner.postgres.connect import Connection, connect, wait_for_server
from runner.postgres.slots import Slots

PASSWORD = "of-all-slots"
SMALL = Path(__file__).parents[1] / "projects" / "small"


@dataclass(frozen=True)
class Superuser:
    """A superuser's connection to a disposable server, where the server is, and the server as the engine has it."""

    connection: Connection
    address: ServerAddress
    server: Server

    def connect_as(self, user: str, password: str, database: str) -> Connection:
        return connect(replace(self.address, user=user, password=password), database)


@pytest.fixture
def make_slots(superuser) -> Iterator:
    """Makes slots and removes them afterwards, so that the next test may use the same names."""
    before = {name for (name,) in superuser.connection.execute("SELECT datname FROM pg_database")}
    roles = {name for (name,) in superuser.connection.execute("SELECT rolname FROM pg_roles")}
    made = []

    def make(isolation: str, *names: str, postgres: Postgres | None = None, rights: Sequence[str] = ()) -> Slots:
        server = make_server(postgres or Postgres(), isolation, PASSWORD)
        slots = Slots(superuser.connection, superuser.address, isolation, server, rights=rights)
        made.append(slots)
        for name in names:
            slots.ensure(name)
        return slots

    yield make
    execute = superuser.connection.execute
    for slots in made:
        if slots._inside is not superuser.connection:
            slots._inside.close()
    for (name,) in execute("SELECT datname FROM pg_database").fetchall():
        if name not in before:
            execute(f'DROP DATABASE "{name}" WITH (FORCE)')
    for (name,) in execute("SELECT rolname FROM pg_roles").fetchall():
        if name not in roles:
            execute(f'DROP ROLE "{name}"')


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
        yield Superuser(connection, address, server)
        connection.close()
    finally:
        assert engine.remove_run() == []
