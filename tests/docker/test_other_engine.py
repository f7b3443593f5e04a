"""An engine on another machine: a run there is a run like any other, and what goes wrong with it is told."""

import re
import time
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest
from commands import NOTHING_LEFT, Make, run, start
from forwarded_socket import ForwardedSocket
from other_engine import STORE, OtherEngine

from runner.engines.docker.leftovers import list_objects

pytestmark = [pytest.mark.engine, pytest.mark.regression, pytest.mark.xdist_group("other engine")]

WRITES = {
    "tests/test_writes.py": "import os, psycopg\n\ndef test_writes():\n"
    "    with psycopg.connect(os.environ['TEST_DATABASE_URL']) as connection:\n"
    "        connection.execute('CREATE TABLE parcels (id integer)')\n\ndef test_other():\n    pass\n"
}


class Engines:
    """Keeps one engine for all tests, and starts another where a test ended it."""

    def __init__(self, here: docker.DockerClient) -> None:
        self._here = here
        self._other: OtherEngine | None = None

    def get(self) -> OtherEngine:
        if self._other is None:
            self._other = OtherEngine(self._here)
            self._other.load([self._other.images.postgres.tag, self._other.images.suite.tag])
        return self._other

    def close(self) -> None:
        if self._other is not None:
            self._other.close()
        self._other = None


@pytest.fixture(scope="module")
def engines(engine: docker.DockerClient) -> Iterator[Engines]:
    engines = Engines(engine)
    yield engines
    engines.close()


@pytest.fixture
def other(engines: Engines) -> OtherEngine:
    return engines.get()


def find_place(stderr: str) -> str:
    """Where Postgres was reached, as the run says."""
    return re.search(r"postgres .* ready on (\S+)", stderr).group(1)


FRESH = "import psycopg\n\ndef test_fresh(fresh_database):\n    psycopg.connect(fresh_database).close()\n"


def test_a_run_reaches_its_postgres_through_the_engine(make_project: Make, other: OtherEngine) -> None:
    project = make_project(WRITES | {"tests/test_fresh.py": FRESH}, 'setup = ["schema.sql"]')
    (project / "schema.sql").write_text("CREATE TABLE owners (id integer);\n")
    ended = run(project, "run", "-n", "2", DOCKER_HOST=other.address)
    assert ended.exit_code == 0, ended.stdout + ended.stderr
    assert "3 passed" in ended.stdout
    assert ended.last_line == NOTHING_LEFT
    place = find_place(ended.stderr)
    assert place.startswith("/"), "no port of that machine is ours"
    assert not Path(place.partition(":")[0]).exists()
    assert list_objects(other.client) == []


def test_a_socket_here_may_lead_to_an_engine_elsewhere(make_project: Make, other: OtherEngine, tmp_path: Path) -> None:
    host, port = other.address.removeprefix("tcp://").split(":")
    forwarded = ForwardedSocket(tmp_path / "engine.sock", host, int(port))
    try:
        ended = run(make_project(WRITES), "run", "-n", "0", DOCKER_HOST=forwarded.address)
    finally:
        forwarded.close()
    assert ended.exit_code == 0, ended.stdout + ended.stderr
    assert find_place(ended.stderr).startswith("/")
    assert ended.last_line == NOTHING_LEFT


def test_doctor_says_that_the_engine_is_elsewhere(make_project: Make, other: OtherEngine) -> None:
    lines = run(make_project({}), "doctor", DOCKER_HOST=other.address).stdout.splitlines()
    assert lines[0].endswith(f" at {other.address}")
    assert "ok    runner      the engine is on another machine; Postgres is reached through it" in lines
    assert f"ok    disk        {STORE} is not on this machine" in lines


def test_a_full_disk_is_told_and_leaves_nothing_half_made(make_project: Make, other: OtherEngine) -> None:
    other.load([other.images.base.tag])
    project = make_project({"tests/test_one.py": "def test_one():\n    pass\n"}, 'packages = ["tree"]')
    before = sorted(image.id for image in other.client.images.list(all=True))
    free = int(other.run("df", "--output=avail", "--block-size=1", STORE).split()[-1])
    other.run("fallocate", "--length", str(free), f"{STORE}/filler")
    try:
        ended = run(project, "run", DOCKER_HOST=other.address)
    finally:
        other.run("rm", f"{STORE}/filler")
    assert ended.exit_code == 92, ended.stderr
    assert "no space left" in ended.error.lower()
    assert ended.error.splitlines()[-1] == "hint:  the engine's disk is full: `docker system df` shows by what"
    assert ended.last_line == NOTHING_LEFT
    assert other.client.containers.list(all=True) == []
    tagged = [image.id for image in other.client.images.list(all=True) if image.tags and image.id not in before]
    assert tagged == []


def test_an_engine_that_dies_in_the_middle_is_told(make_project: Make, other: OtherEngine, engines: Engines) -> None:
    project = make_project({"tests/test_sleep.py": "import time\n\ndef test_sleeps():\n    time.sleep(60)\n"})
    process = start(project, "run", "-n", "0", DOCKER_HOST=other.address)
    deadline = time.monotonic() + 60
    while not any('"test-started"' in each.read_text() for each in project.glob(".runner/runs/*/events.jsonl")):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    other.die()
    _, stderr = process.communicate(timeout=60)
    engines.close()
    assert process.returncode == 91, stderr
    assert "error: the engine failed in the middle of the run: " in stderr
    assert stderr.splitlines()[-1] == (
        "left behind: unknown, for the engine does not answer; `runner clean` removes what it still has"
    )
