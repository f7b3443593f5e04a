"""Builds a suite image twice from nothing and compares what came out."""

import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace

import docker
from docker.errors import DockerException
from requests.exceptions import RequestException

from runner.core.contents import Contents, make_digest
from runner.core.materials import Material
from runner.core.names import make_image_tag
from runner.engines.docker.comparison import describe
from runner.engines.docker.contents import read_contents
from runner.engines.docker.images import Images, ensure_suite
from runner.engines.docker.materials import read_materials
from runner.engines.docker.packages import Layer, ensure_layer
from runner.engines.docker.rootfs import ensure_rootfs
from runner.engines.docker.suite_image import BUILDER, ENVIRONMENT, SYSTEM
from runner.engines.docker.waiting import wait_for
from runner.engines.protocol import Progress


def build_twice(client: docker.DockerClient, images: Images, progress: Progress) -> tuple[Sequence[str], Sequence[str]]:
    """Build the root file system, the base and the suite image twice under names of their own, and remove them.

    Returns:
        The two content digests, and what differs in words.

    Raises:
        ImageError: a build failed.
        EngineError: the engine failed in the middle.
    """
    found: list[tuple[Contents, list[Material]]] = []
    for number in ("first", "second"):
        progress(f"building for the {number} time")
        with build_anew(client, images, progress) as suite:
            contents = wait_for(lambda: read_contents(client, suite), progress)
            found.append((contents, read_materials(client, suite)))
    (one, before), (other, after) = found
    digests = [make_digest(one), make_digest(other)]
    return digests, describe(one, other, before, after) if digests[0] != digests[1] else []


@contextmanager
def build_anew(client: docker.DockerClient, images: Images, progress: Progress) -> Iterator[str]:
    """The name of a suite image that nothing was kept for; it and all below it are removed at the end."""
    renamed, tags = rename(images, secrets.token_hex(8))
    try:
        ensure_rootfs(client, renamed.rootfs, progress)
        ensure_layer(client, renamed.base, progress)
        ensure_suite(client, renamed, progress)
        yield renamed.suite.tag
    finally:
        for tag in tags:
            with suppress(DockerException, RequestException):
                client.api.remove_image(tag)


def rename(images: Images, token: str) -> tuple[Images, Sequence[str]]:
    """The same images under names that no engine has, and these names, each before what it stands on."""
    rootfs, base, environment, suite = (
        make_image_tag(f"verify-{kind}", token) for kind in ("rootfs", "base", "environment", "suite")
    )
    layers: list[Layer] = []
    for number, layer in enumerate([*images.layers, *([images.builder] if images.builder else [])]):
        tag, parent = make_image_tag(f"verify-layer{number}", token), layers[-1].tag if layers else base
        layers.append(replace(layer, tag=tag, parent=parent))
    tags = [base, *(each.tag for each in layers)]
    builder = layers.pop() if images.builder else None
    below = {SYSTEM: layers[-1].tag if layers else base, BUILDER: tags[-1], ENVIRONMENT: environment}
    arguments = {**images.suite.arguments, **below}
    renamed = replace(
        images,
        # Nor another name under which it may be there.
        rootfs=replace(images.rootfs, tag=rootfs, shared=""),
        base=replace(images.base, tag=base, parent=rootfs),
        layers=layers,
        builder=builder,
        suite=replace(images.suite, tag=suite, arguments=arguments),
    )
    return renamed, (suite, environment, *reversed(tags), rootfs)
