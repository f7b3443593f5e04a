"""The images of a run: base, Postgres and suite, each made when its fingerprint is missing on the engine."""

from collections.abc import Sequence
from dataclasses import dataclass

import docker

from runner.core.pins import Pins
from runner.core.settings import Settings
from runner.engines.docker.build import ImageSpec, exists
from runner.engines.docker.own_server import OwnServer, ensure_own_server, is_current
from runner.engines.docker.packages import Layer, ensure_layer
from runner.engines.docker.rootfs import Rootfs, ensure_rootfs
from runner.engines.docker.side_by_side import do_side_by_side
from runner.engines.docker.suite_image import ENVIRONMENT, build_suite, make_suite
from runner.engines.docker.system import System
from runner.engines.protocol import Progress
from runner.project.recipe import SuiteRecipe


@dataclass(frozen=True)
class Images:
    """The specifications of a run's images; the tags hold the fingerprints.

    Attributes:
        rootfs: bare Debian with Python.
        base: what all others start from.
        layers: what the suite needs on top of the base, each on the one before: another Python, Debian packages.
        builder: the last of them with what only the build of the suite image needs; None where it needs nothing.
        postgres: the server.
        suite: the project's dependencies and pytest.
    """

    rootfs: Rootfs
    base: Layer
    layers: Sequence[Layer]
    builder: Layer | None
    postgres: Layer | OwnServer
    suite: ImageSpec


def make_images(recipe: SuiteRecipe, settings: Settings, pins: Pins | None = None) -> Images:
    """The images for a suite.

    Args:
        recipe: what the project puts into the suite image.
        settings: the base image and the mirrors.
        pins: versions of Debian packages and, where there is no other lock, of Python's; where the base comes from.

    Raises:
        SettingsError: a mirror is no mirror.
    """
    system = System(recipe, settings, pins or Pins())
    rootfs = system.make_rootfs()
    base = system.make_base(rootfs.tag)
    layers = system.make_suite_layers(base.tag)
    top = layers[-1].tag if layers else base.tag
    builder = system.make_builder(top)
    # What a lock of the project's own pins is decided there alone.
    preferred = pins.distributions if pins and not recipe.is_locked else {}
    suite = make_suite(recipe, top, builder.tag if builder else top, preferred)
    return Images(rootfs, base, layers, builder, system.make_server(base.tag), suite)


def ensure_images(client: docker.DockerClient, images: Images, database: bool, progress: Progress) -> list[str]:
    """Make what is missing, Postgres and suite at the same time; the tags of what was made.

    Args:
        client: the engine.
        images: what to have.
        database: whether the Postgres image is needed.
        progress: takes lines of output; may raise to give up.

    Raises:
        ImageError: an image cannot be made.
    """
    wanted = {"suite": images.suite.tag, **({"postgres": images.postgres.tag} if database else {})}
    there = {"suite": lambda: exists(client, images.suite.tag), "postgres": lambda: is_made(client, images.postgres)}
    missing = {name: tag for name, tag in wanted.items() if not there[name]()}
    made = list(missing.values())
    if missing and not exists(client, images.base.tag):
        ensure_rootfs(client, images.rootfs, progress)
        ensure_layer(client, images.base, progress)
        made.insert(0, images.base.tag)
    ways = {
        "postgres": lambda progress: ensure_server(client, images.postgres, progress),
        "suite": lambda progress: ensure_suite(client, images, progress),
    }
    do_side_by_side({name: ways[name] for name in missing}, progress)
    return made


def is_made(client: docker.DockerClient, server: Layer | OwnServer) -> bool:
    """Whether the engine has the server's image."""
    return is_current(client, server) if isinstance(server, OwnServer) else exists(client, server.tag)


def ensure_server(client: docker.DockerClient, server: Layer | OwnServer, progress: Progress) -> None:
    """Make the server's image."""
    if isinstance(server, OwnServer):
        ensure_own_server(client, server, progress)
    else:
        ensure_layer(client, server, progress)


def ensure_suite(client: docker.DockerClient, images: Images, progress: Progress) -> None:
    """Make the suite image, and the layers below it."""
    for layer in images.layers:
        ensure_layer(client, layer, progress)
    if images.builder and not exists(client, images.suite.arguments[ENVIRONMENT]):
        ensure_layer(client, images.builder, progress)
    progress(f"making {images.suite.tag}")
    build_suite(client, images.suite, progress)
