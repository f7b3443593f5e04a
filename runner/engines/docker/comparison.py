"""Compares two images: packages first, since one of another version explains its files; then variables and files."""

from functools import partial

import docker

from runner.core.contents import Contents
from runner.core.differences import compare
from runner.core.lock_differences import compare_versions, list_materials
from runner.core.materials import Material
from runner.engines.docker.contents import read_contents
from runner.engines.docker.materials import read_materials
from runner.engines.docker.waiting import wait_for
from runner.engines.protocol import Progress

KINDS = (("debian", "Debian"), ("python", "Python"))


def compare_images(client: docker.DockerClient, one: str, other: str, progress: Progress) -> list[str]:
    """What differs between two images, in words; nothing where their content digests are the same.

    Raises:
        ImageError: the engine has no such image.
        EngineError: the engine failed in the middle.
    """
    contents = [wait_for(partial(read_contents, client, image), progress) for image in (one, other)]
    materials = [wait_for(partial(read_materials, client, image), progress) for image in (one, other)]
    return describe(contents[0], contents[1], materials[0], materials[1])


def describe(one: Contents, other: Contents, before: list[Material], after: list[Material]) -> list[str]:
    """The differences in words."""
    packages = [
        line
        for kind, name in KINDS
        for line in compare_versions(list_materials(before, kind), list_materials(after, kind), name)
    ]
    return packages + [each.as_text() for each in compare(one, other)]
