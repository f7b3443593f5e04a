"""The same image on another engine: what one builds and locks, an empty one of another version builds again."""

import json
from collections.abc import Iterator

import docker
import pytest
from commands import NOTHING_LEFT, Make, run
from other_engine import OtherEngine

pytestmark = [pytest.mark.engine, pytest.mark.slow, pytest.mark.xdist_group("other engine")]

TEST = {"tests/test_one.py": "import pytest\n\n\n@pytest.mark.pure\ndef test_one():\n    pass\n"}
WITHOUT_POSTGRES = '[tool.runner.groups.pure]\nmarks = ["pure"]\ndatabase = false'


@pytest.fixture
def empty_engine(engine: docker.DockerClient) -> Iterator[OtherEngine]:
    """As a job of CI finds it."""
    other = OtherEngine(engine)
    assert other.client.images.list(all=True) == []
    yield other
    other.close()


def test_an_empty_engine_builds_what_another_one_locked(empty_engine: OtherEngine, make_project: Make) -> None:
    folder = make_project(TEST, WITHOUT_POSTGRES)
    # Where the images here are older than what the mirror still has, the error says what to do.
    for options in ((), ("--upgrade-system",)):
        locked = run(folder, "lock", "--json", *options)
        assert locked.exit_code == 0, locked.stderr
        ended = run(folder, "run", "--group", "pure", CI="1", DOCKER_HOST=empty_engine.address)
        if "--upgrade-system" not in ended.stderr:
            break
    assert ended.exit_code == 0, ended.stderr
    assert "/suite-small:" in ended.stderr.partition(" built ")[2]
    assert "  the image in runner.lock\n" in ended.stderr
    assert ended.last_line == NOTHING_LEFT
    shown = run(folder, "image", "inspect", "--json", DOCKER_HOST=empty_engine.address)
    assert json.loads(shown.stdout)["content"] == json.loads(locked.stdout)["content"]
