"""A Postgres image of the user's own: what it has is what the suite gets; volumes that it declares are not made."""

import json
import secrets
import subprocess
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest
from commands import NOTHING_LEFT, Make, run

from runner.engines.docker.own_server import MADE_OF

pytestmark = [pytest.mark.engine, pytest.mark.slow]

ALIEN = "rm -rf /usr/lib/ephemeral-runner /var/lib/ephemeral-runner /usr/bin/python3* /usr/lib/python3*"
"""What makes an image of ours one that knows nothing of us, as those of a registry."""

CONFIG = ["VOLUME /var/lib/postgresql/data", 'ENTRYPOINT ["docker-entrypoint.sh"]', "ENV KEPT=yes", "USER root"]

SUITE = {
    "tests/test_server.py": """
import os, psycopg

def test_the_extension_is_there():
    with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
        assert connection.execute("SELECT 'a=>1'::hstore -> 'a'").fetchone() == ("1",)

def test_a_database_of_its_own(fresh_database):
    psycopg.connect(fresh_database).close()
"""
}
SETTINGS = 'isolation = "server"\n[tool.runner.postgres]\nimage = "{}"\nextensions = ["hstore"]\n'


class Given:
    """An image of somebody's, under one name.

    Attributes:
        tag: the name.
        identities: of the images that it has led to.
    """

    def __init__(self, engine: docker.DockerClient) -> None:
        self.tag, self.identities, self._engine = f"own.example/postgres:{secrets.token_hex(4)}", list[str](), engine

    def make(self, parent: str, script: str) -> None:
        name = f"own-server-{secrets.token_hex(4)}"
        made = ["docker", "run", "--name", name, "--user", "0", "--entrypoint", "sh", parent, "-c", script]
        subprocess.run(made, check=True, capture_output=True)
        changes = [part for line in CONFIG for part in ("--change", line)]
        subprocess.run(["docker", "commit", *changes, name, self.tag], check=True, capture_output=True)
        subprocess.run(["docker", "rm", "--volumes", name], check=True, capture_output=True)
        self.identities.append(str(self._engine.images.get(self.tag).id))

    def remove(self) -> None:
        """What was made of it goes with it."""
        ours = self._engine.images.list(filters={"label": MADE_OF})
        made = [str(each.id) for each in ours if each.labels[MADE_OF] in self.identities]
        for each in [*made, *self.identities]:
            self._engine.images.remove(each, force=True)


@pytest.fixture
def given(engine: docker.DockerClient) -> Iterator[Given]:
    image = Given(engine)
    yield image
    image.remove()


def find_image(folder: Path, kind: str) -> str:
    ended = run(folder, "image", "build", "--json")
    assert ended.exit_code == 0, ended.stderr
    names = [each["image"] for each in json.loads(ended.stdout)]
    return next(name for name in names if name.startswith(f"ephemeral-runner/{kind}"))


def test_a_suite_runs_on_an_image_of_the_users_own(
    make_project: Make, engine: docker.DockerClient, given: Given
) -> None:
    folder = make_project(SUITE)
    ours = find_image(folder, "postgres")
    given.make(ours, ALIEN)
    with (folder / "pyproject.toml").open("a") as pyproject:
        pyproject.write(SETTINGS.format(given.tag))
    first = run(folder, "run", "-n", "2", "--json")
    assert first.exit_code == 0, first.stderr
    assert json.loads(first.stdout)["tests"] == {"passed": 2}
    assert first.last_line == NOTHING_LEFT
    image = engine.images.get(find_image(folder, "postgres"))
    config = image.attrs["Config"]
    assert not config["Volumes"]
    assert "KEPT=yes" in config["Env"]

    again = run(folder, "run", "-n", "1")
    assert "already there" in again.stderr

    given.make(ours, f"{ALIEN}; touch /other")
    changed = run(folder, "run", "-n", "1")
    assert changed.exit_code == 0, changed.stderr
    assert "== adding Python" in changed.stderr, "the name leads to another image"

    without = run(folder, "run", RUNNER_POSTGRES=f'{{image = "{given.tag}", extensions = ["hstoer"]}}')
    assert without.exit_code == 92
    assert f"cause: `{given.tag}` has it not; near ones: hstore" in without.error


def test_an_image_that_cannot_be_used_is_told_with_the_reason(make_project: Make, given: Given) -> None:
    folder = make_project(SUITE)
    given.make(find_image(folder, "base"), "true")
    ended = run(folder, "run", RUNNER_POSTGRES=f'{{image = "{given.tag}"}}')
    assert ended.exit_code == 92
    assert f"error: cannot use the image `{given.tag}` (`postgres.image`)" in ended.error
    assert "cause: there is no /usr/lib/postgresql/*/bin/postgres in it" in ended.error
    assert ended.last_line == NOTHING_LEFT


def test_an_image_that_cannot_be_had_is_told(make_project: Make) -> None:
    ended = run(make_project(SUITE), "run", RUNNER_POSTGRES='{image = "own.invalid/postgres:16"}')
    assert ended.exit_code == 92
    assert "error: cannot get the image `own.invalid/postgres:16` (`postgres.image`)" in ended.error
    assert "hint:  load it into the engine" in ended.error
