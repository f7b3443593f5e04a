"""Moves images between engines through a registry that they are logged in to, found by their fingerprints."""

from collections.abc import Iterator, Mapping
from typing import Any

import docker
from docker.errors import APIError

from runner.engines.docker.build import exists
from runner.engines.docker.connect import explain, translate
from runner.engines.docker.contents import inspect
from runner.engines.protocol import Progress
from runner.errors import ImageError


def name_there(repository: str, tags: Mapping[str, str]) -> dict[str, str]:
    """The names of images in a registry, such as `REPOSITORY:suite-0123456789abcdef`, by their names here.

    Args:
        repository: with the registry's host, where it is not the engine's default.
        tags: the names here, by kind.
    """
    return {tag: f"{repository}:{kind}-{tag.rpartition(':')[2]}" for kind, tag in tags.items()}


def push(client: docker.DockerClient, names: Mapping[str, str], progress: Progress) -> None:
    """Send images to a registry.

    Args:
        client: the engine.
        names: the name there, by the name here.
        progress: takes lines of output.

    Raises:
        ImageError: the engine lacks one of them, or the registry refuses it.
    """
    for here, there in names.items():
        inspect(client, here)
        repository, _, tag = there.rpartition(":")
        what = f"cannot push `{there}`"
        with translate(what):
            client.api.tag(here, repository, tag)
            try:
                follow(client.api.push(repository, tag, stream=True, decode=True), what, progress)
            finally:
                client.api.remove_image(there)


def pull(client: docker.DockerClient, names: Mapping[str, str], progress: Progress) -> list[str]:
    """Get the images that the engine has not got; their names here.

    Args:
        client: the engine.
        names: the name in the registry, by the name here.
        progress: takes lines of output.

    Raises:
        ImageError: the registry has no such image, or refuses.
    """
    missing = {here: there for here, there in names.items() if not exists(client, here)}
    for here, there in missing.items():
        repository, _, tag = there.rpartition(":")
        what = f"cannot pull `{there}`"
        with translate(what):
            try:
                follow(client.api.pull(repository, tag, stream=True, decode=True), what, progress)
            except APIError as error:
                raise ImageError(what, explain(error), "`runner image build` builds it") from None
            own, _, version = here.rpartition(":")
            client.api.tag(there, own, version)
            client.api.remove_image(there)
    return [*missing]


def follow(messages: Iterator[dict[str, Any]], what: str, progress: Progress) -> None:
    """Pass on what the engine says while it pushes or pulls."""
    said = set[str]()
    for message in messages:
        if "error" in message:
            raise ImageError(what, str(message["error"]).strip(), "`docker login` lets the engine in")
        line = f"{message.get('id', '')} {message.get('status', '')}".strip()
        progress("" if line in said else line)
        said.add(line)
