"""Debian packages as a layer of an image: installed in a container of ours, so that no step of a Dockerfile shows how.

The certificates, the mirrors and the pins are in that container while it works, and not in what is kept of it.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import docker

from runner.core.nearest import find_near
from runner.engines.docker.build import exists
from runner.engines.docker.suite_image import pack_tree
from runner.engines.docker.workshop import Workshop
from runner.engines.protocol import Progress
from runner.errors import ImageError

FOLDER = "/build"
"""Where the scripts are while they run."""

RELEASES = {"13": "bullseye", "15": "bookworm", "18": "sid"}
"""The release of Debian beside Debian 13 that has a version of Postgres; 14 and 16 have never been in one."""

USELESS = re.compile(r"^ *image: (.*)$", re.MULTILINE)
"""What adopt.sh of images/postgres says of an image that cannot be used."""

CHOICE = re.compile(r"^ *(postgres|extension|locale): (\S+)\n *available: (.*)$", re.MULTILINE)
"""What choose.sh, extensions.sh and bake.sh of images/postgres say of a wish that cannot be met."""

WISHES = {
    "postgres": (
        "version",
        "`image` takes a server from a registry; `mirrors` a line of sources of an archive that has it",
    ),
    "extension": (
        "extensions",
        "leave it out, or set `version`: each has other packages; `image` names a server that has it",
    ),
    "locale": ("locale", "`locale -a` of the machine where the tests pass lists its own"),
}
"""By the first word: the key of `postgres`, and what else can be done."""

PIN = re.compile(r"pin: (\S+) (\S+) (\S+)")
"""What tidy.sh says of a package that has not its pinned version: name, wanted, installed."""

SCRATCH = {
    "/tmp": "exec,mode=1777",  # noqa: S108 -- the container's own
    "/var/cache/apt": "",
    "/var/lib/apt/lists": "",
    "/var/log": "",
}
"""Folders in memory while packages are installed: what is in them is not kept, and files there cost no time."""


@dataclass(frozen=True)
class Layer:
    """Packages on top of an image.

    Attributes:
        tag: its name.
        parent: the image below.
        packages: names of Debian packages.
        files: by path: in `build/` the scripts and what they read, elsewhere what stays in the image.
        scripts: command lines that run after the installation.
        changes: lines of a Dockerfile that need no layer.
    """

    tag: str
    parent: str
    packages: Sequence[str]
    files: Mapping[str, bytes] = field(default_factory=dict)
    scripts: Sequence[Sequence[str]] = ()
    changes: Sequence[str] = ()


def ensure_layer(client: docker.DockerClient, layer: Layer, progress: Progress) -> None:
    """Install the packages, where the engine has no image of the layer's name yet.

    Raises:
        ImageError: a package cannot be had, or not in its pinned version. No image and no container is left.
    """
    if exists(client, layer.tag):
        return
    progress(f"making {layer.tag}")
    with Workshop(client, layer.parent, layer.tag, tmpfs=SCRATCH) as shop:
        shop.put(pack_tree(layer.files))
        if layer.packages:
            install(shop, layer.packages, progress)
        for script in layer.scripts:
            try:
                shop.run(script, progress)
            except ImageError as error:
                raise explain_choice(error) from error
        shop.run(["rm", "-rf", FOLDER], progress)
        shop.commit(layer.changes, progress)


def install(shop: Workshop, packages: Sequence[str], progress: Progress) -> None:
    """Install packages in a container."""
    try:
        shop.run(["sh", f"{FOLDER}/install.sh", *packages], progress)
    except ImageError as error:
        raise explain_choice(explain_pins(error)) from error


def explain_pins(error: ImageError) -> ImageError:
    """The same error, or a better one where packages have not their pinned versions."""
    pins = PIN.findall(error.cause)
    if not pins:
        return error
    found = ", ".join(f"`{name}` {wanted} (available: {available})" for name, wanted, available in pins)
    return ImageError(
        "Debian packages of runner.lock are not available any more",
        found,
        "`runner lock --upgrade-system` takes the new ones, or set `mirrors` to a snapshot",
    )


def explain_choice(error: ImageError, image: str = "") -> ImageError:
    """The same error, or a better one where a setting of Postgres names what cannot be had.

    Args:
        error: what came of it.
        image: of the user's, which is all there is to choose from; empty for Debian's packages.
    """
    if image and (useless := USELESS.search(error.cause)):
        hint = "it has to be Debian with Postgres's packages, such as the official images that are not of Alpine"
        return ImageError(f"cannot use the image `{image}` (`postgres.image`)", useless[1], hint)
    found = CHOICE.search(error.cause)
    if not found:
        return error
    kind, wanted, available = found[1], found[2], found[3].split()
    if kind == "postgres":
        # Only the wanted version's own release was looked through.
        available = sorted({*available, *RELEASES})
    key, hint = WISHES[kind]
    near = find_near(wanted, available)
    nobody = f"`{image}` has it not" if image else "no package has it"
    return ImageError(
        f"setting `tool.runner.postgres.{key}` is not valid: {wanted!r}",
        f"{nobody}; {'near ones' if len(near) < len(available) else 'there are'}: {', '.join(near)}",
        hint,
    )
