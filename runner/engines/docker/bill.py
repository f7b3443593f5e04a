"""Reads what an image is made of."""

import re
from pathlib import Path

import docker

from runner.core.bill import Bill
from runner.engines.docker.connect import translate
from runner.engines.docker.contents import create_unstarted, find_digest, inspect, read_config
from runner.engines.docker.materials import read_files, read_materials

RELEASE = "/usr/lib/os-release"
NAME = re.compile(r'^PRETTY_NAME="(.*)"$', re.MULTILINE)


def read_bill(client: docker.DockerClient, image: str, cache: Path) -> Bill:
    """What an image is made of.

    Args:
        client: the engine.
        image: name or id.
        cache: where content digests are kept.

    Raises:
        ImageError: the engine has no such image.
        EngineError: the engine failed in the middle.
    """
    found = inspect(client, image)
    name = image if image in found["RepoTags"] else next(iter(found["RepoTags"]), image)
    return Bill(
        name,
        found["Id"],
        find_digest(client, found["Id"], cache),
        found["Size"],
        read_release(client, found["Id"]),
        read_config(client, found["Id"]),
        read_materials(client, found["Id"]),
    )


def read_release(client: docker.DockerClient, image: str) -> str:
    """What an image's system calls itself; empty where it does not."""
    with translate(f"cannot read the release of the image `{image}`"), create_unstarted(client, image) as container:
        texts = read_files(client, container, RELEASE, lambda _: True)
    named = NAME.search("".join(texts.values()))
    return named[1] if named else ""
