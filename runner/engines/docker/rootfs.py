"""The root file system that the base starts from: an image of a registry with packages added, or all from packages.

Without a registry, mmdebstrap makes it in a container. With an empty engine that container's image is empty too, and
has the programs of the engine's own machine in it, which has apt wherever it is a Debian or an Ubuntu.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import docker
from docker.errors import APIError, DockerException
from docker.types import Mount
from requests.exceptions import RequestException

from runner.core.names import make_image_tag
from runner.core.pins import Source
from runner.engines.docker.build import exists, find_hint
from runner.engines.docker.connect import explain, translate
from runner.engines.docker.errand import FOLDER, Errand, open_errand
from runner.engines.docker.image_names import name_image, name_where_free
from runner.engines.docker.packages import Layer, ensure_layer, explain_pins
from runner.engines.protocol import Progress
from runner.errors import EngineError, ImageError

PACKAGES = ("ca-certificates", "python3", "python3-venv")
BOOTSTRAPPING = ("bootstrap.sh", "exclude.sh", "settings.sh", "tidy.sh", "unchecked.py")
"""Files of images/base that decide what is made."""

BORROWED = ("/bin", "/sbin", "/lib", "/lib64", "/usr", "/etc/apt", "/etc/ssl", "/etc/alternatives", "/var/lib/apt")
"""Folders of the engine's machine that its own apt and Perl need."""

LOADERS_IN_LIB64 = {"amd64"}
"""Architectures whose programs are loaded from /lib64, which others do not have (Debian's libc6)."""

WITHOUT_APT = 42
"""Exit code of bootstrap.sh."""

HINT = "set `base_image` to an image of Debian 13 that the engine can pull, or load one: `docker load`"


@dataclass(frozen=True)
class Rootfs:
    """The root file system to have.

    Attributes:
        tag: name and fingerprint.
        reference: the image of a registry; empty for none.
        source: where it has to come from; None is the registry if it can be reached, else the packages.
        files: what bootstrap.sh and install.sh read beside themselves, and the scripts.
        shared: another name for it, where it is made from packages of no certain version; images/base/rootfs.sh finds
            the name without Python.
    """

    tag: str
    reference: str
    source: Source | None = None
    files: Mapping[str, bytes] = field(default_factory=dict)
    shared: str = ""


def make_shared_tag(files: Mapping[str, bytes]) -> str:
    """The name for what the scripts make of the newest packages, as rootfs.sh has it."""
    content = b"".join(files[name] for name in BOOTSTRAPPING) + f"{','.join(PACKAGES)}\n".encode()
    return make_image_tag("rootfs", hashlib.sha256(content).hexdigest()[:16])


def ensure_rootfs(client: docker.DockerClient, rootfs: Rootfs, progress: Progress) -> None:
    """Make the root file system, where the engine has none of its name yet.

    Raises:
        ImageError: neither a registry nor Debian's packages could give it.
    """
    if exists(client, rootfs.tag):
        return
    refused = "runner.lock says `packages`" if rootfs.source == "packages" else pull(client, rootfs.reference, progress)
    if not refused:
        ensure_layer(client, make_layer(rootfs), progress)
        return
    if rootfs.source == "registry":
        raise ImageError(
            f"cannot get the base image `{rootfs.reference}`",
            f"{refused}; runner.lock says that it comes from a registry",
            "correct `base_image`, or lock again: `runner lock --upgrade-system`",
        )
    if rootfs.shared and exists(client, rootfs.shared):
        progress(f"no registry ({refused}); Debian 13 was made from its packages before")
        name_image(client.api, rootfs.shared, rootfs.tag)
        return
    progress(f"no registry ({refused}); making Debian 13 from its packages")
    bootstrap(client, rootfs, refused, progress)


def make_layer(rootfs: Rootfs) -> Layer:
    """The packages on top of the registry's image."""
    files = {f"{FOLDER.lstrip('/')}/{name}": content for name, content in rootfs.files.items()}
    return Layer(rootfs.tag, rootfs.reference, PACKAGES, files)


def pull(client: docker.DockerClient, reference: str, progress: Progress) -> str:
    """Pull the image if the engine does not have it; the reason as text when that cannot be done."""
    if not reference:
        return "`base_image` is empty"
    if exists(client, reference):
        return ""
    progress(f"pulling {reference}")
    try:
        client.images.pull(reference)
    except (APIError, DockerException, RequestException) as error:
        return explain(error)
    return ""


def bootstrap(client: docker.DockerClient, rootfs: Rootfs, refused: str, progress: Progress) -> None:
    """Make it from packages, in the first container that can."""
    reasons = [f"no registry ({refused})"]
    for image, options, files in list_workplaces(client):
        argv = [f"{FOLDER}/bootstrap.sh", ",".join(PACKAGES)]
        try:
            with open_errand(client, image, argv, {**rootfs.files, **files}, **options) as errand:
                made = import_output(client, errand, progress)
                if errand.code == 0:
                    name_where_free(client.api, made, [*filter(None, (rootfs.shared, rootfs.tag))])
                    return
                if errand.code != WITHOUT_APT:
                    raise explain_pins(errand.explain(f"cannot make the image `{rootfs.tag}` from Debian's packages"))
                reasons.append("the engine's machine has no apt-get")
        except EngineError as error:
            reasons.append(error.cause)
    raise ImageError("cannot get a Debian base image", "; ".join(reasons), HINT)


def list_workplaces(client: docker.DockerClient) -> Iterator[tuple[str, dict[str, Any], dict[str, bytes]]]:
    """Images that mmdebstrap can run in, the likeliest first, each with a container's options and more files for it."""
    scratch = {f"{FOLDER}/work": "exec,dev,suid", "/tmp": "exec"}  # noqa: S108 -- the container's own
    with translate("cannot ask the engine for its architecture"):
        lib64 = client.version()["Arch"] in LOADERS_IN_LIB64
        mounts = [Mount(path, path, "bind", read_only=True) for path in BORROWED if lib64 or path != "/lib64"]
        empty = read_id(client.api.import_image_from_data(b""))
    try:
        yield empty, {"mounts": mounts, "tmpfs": scratch}, {"is-host": b"yes"}
    finally:
        with suppress(APIError):
            client.api.remove_image(empty, force=True)
    for image in find_debians(client):
        yield image, {"tmpfs": scratch}, {}


def find_debians(client: docker.DockerClient) -> list[str]:
    """Images of ours that the engine has, by id."""
    return [str(image["Id"]) for image in client.api.images(filters={"label": "ephemeral-runner.image=base"})]


def find_obstacle(client: docker.DockerClient) -> str:
    """Why no root file system can be made from packages; empty where one can."""
    reason = "no image"
    for image, options, files in list_workplaces(client):
        looking = {**files, "look.sh": b"command -v apt-get >/dev/null && command -v perl >/dev/null"}
        try:
            with open_errand(client, image, [f"{FOLDER}/look.sh"], looking, **options) as errand:
                for _ in errand.listen(lambda _: None):
                    pass
                if errand.code == 0:
                    return ""
                reason = "the engine's machine has no apt-get"
        except EngineError as error:
            reason = error.cause
    return reason


def import_output(client: docker.DockerClient, errand: Errand, progress: Progress) -> str:
    """Make an image without a name of what an errand writes; its id, or nothing if that was no whole file."""
    try:
        made = read_id(client.api.import_image_from_data(errand.listen(progress)))
    except (APIError, RequestException) as error:
        if errand.code == 0:
            raise ImageError("cannot import the root file system", explain(error), find_hint(explain(error))) from error
        return ""
    if made and errand.code != 0:
        client.api.remove_image(made)
        return ""
    return made


def read_id(answer: str) -> str:
    """The image's id in the engine's answer to an import."""
    last = json.loads(answer.strip().splitlines()[-1])
    if "error" in last:
        raise APIError(last["error"])
    return str(last["status"])
