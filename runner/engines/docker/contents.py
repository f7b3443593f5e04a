"""Reads what an image holds, through a container that never starts, and keeps digests so that reading happens once."""

import hashlib
import secrets
import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import docker
from docker.errors import ImageNotFound

from runner.core.contents import Contents, Entry, EntryKind, ImageConfig, make_digest
from runner.core.names import make_labels
from runner.engines.docker.connect import explain, translate
from runner.engines.docker.stream import PIECE, open_answer
from runner.engines.owner import find_launcher, make_owner
from runner.errors import EngineError, ImageError
from runner.project.kept import keep_digest, keep_listing, read_digests

ENGINES_OWN = frozenset(
    ["/.dockerenv", "/etc/hosts", "/etc/hostname", "/etc/mtab", "/etc/resolv.conf", "/run/.containerenv"]
)
"""Files that an engine puts into containers. Source: `setupInitLayer` in moby, and Podman's documentation."""

ENGINES_FOLDERS = ("/dev/", "/proc/", "/sys/")
"""Folders that an engine makes and fills itself."""

Look = Callable[[Entry, bytes], None]
"""Hears of each file with its content, as it passes."""


def read_contents(client: docker.DockerClient, image: str, look: Look | None = None) -> Contents:
    """What an image holds: the same on every engine and storage driver.

    Args:
        client: the engine.
        image: name or id.
        look: hears of each file; hard links are not repeated.

    Raises:
        ImageError: the engine has no such image.
        EngineError: the engine failed in the middle.
    """
    config = read_config(client, image)
    what = f"cannot read the contents of the image `{image}`"
    with translate(what), create_unstarted(client, image) as container:
        try:
            with (
                open_answer(client.api, f"/containers/{container}/export") as stream,
                tarfile.open(
                    fileobj=stream, mode="r|", bufsize=PIECE, encoding="utf-8", errors="surrogateescape"
                ) as archive,
            ):
                return Contents(tuple(sorted(read_entries(archive, look))), config)
        except tarfile.TarError as error:
            raise EngineError(what, explain(error)) from error


def read_config(client: docker.DockerClient, image: str) -> ImageConfig:
    """How the engine starts the image."""
    found = inspect(client, image)
    config = found["Config"]
    return ImageConfig(
        environment=tuple(sorted(config.get("Env") or ())),
        entrypoint=tuple(config.get("Entrypoint") or ()),
        command=tuple(config.get("Cmd") or ()),
        user=config.get("User") or "",
        folder=config.get("WorkingDir") or "/",
        architecture=found["Architecture"],
    )


def inspect(client: docker.DockerClient, image: str) -> dict[str, Any]:
    """What the engine says of an image.

    Raises:
        ImageError: it has no such image.
    """
    with translate(f"cannot look up the image `{image}`"):
        try:
            found: dict[str, Any] = client.api.inspect_image(image)  # type: ignore[no-untyped-call]
        except ImageNotFound:
            raise ImageError(f"the engine has no image `{image}`", hint="`runner image build` builds it") from None
    return found


@contextmanager
def create_unstarted(client: docker.DockerClient, image: str) -> Iterator[str]:
    """The id of a container that is never started, and is removed whatever happens.

    Its labels let the next run remove it where this process is killed.
    """
    run = f"contents-{secrets.token_hex(3)}"
    labels = make_labels(run, "", "contents", make_owner(), datetime.now().astimezone(), find_launcher())
    # An image without a command cannot be made a container of, unless one is given.
    made = client.api.create_container(image, ["none"], labels=labels, network_disabled=True)
    try:
        yield made["Id"]
    finally:
        client.api.remove_container(made["Id"], v=True, force=True)


def read_entries(archive: tarfile.TarFile, look: Look | None) -> Iterator[Entry]:
    """The entries of a file system, without what the engine itself puts there."""
    files: dict[str, Entry] = {}
    for member in archive:
        path = f"/{member.name.removeprefix('./').strip('/')}"
        if path in ENGINES_OWN or path == "/" or f"{path}/".startswith(ENGINES_FOLDERS):
            continue
        if member.islnk():
            # Which of its names comes first, and so which one is the link, is up to the storage driver.
            yield replace(files[f"/{member.linkname.removeprefix('./').strip('/')}"], path=path)
            continue
        file = archive.extractfile(member) if member.isfile() else None
        content = file.read() if file else b""
        entry = make_entry(path, member, content)
        if entry.kind == "file":
            files[path] = entry
            if look:
                look(entry, content)
        yield entry


KINDS: dict[bytes, EntryKind] = {
    tarfile.DIRTYPE: "folder",
    tarfile.SYMTYPE: "link",
    tarfile.CHRTYPE: "device",
    tarfile.BLKTYPE: "device",
    tarfile.FIFOTYPE: "pipe",
}


def make_entry(path: str, member: tarfile.TarInfo, content: bytes) -> Entry:
    """One entry; the target of a device is its numbers."""
    kind = KINDS.get(member.type, "file")
    target = {"link": member.linkname, "device": f"{member.devmajor}:{member.devminor}"}.get(kind, "")
    digest = hashlib.sha256(content).hexdigest() if kind == "file" else ""
    return Entry(path, kind, member.mode & 0o7777, member.uid, member.gid, target, digest)


def find_digest(client: docker.DockerClient, image: str, cache: Path) -> str:
    """The content digest of an image: read at the first time, which takes seconds, and known from then on.

    An image's id is a hash of its layers and configuration, so that what is known of an id never changes. The listing
    is kept beside the cache, in a folder of its name without the ending.

    Args:
        client: the engine.
        image: name or id.
        cache: the project's `images.json`, in its results folder.
    """
    identity = inspect(client, image)["Id"]
    if known := read_digests(cache).get(identity):
        return known
    contents = read_contents(client, identity)
    digest = make_digest(contents)
    keep_listing(cache.with_suffix(""), digest, contents)
    keep_digest(cache, identity, digest)
    return digest
