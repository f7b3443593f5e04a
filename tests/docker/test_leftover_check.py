"""The check after every test on the engine finds what the test left, and nothing of tests beside it."""

import os
import secrets
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest
from commands import STARTED, find_orphans, list_unused
from debian_programs import find_base

from runner.engines.docker.containers import RunIdentity
from runner.engines.owner import make_owner

pytestmark = [pytest.mark.engine, pytest.mark.regression]


@pytest.fixture
def name(engine: docker.DockerClient) -> Iterator[str]:
    """The name of a volume and a network, which are gone after the test."""
    name = f"ephemeral-runner-tests-{secrets.token_hex(4)}"
    yield name
    for each in engine.networks.list(names=[name]) + engine.volumes.list(filters={"name": name}):
        each.remove()


def test_a_volume_and_a_network_that_nobody_uses_and_no_label_explains_are_found(engine, name: str) -> None:
    before = list_unused(engine)
    engine.volumes.create(name)
    engine.networks.create(name)
    assert {each for each in list_unused(engine) - before if name in each} == {f"volume {name}", f"network {name}"}


def test_what_a_container_beside_uses_or_a_label_explains_is_not_found(engine, name: str) -> None:
    network = engine.networks.create(name)
    engine.volumes.create(name)
    labelled = engine.volumes.create(f"{name}-labelled", labels={"ephemeral-runner.run": "of-another-test"})
    options = {"entrypoint": ["sleep", "60"], "volumes": [f"{name}:/data"], "network": name, "auto_remove": True}
    container = engine.containers.run(find_base(engine), detach=True, **options)
    try:
        assert [each for each in list_unused(engine) if name in each] == []
    finally:
        container.remove(force=True)
        labelled.remove()
        network.remove()


def test_objects_of_this_test_s_runs_and_processes_are_found_once_their_owner_is_gone(
    engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Its owner lives, for a run beside this test would remove what has none.
    identity = RunIdentity(f"tests-{secrets.token_hex(4)}", "small", make_owner())
    container = engine.containers.create(find_base(engine), **identity.make_options("suite"))
    mine = [f"container {container.name}"]
    try:
        (tmp_path / "other" / ".runner" / "runs" / "another").mkdir(parents=True)
        (tmp_path / "mine" / ".runner" / "runs" / identity.run).mkdir(parents=True)
        assert find_orphans(engine, tmp_path) == []
        monkeypatch.setattr("commands.has_living_owner", lambda _: False)
        assert find_orphans(engine, tmp_path / "mine") == mine
        assert find_orphans(engine, tmp_path / "other") == []
        monkeypatch.setattr("commands.STARTED", {*STARTED, os.getpid()})
        assert find_orphans(engine, tmp_path / "other") == mine
    finally:
        container.remove()
