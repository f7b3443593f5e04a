"""The suite image is the same from another machine's network settings, and holds nothing of them."""

import io
import os
import secrets
import shutil
import tarfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import docker
import pytest
from commands import SMALL

from runner.core.differences import compare
from runner.core.names import Owner, make_build_name
from runner.core.settings import Settings
from runner.engines.docker.build import ImageSpec
from runner.engines.docker.contents import read_contents
from runner.engines.docker.images import ensure_images, make_images
from runner.engines.docker.leftovers import list_builds, sweep
from runner.engines.docker.suite_image import ENVIRONMENT, build_suite
from runner.engines.owner import find_boot, make_owner
from runner.errors import ImageError
from runner.project.load import load_project
from runner.project.recipe import make_recipe

pytestmark = [pytest.mark.engine, pytest.mark.regression]

PLANTED = f"planted-{secrets.token_hex(16)}"
CERTIFICATE = f"# {PLANTED}\n"
"""A comment in the bundle: whatever reads the certificates skips it, and whoever copies the bundle copies it."""


@pytest.fixture
def project(tmp_path: Path):
    return load_project(Path(shutil.copytree(SMALL, tmp_path / "small")))


@pytest.fixture
def renamed(engine: docker.DockerClient, project) -> Iterator[tuple[str, ImageSpec]]:
    """The suite image of the small project as all tests share it, and the same to be built with other certificates."""
    images = make_images(make_recipe(project, Settings(), os.environ), Settings())
    ensure_images(engine, images, False, lambda _: None)
    token = secrets.token_hex(8)
    tag, environment = (f"ephemeral-runner/{kind}-planted:{token}" for kind in ("suite", "environment"))
    arguments = {**images.suite.arguments, ENVIRONMENT: environment}
    certificates = images.suite.files["build/ca.pem"] + CERTIFICATE.encode()
    index = images.suite.files["build/index.env"] + f"EXTRA={PLANTED}\n".encode()
    files = {**images.suite.files, "build/ca.pem": certificates, "build/index.env": index}
    yield images.suite.tag, replace(images.suite, tag=tag, arguments=arguments, files=files)
    for each in (tag, environment):
        try:
            engine.api.remove_image(each)
        except docker.errors.ImageNotFound:
            continue


def find(client: docker.DockerClient, image: str, text: bytes) -> list[str]:
    """Where a text is in what the engine saves of an image: its configuration, its history, and every layer."""
    found = []
    saved = b"".join(client.api.get_image(image))
    with tarfile.open(fileobj=io.BytesIO(saved)) as archive:
        for member in archive:
            file = archive.extractfile(member) if member.isfile() else None
            # A layer is a tar file, whose names and contents stand in it as they are.
            if file and text in file.read():
                found.append(member.name)
    return found


@pytest.mark.security
def test_certificates_and_index_leave_no_trace_and_a_second_build_is_the_same(engine, renamed) -> None:
    shared, spec = renamed
    build_suite(engine, spec, lambda _: None)
    assert find(engine, spec.tag, PLANTED.encode()) == []
    assert find(engine, spec.tag, b"ephemeral-runner/lease.py") != []
    assert [each.as_text() for each in compare(read_contents(engine, shared), read_contents(engine, spec.tag))] == []


def test_a_build_that_is_given_up_leaves_no_container_and_no_image(engine, renamed, containers) -> None:
    _, spec = renamed

    def give_up(line: str) -> None:
        if "installing" in line:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build_suite(engine, spec, give_up)
    assert len(containers) == 1
    with pytest.raises(docker.errors.ImageNotFound):
        engine.api.inspect_image(spec.arguments[ENVIRONMENT])


def test_a_failing_step_is_named_with_what_it_printed(engine, renamed) -> None:
    _, spec = renamed
    broken = {**spec.files, "build/install.sh": b"echo '== breaking'\necho first\necho last >&2\nexit 3\n"}
    with pytest.raises(ImageError) as caught:
        build_suite(engine, replace(spec, files=broken), lambda _: None)
    assert caught.value.what == (f"cannot build the image `{spec.arguments[ENVIRONMENT]}`: the step `breaking` failed")
    assert caught.value.cause == "first\n       last\n       exit code 3"


def test_a_build_that_never_started_is_swept_once_its_owner_is_dead(engine) -> None:
    dead = make_build_name(Owner(find_boot(), 2**22 + 1, "1"), secrets.token_hex(3))
    living = make_build_name(make_owner(), secrets.token_hex(3))
    base = make_images(make_recipe(load_project(SMALL), Settings(), os.environ), Settings()).base.tag
    for name in (dead, living):
        engine.containers.create(base, name=name)
    try:
        sweep(engine)  # A run beside this test may have done it.
        assert [each.name for each in list_builds(engine) if each.name in {dead, living}] == [living]
    finally:
        engine.api.remove_container(living)
