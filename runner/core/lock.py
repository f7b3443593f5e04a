"""`runner.lock`: what the images of a project are made of, exactly; the file's shape. Pure."""

from typing import Annotated

from msgspec import Meta, Struct, field

from runner.core.pins import ImageName, Pins, Source

NAME = "runner.lock"
VERSION = 1
"""Of the file's shape; a reader refuses every other."""

Text = Annotated[str, Meta(min_length=1, description="text that is not empty")]
Checksum = Annotated[str, Meta(pattern="^[0-9a-f]{64}$", description="64 hex digits")]
Digest = Annotated[str, Meta(pattern="^sha256:[0-9a-f]{64}$", description="`sha256:` and 64 hex digits")]
MaybeChecksum = Annotated[str, Meta(pattern="^([0-9a-f]{64})?$", description="64 hex digits, or empty text")]


class Base(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the root file system comes from.

    Attributes:
        source: a registry, or the packages of a Debian mirror.
        image: the setting `base_image`.
        reference: what was pulled, with its digest; empty where nothing was.
        release: Debian's.
    """

    source: Source
    image: str
    reference: str
    release: str


class PythonLock(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The lock of the Python packages, or the file that they are resolved from: its path and its checksum.

    The path is relative to the project. The checksum covers what the file includes, too; the project's metadata has one
    of its own among the suite's inputs.
    """

    lock: Text
    sha256: Checksum


class Postgres(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The server."""

    version: Text


class Suite(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The suite image.

    Attributes:
        content: its content digest.
        packages: the setting `packages`.
        user: name or id.
        folder: the working directory.
        entrypoint: argv.
        command: argv.
        environment: its variables.
        inputs: short checksums of what else of the project goes in, such as its metadata.
    """

    content: Digest
    packages: list[str]
    user: str
    folder: str
    entrypoint: list[str]
    command: list[str]
    environment: dict[str, str]
    inputs: dict[str, str]


class Package(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A Debian package, and the images that have it; see `runner.core.materials.Material`."""

    name: Text
    version: Text
    architecture: Text
    sha256: MaybeChecksum
    images: Annotated[list[ImageName], Meta(min_length=1, description="a list of base, postgres or suite")]


class Distribution(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A Python package of the suite image."""

    name: Text
    version: Text


class Lock(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole file; the order of the fields is the file's."""

    version: int
    runner: Text
    architecture: Text
    base: Base
    python: PythonLock
    postgres: Postgres
    suite: Suite
    packages: list[Package] = field(name="package", default_factory=list)
    distributions: list[Distribution] = field(name="distribution", default_factory=list)


def make_pins(lock: Lock) -> Pins:
    """The pins of a lock."""
    versions: dict[ImageName, dict[str, str]] = {}
    for each in sorted(lock.packages, key=lambda package: package.name):
        for image in each.images:
            versions.setdefault(image, {})[each.name] = each.version
    return Pins(lock.base.source, versions, list_distributions(lock))


def list_distributions(lock: Lock) -> dict[str, str]:
    """The versions of its Python packages by name."""
    return {each.name: each.version for each in lock.distributions}
