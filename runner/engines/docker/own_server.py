"""The server of an image of the user's own (`postgres.image`): its files, our start, and a data directory.

The image is flattened: a folder that it declares as a volume would leave one behind where the engine itself ends.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import docker

from runner.core.names import PREFIX
from runner.engines.docker.connect import translate
from runner.engines.docker.image_names import find_image
from runner.engines.docker.packages import FOLDER, explain_choice
from runner.engines.docker.rootfs import pull
from runner.engines.docker.suite_image import pack_tree
from runner.engines.docker.workshop import Workshop
from runner.engines.protocol import Progress
from runner.errors import ImageError

MADE_OF = f"{PREFIX}.made-of"
"""The label with the id of the image that it was made of: a name may lead to another one by now."""

PYTHON = f"{FOLDER}/python.tar"

PROGRAMS = "/usr/lib/ephemeral-runner/postgres"
"""A link to the folder of the server's programs."""

DROPPED = ("LANG", "PATH", "PGDATA")
"""Variables of the image that are ours to decide."""

HINT = "load it into the engine (`docker load`), build it (`docker build --tag`), or correct the name"


@dataclass(frozen=True)
class OwnServer:
    """The image to have.

    Attributes:
        tag: its name.
        parent: our base, which has Python.
        reference: the user's image.
        files: by path, as in `runner.engines.docker.packages.Layer`.
        script: the command line that makes it ready.
        changes: lines of a Dockerfile.
    """

    tag: str
    parent: str
    reference: str
    files: Mapping[str, bytes]
    script: Sequence[str]
    changes: Sequence[str]


def look_up(client: docker.DockerClient, name: str) -> dict[str, Any]:
    """What the engine says of an image; nothing where it has none of that name."""
    with translate(f"cannot look up the image `{name}`"):
        return find_image(client.api, name)


def is_current(client: docker.DockerClient, server: OwnServer) -> bool:
    """Whether the engine has the image, made of what the user's name leads to now, if it leads to anything."""
    made = look_up(client, server.tag)
    if not made:
        return False
    given = look_up(client, server.reference)
    return not given or (made["Config"].get("Labels") or {}).get(MADE_OF) == given["Id"]


def ensure_own_server(client: docker.DockerClient, server: OwnServer, progress: Progress) -> None:
    """Make the image, where the engine has none such.

    Raises:
        ImageError: the user's image cannot be had, or used. No image and no container is left.
    """
    if is_current(client, server):
        return
    if refused := pull(client, server.reference, progress):
        raise ImageError(f"cannot get the image `{server.reference}` (`postgres.image`)", refused, HINT)
    progress(f"making {server.tag} of {server.reference}")
    given = look_up(client, server.reference)
    with (
        Workshop(client, given["Id"], server.tag) as shop,
        Workshop(client, server.parent, server.tag) as base,
    ):
        shop.put(pack_tree(server.files))
        base.put(pack_tree(server.files))
        base.run(["sh", f"{FOLDER}/python.sh", PYTHON], progress)
        shop.take(base, PYTHON, progress)
        try:
            shop.run(server.script, progress)
        except ImageError as error:
            raise explain_choice(error, server.reference) from error
        shop.run(["rm", "-rf", FOLDER], progress)
        shop.flatten([*server.changes, *make_changes(given)], progress)


def make_changes(given: Mapping[str, Any]) -> Iterator[str]:
    """The lines that keep what the user's image has set, and tell which image it was."""
    variables = dict(each.split("=", 1) for each in given["Config"].get("Env") or ())
    path = variables.get("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
    kept = {name: text for name, text in variables.items() if name not in DROPPED}
    for name, text in {**kept, "LANG": "C.UTF-8", "PATH": f"{PROGRAMS}:{path}"}.items():
        yield f"ENV {name}={quote(text)}"
    yield f"LABEL {MADE_OF}={given['Id']}"


def quote(text: str) -> str:
    """A value as a Dockerfile has it."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("$", "\\$").replace("\n", " ")
    return f'"{escaped}"'
