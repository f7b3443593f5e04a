"""Debian packages as a layer of an image: installed in a container of ours, so that no step of a Dockerfile shows how.

The certificates, the mirrors and the pins are in that container while it works, and not in what is kept of it.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import docker

from runner.engines.docker.build import exists
from runner.engines.docker.suite_image import pack_tree
from runner.engines.docker.workshop import Workshop
from runner.engines.protocol import Progress
from runner.errors import ImageError

FOLDER = "/build"
"""Where the scripts are while they run."""

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
            shop.run(script, progress)
        shop.run(["rm", "-rf", FOLDER], progress)
        shop.commit(layer.changes, progress)


def install(shop: Workshop, packages: Sequence[str], progress: Progress) -> None:
    """Install packages in a container."""
    try:
        shop.run(["sh", f"{FOLDER}/install.sh", *packages], progress)
    except ImageError as error:
        raise explain_pins(error) from error


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
