"""Makes a lock: builds the images as the old one says, surveys them, and names them as the new one wants them."""

import secrets
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from types import TracebackType
from typing import Self

import docker
from docker.errors import DockerException
from msgspec import structs
from requests.exceptions import RequestException

from runner.core.lock import Lock, make_pins
from runner.core.lock_making import make_lock
from runner.core.names import make_image_tag
from runner.core.pins import Pins
from runner.engines.docker.build import exists
from runner.engines.docker.connect import translate
from runner.engines.docker.image_names import name_image
from runner.engines.docker.images import Images, ensure_images, make_images
from runner.engines.docker.suite_image import ENVIRONMENT
from runner.engines.docker.survey import survey
from runner.engines.docker.verification import rename
from runner.engines.protocol import Progress
from runner.project.locking import LockState
from runner.project.recipe import SuiteRecipe


class Relock:
    """The making of one lock; names that it needed for itself are gone at the end of the block."""

    def __init__(self, client: docker.DockerClient, recipe: SuiteRecipe, state: LockState, upgrade: bool) -> None:
        """Decide which images it is made from.

        Args:
            client: the engine.
            recipe: of the suite image.
            state: the lock that there is, if any.
            upgrade: take the newest Debian packages, and a base from where it can be had, not the locked ones.
        """
        self._client, self._recipe, self._state = client, recipe, state
        self._temporary: Sequence[str] = ()
        if upgrade:
            settings = structs.replace(state.settings, base_image=state.inputs.image)
            pins = Pins(distributions=state.pins.distributions)
            self._images, self._temporary = rename_all(make_images(recipe, settings, pins))
        else:
            self._images = make_images(recipe, state.settings, state.pins)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for tag in self._temporary:
            with suppress(DockerException, RequestException):
                self._client.api.remove_image(tag)

    def build(self, progress: Progress) -> Sequence[str]:
        """Build the images that are missing and return their names; raises ImageError."""
        return ensure_images(self._client, self._images, True, progress)

    def take(self, progress: Progress) -> Lock:
        """The lock of the images."""
        return make_lock(self._state.inputs, survey(self._client, self._images, self._state.cache, progress))

    def name_images(self, lock: Lock) -> None:
        """Name the images as a run with the new lock will look for them; else it would build the same once more.

        What the lock pins is what is in them, by its making.
        """
        settings = structs.replace(self._state.settings, base_image=lock.base.reference or lock.base.image)
        wanted = make_images(self._recipe, settings, make_pins(lock))
        with translate("cannot name the images"):
            for have, want in zip(list_tags(self._images), list_tags(wanted), strict=True):
                if exists(self._client, have):
                    name_image(self._client.api, have, want)


def rename_all(images: Images) -> tuple[Images, Sequence[str]]:
    """The same images under names that no engine has, so that nothing that is there is taken; and these names."""
    token = secrets.token_hex(8)
    renamed, tags = rename(images, token)
    postgres = replace(images.postgres, tag=make_image_tag("lock-postgres", token), parent=renamed.base.tag)
    return replace(renamed, postgres=postgres), (postgres.tag, *tags)


def list_tags(images: Images) -> list[str]:
    """The names of all images, each after what it stands on."""
    builder = [images.builder.tag] if images.builder else []
    return [
        images.rootfs.tag,
        images.base.tag,
        *(each.tag for each in images.layers),
        *builder,
        images.postgres.tag,
        images.suite.arguments[ENVIRONMENT],
        images.suite.tag,
    ]
