"""`runner image` on a real engine."""

import io
import json
import secrets
import shutil
import socket
import subprocess
import tarfile
import time
from collections.abc import Iterator
from contextlib import suppress

import docker
import pytest
from commands import Make, run
from debian_programs import provide

from runner.core.contents import make_digest
from runner.engines.docker.contents import read_contents
from runner.engines.docker.pruning import choose, find_used, list_images, remove
from runner.engines.docker.registry import name_there, pull, push
from runner.errors import ImageError

pytestmark = [pytest.mark.engine, pytest.mark.regression]


def test_build_inspect_and_diff_of_a_project_s_images(engine: docker.DockerClient, make_project: Make) -> None:
    folder = make_project({})
    built = run(folder, "image", "build", "--json")
    assert built.exit_code == 0, built.stderr
    base, suite, postgres = (each["image"] for each in json.loads(built.stdout))
    shown = json.loads(run(folder, "image", "inspect", "--json").stdout)
    assert shown["image"] == suite
    assert shown["content"].startswith("sha256:")
    assert shown["size"] == engine.api.inspect_image(suite)["Size"]
    assert shown["base"].startswith("Debian GNU/Linux 13")
    assert shown["config"]["user"] == "suite"
    names = {(each["kind"], each["name"]) for each in shown["materials"]}
    assert {("python", "pytest"), ("debian", "python3")} <= names
    known = {each["name"]: each for each in shown["materials"] if each["kind"] == "debian"}
    assert len(known["python3"]["sha256"]) == 64
    same = run(folder, "image", "diff", suite, suite)
    assert (same.exit_code, same.stdout) == (0, "the same contents, and the same start\n")
    other = run(folder, "image", "diff", base, suite, "--json")
    differences = json.loads(other.stdout)["differences"]
    assert other.exit_code == 1
    assert differences[0] == "Python package Pygments 2.21.0 added"
    assert "/opt/venv is added" in differences
    assert postgres.startswith("ephemeral-runner/postgres")


def test_an_image_that_is_not_there(make_project: Make) -> None:
    ended = run(make_project({}), "image", "inspect", "ephemeral-runner/nosuch:1")
    assert ended.exit_code == 92
    assert ended.error == (
        "error: the engine has no image `ephemeral-runner/nosuch:1`\nhint:  `runner image build` builds it"
    )


@pytest.fixture
def image(engine: docker.DockerClient) -> Iterator[str]:
    """A tiny image of a project of its own."""
    repository = f"ephemeral-runner/suite-test-{secrets.token_hex(4)}"
    empty = io.BytesIO()
    with tarfile.open(fileobj=empty, mode="w") as archive:
        member = tarfile.TarInfo("file")
        member.size = 1000
        archive.addfile(member, io.BytesIO(secrets.token_bytes(1000)))
    engine.api.import_image_from_data(empty.getvalue(), repository, "0123456789abcdef")
    yield f"{repository}:0123456789abcdef"
    with suppress(docker.errors.ImageNotFound):
        engine.api.remove_image(f"{repository}:0123456789abcdef")


def test_pruning_can_be_tried_without_removing_anything(engine, image: str, make_project: Make) -> None:
    ended = run(make_project({}), "image", "prune", "--keep", "0", "--dry-run", "--json")
    said = json.loads(ended.stdout)
    assert said["dry_run"] is True
    assert image in said["removed"]
    assert said["space"] >= 1000
    assert engine.api.inspect_image(image)["RepoTags"] == [image]


def test_an_image_in_use_is_not_removed(engine, image: str) -> None:
    found = next(each for each in list_images(engine) if image in each.tags)
    container = engine.api.create_container(image, ["none"])
    try:
        assert choose([found], find_used(engine), 0) == []
        assert remove(engine, found) is False
    finally:
        engine.api.remove_container(container["Id"])
    assert choose([found], find_used(engine), 0) == [found]
    assert remove(engine, found) is True
    with pytest.raises(docker.errors.ImageNotFound):
        engine.api.inspect_image(image)


@pytest.fixture
def registry(engine, tmp_path) -> Iterator[str]:
    """A registry on this machine."""
    program = shutil.which("docker-registry") or provide(engine, "docker-registry", "usr/bin/docker-registry")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    (tmp_path / "config.yml").write_text(
        f"version: 0.1\nlog: {{level: error}}\nstorage: {{filesystem: {{rootdirectory: {tmp_path}/registry}}}}\n"
        f'http: {{addr: "127.0.0.1:{port}"}}\n'
    )
    with subprocess.Popen([program, "serve", tmp_path / "config.yml"], stderr=subprocess.DEVNULL) as process:
        wait_for_server(port)
        yield f"localhost:{port}"
        process.terminate()


def wait_for_server(port: int) -> None:
    deadline = time.monotonic() + 10
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port)).close()
        except ConnectionRefusedError:
            assert time.monotonic() < deadline


def test_an_image_travels_through_a_registry(engine, image: str, registry: str) -> None:
    names = name_there(f"{registry}/team/orders", {"suite": image})
    assert names == {image: f"{registry}/team/orders:suite-0123456789abcdef"}
    before = make_digest(read_contents(engine, image))
    push(engine, names, lambda _: None)
    assert engine.api.inspect_image(image)["RepoTags"] == [image]
    engine.api.remove_image(image)
    assert pull(engine, names, lambda _: None) == [image]
    assert engine.api.inspect_image(image)["RepoTags"] == [image]
    assert make_digest(read_contents(engine, image)) == before
    assert pull(engine, names, lambda _: None) == []


def test_a_registry_without_the_image(engine, registry: str) -> None:
    names = name_there(registry + "/team/orders", {"suite": "ephemeral-runner/nosuch:1"})
    with pytest.raises(ImageError) as caught:
        pull(engine, names, lambda _: None)
    assert caught.value.what == f"cannot pull `{registry}/team/orders:suite-1`"
    assert caught.value.hint == "`runner image build` builds it"
