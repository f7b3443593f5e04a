"""Images made at the same time, or anew, under one name: one of them stays, and none is left without a name."""

import secrets
from collections.abc import Callable, Iterator

import docker
import pytest
from docker.errors import ImageNotFound

from runner.core.names import make_image_tag
from runner.engines.docker.image_names import find_id, make_passing_name, name_where_free, settle_name
from runner.engines.docker.rootfs import read_id

pytestmark = [pytest.mark.engine, pytest.mark.regression]

Import = Callable[[str], str]


@pytest.fixture
def tag() -> str:
    return make_image_tag("suite", secrets.token_hex(8), "named-by-a-test")


@pytest.fixture
def import_image(engine: docker.DockerClient) -> Iterator[Import]:
    """Makes a tiny image under a name, or without, and tells its id; what is left of them goes after the test."""
    made = []

    def make(name: str) -> str:
        repository, _, version = name.rpartition(":")
        mark = f'LABEL mark="{secrets.token_hex(4)}"'
        said = engine.api.import_image_from_data(b"", repository or None, version or None, [mark])
        made.append(read_id(said))
        return made[-1]

    yield make
    for identity in made:
        try:
            engine.api.remove_image(identity, force=True)
        except ImageNotFound:
            continue


def is_there(engine: docker.DockerClient, identity: str) -> bool:
    return bool(find_id(engine.api, identity))


def test_the_first_of_two_that_are_made_at_once_stays(
    engine: docker.DockerClient, import_image: Import, tag: str
) -> None:
    first, second = make_passing_name(tag), make_passing_name(tag)
    one, other = import_image(first), import_image(second)
    settle_name(engine.api, first, tag)
    settle_name(engine.api, second, tag)
    assert engine.api.inspect_image(tag)["Id"] == one
    assert engine.api.inspect_image(one)["RepoTags"] == [tag]
    assert not is_there(engine, other)


def test_one_that_replaces_another_leaves_nothing_of_it(
    engine: docker.DockerClient, import_image: Import, tag: str
) -> None:
    old, passing = import_image(tag), make_passing_name(tag)
    new = import_image(passing)
    settle_name(engine.api, passing, tag, replace=True)
    assert engine.api.inspect_image(tag)["Id"] == new
    assert engine.api.inspect_image(new)["RepoTags"] == [tag]
    assert not is_there(engine, old)


def test_what_has_another_name_too_stays(engine: docker.DockerClient, import_image: Import, tag: str) -> None:
    old, passing = import_image(tag), make_passing_name(tag)
    engine.api.tag(tag, "named-by-a-test", tag.rpartition(":")[2])
    import_image(passing)
    settle_name(engine.api, passing, tag, replace=True)
    assert is_there(engine, old)


def test_an_image_without_a_name_gets_those_that_are_free(
    engine: docker.DockerClient, import_image: Import, tag: str
) -> None:
    there, free = import_image(tag), make_passing_name(tag)
    one, other = import_image(""), import_image("")
    name_where_free(engine.api, one, [tag, free])
    name_where_free(engine.api, other, [tag, free])
    assert engine.api.inspect_image(tag)["Id"] == there
    assert engine.api.inspect_image(one)["RepoTags"] == [free]
    assert not is_there(engine, other)
