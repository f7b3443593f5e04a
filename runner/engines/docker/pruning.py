"""Removes images of ours that newer ones have replaced."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import docker
from docker.errors import APIError

from runner.core.names import PREFIX
from runner.engines.docker.connect import translate


@dataclass(frozen=True)
class Found:
    """One image on the engine.

    Attributes:
        identity: the engine's id.
        tags: its names, ours and others.
        created: when, as text that sorts.
        size: in bytes, with everything it shares with others.
        layers: their ids, the lowest first.
    """

    identity: str
    tags: Sequence[str]
    created: str
    size: int
    layers: Sequence[str]

    def stands_on(self, other: "Found") -> bool:
        """Whether all of the other's layers are the lowest of this one."""
        return self.layers[: len(other.layers)] == other.layers


def list_images(client: docker.DockerClient) -> list[Found]:
    """All images on the engine that have a name, or that no other stands on."""
    with translate("cannot list the images"):
        listed = client.api.images(all=False)
        return [make_found(client.api.inspect_image(each["Id"])) for each in listed]  # type: ignore[no-untyped-call]


def make_found(said: dict[str, Any]) -> Found:
    """An image from what the engine says of it."""
    layers = tuple(said["RootFS"].get("Layers") or ())
    return Found(said["Id"], tuple(said["RepoTags"] or ()), said["Created"], said["Size"], layers)


def find_used(client: docker.DockerClient) -> set[str]:
    """The ids of images that containers are made of, running or not."""
    with translate("cannot list the containers"):
        return {each["ImageID"] for each in client.api.containers(all=True)}


def choose(images: Iterable[Found], used: set[str], keep: int) -> list[Found]:
    """What to remove: all but the newest of each name, except what is in use and what a kept one stands on."""
    images = list(images)
    ours = defaultdict[str, list[Found]](list)
    for each in images:
        for repository in {tag.rpartition(":")[0] for tag in each.tags}:
            if repository.startswith(f"{PREFIX}/"):
                ours[repository].append(each)
    newest = {
        each.identity
        for named in ours.values()
        for each in sorted(named, key=lambda found: found.created, reverse=True)[:keep]
    }
    # One that has another's name too is somebody else's.
    removable = [
        each
        for each in images
        if each.tags and is_ours(each) and each.identity not in newest and each.identity not in used
    ]
    kept = [each for each in images if each not in removable]
    return [each for each in removable if not any(other.stands_on(each) for other in kept)]


def is_ours(image: Found) -> bool:
    """Whether an image has no name but of ours."""
    return all(tag.startswith(f"{PREFIX}/") for tag in image.tags)


def count_space(removed: Iterable[Found], kept: Iterable[Found]) -> int:
    """The bytes that removal wins: of each layer that no kept image has, once."""
    removed, kept = list(removed), list(kept)
    known = {each.layers: each.size for each in [*removed, *kept]}
    shared = {image.layers[:depth] for image in kept for depth in range(1, len(image.layers) + 1)}
    won: dict[tuple[str, ...], int] = {}
    for each in removed:
        layers = tuple(each.layers)
        below = (layers[:depth] for depth in range(len(layers) - 1, 0, -1))
        # What an image adds to the nearest one below it that is there by itself.
        ground = next((part for part in below if part in known), ())
        if layers not in shared:
            won[layers] = each.size - known.get(ground, 0)
    return sum(won.values())


def prune(client: docker.DockerClient, keep: int, dry_run: bool) -> tuple[list[Found], int]:
    """Remove what `choose` finds; what was removed, and the bytes that this wins.

    Args:
        client: the engine.
        keep: how many of each kind and project stay, in any case.
        dry_run: only say what would be removed.

    Raises:
        EngineError: the engine failed in the middle.
    """
    images = list_images(client)
    chosen = choose(images, find_used(client), keep)
    removed = chosen if dry_run else [each for each in chosen if remove(client, each)]
    return removed, count_space(removed, [each for each in images if each not in removed])


def remove(client: docker.DockerClient, image: Found) -> bool:
    """Remove an image with all of its names; whether the engine did."""
    with translate(f"cannot remove the image `{image.identity}`"):
        try:
            for tag in image.tags:
                client.api.remove_image(tag)
        except APIError as error:
            # Somebody took it into use, or removed it, since it was listed.
            if error.status_code not in (404, 409):
                raise
            return False
    return True
