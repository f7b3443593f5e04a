"""Names images so that none is left without: two runs may make the same image at once, and one may replace an older."""

import secrets
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import docker
from docker.errors import APIError, ImageNotFound


def name_image(api: docker.APIClient, image: str, tag: str) -> None:
    """Give an image a name, which says that it is whole; an image that had the name, and has no other, is removed."""
    former = find_id(api, tag)
    repository, _, version = tag.rpartition(":")
    api.tag(image, repository, version)
    if former:
        # A container may still be made of it.
        with suppress(APIError):
            remove_nameless(api, former)


def name_where_free(api: docker.APIClient, image: str, tags: Sequence[str]) -> None:
    """Give an image the names that no other has; one that gets none is removed."""
    for tag in tags:
        if not find_id(api, tag):
            name_image(api, image, tag)
    remove_nameless(api, image)


def make_passing_name(tag: str) -> str:
    """A name for an image that is being made; where its maker dies, it can still be found and pruned by it."""
    return f"{tag}-{secrets.token_hex(4)}"


def settle_name(api: docker.APIClient, passing: str, tag: str, replace: bool = False) -> None:
    """Give an image its name in place of its passing one; of two images for one name only one stays.

    Args:
        api: the engine.
        passing: the name that the image has.
        tag: the name to have.
        replace: whether it is this image that stays, else the one that was there first.
    """
    if replace or not find_id(api, tag):
        name_image(api, passing, tag)
    api.remove_image(passing)


def remove_nameless(api: docker.APIClient, image: str) -> None:
    """Remove an image that no name leads to."""
    if not api.inspect_image(image)["RepoTags"]:  # type: ignore[no-untyped-call]
        api.remove_image(image)


def find_id(api: docker.APIClient, tag: str) -> str:
    """The id of the image of a name; empty where there is none."""
    return str(find_image(api, tag).get("Id", ""))


def find_image(api: docker.APIClient, tag: str) -> dict[str, Any]:
    """What the engine says of the image of a name; nothing where there is none."""
    try:
        found: dict[str, Any] = api.inspect_image(tag)  # type: ignore[no-untyped-call]
    except ImageNotFound:
        return {}
    return found
