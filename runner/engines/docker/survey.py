"""Surveys the images of a project for its `runner.lock`: what they are made of, and where their base came from."""

from pathlib import Path

import docker
from docker.errors import ImageNotFound

from runner.core.lock_making import Survey
from runner.core.materials import Material
from runner.core.pins import ImageName, Source
from runner.engines.docker.connect import translate
from runner.engines.docker.contents import find_digest, inspect, read_config
from runner.engines.docker.images import Images
from runner.engines.docker.materials import read_materials
from runner.engines.docker.waiting import wait_for
from runner.engines.protocol import Progress


def survey(client: docker.DockerClient, images: Images, cache: Path, progress: Progress) -> Survey:
    """What the images of a project are made of; they are there.

    Args:
        client: the engine.
        images: the project's.
        cache: where content digests are kept.
        progress: may raise to give up.
    """

    def look() -> Survey:
        materials: dict[ImageName, list[Material]] = {
            "base": read_materials(client, images.base.tag),
            "postgres": read_materials(client, images.postgres.tag),
            "suite": read_materials(client, images.suite.tag),
        }
        config = read_config(client, images.suite.tag)
        reference = find_reference(client, images)
        source: Source = "registry" if reference else "packages"
        digest = find_digest(client, images.suite.tag, cache)
        return Survey(config.architecture, source, reference, digest, config, materials)

    return wait_for(look, progress)


def find_reference(client: docker.DockerClient, images: Images) -> str:
    """The image of a registry that the base grew from, by digest where the engine knows it; empty for packages alone.

    It did if its first layers are those of that image, which the engine still has.
    """
    reference = images.rootfs.reference
    if not reference:
        return ""
    with translate(f"cannot look up the image `{reference}`"):
        try:
            pulled = client.api.inspect_image(reference)  # type: ignore[no-untyped-call]
        except ImageNotFound:
            return ""
    layers, base = pulled["RootFS"]["Layers"], inspect(client, images.base.tag)["RootFS"]["Layers"]
    if base[: len(layers)] != layers:
        return ""
    return str(next(iter(pulled["RepoDigests"]), reference))
