"""What a suite container that a person works in has beside a run's: the project's own folder, its owner, our files."""

import io
import tarfile
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

import docker
from docker.api.client import APIClient
from docker.errors import APIError
from docker.types import Mount

from runner.core.hardening import STEP_DOWN
from runner.core.places import FILES, FOLDERS, PROJECT, READY, RESULTS
from runner.engines.docker.connect import explain
from runner.engines.docker.files import add_files, find_stat
from runner.engines.docker.place import is_remote
from runner.engines.protocol import Access
from runner.errors import SettingsError
from runner.project.load import find_mark

SUITE = 1000
"""The suite's user and group; images/suite makes them."""

COPY_HINT = "`--copy` works on a private copy of the project"


def make_options(client: docker.DockerClient, access: Access) -> dict[str, Any]:
    """Options of `docker.models.containers.create`, beside those of every suite container.

    Raises:
        SettingsError: the engine is on another machine, so that it cannot see the folder.
    """
    options: dict[str, Any] = {"cap_add": STEP_DOWN} if access.is_root else {}
    if access.folder is None:
        return options
    if is_remote(client.api.base_url):
        cause = f"the engine at `{client.api.base_url}` has no folders of this machine"
        raise SettingsError(f"cannot mount `{access.folder}`", cause, COPY_HINT)
    uid, gid = find_user(client, access.folder)
    mount = Mount(PROJECT, str(access.folder), type="bind")
    return {**options, "mounts": [mount], "user": f"{uid}:{gid}"}


def find_user(client: docker.DockerClient, folder: Path) -> tuple[int, int]:
    """Whom the container's processes belong to: the project's owner, so that what they write is the caller's.

    A rootless engine shows the caller's files as root's.
    """
    if any("rootless" in each for each in client.info().get("SecurityOptions") or ()):
        return 0, 0
    owner = folder.stat()
    return owner.st_uid, owner.st_gid


def equip(client: docker.DockerClient, container: str, access: Access) -> None:
    """Put our files into a container that was made, and give our folders to its user."""
    user = client.api.inspect_container(container)["Config"]["User"] if access.folder is not None else ""
    uid, gid = map(int, user.split(":")) if user else (SUITE, SUITE)
    client.api.put_archive(container, "/", pack(access.files, uid, gid))
    if uid not in {0, SUITE}:
        name_user(client, container, uid, gid)


def pack(files: Mapping[str, bytes], uid: int, gid: int) -> bytes:
    """A tar file of our files, and of the folders that the container's user writes to."""
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w") as archive:
        for folder in dict.fromkeys(["/run/runner", FILES, FOLDERS, READY, RESULTS, *list_folders(files)]):
            member = tarfile.TarInfo(folder.lstrip("/"))
            member.type, member.mode, member.uid, member.gid = tarfile.DIRTYPE, 0o755, uid, gid
            archive.addfile(member)
        add_files(archive, files, f"{FILES}/".lstrip("/"))
    return target.getvalue()


def list_folders(files: Mapping[str, bytes]) -> Iterator[str]:
    """The folders that files are in."""
    for name in files:
        yield from (f"{FILES}/{each}" for each in reversed(PurePosixPath(name).parents) if each.name)


def check_mount(api: APIClient, container: str, folder: Path) -> None:
    """Look whether what the engine mounted is our folder: its socket may be forwarded from another machine.

    Raises:
        SettingsError: it is another.
    """
    mark = find_mark(folder)
    try:
        found = find_stat(api, container, f"{PROJECT}/{mark.name}")
    except APIError as error:
        raise SettingsError(f"cannot mount `{folder}`", explain(error), COPY_HINT) from None
    if found.get("size") != mark.stat().st_size:
        cause = "the engine has another folder of that name, or none: it is on another machine, or in a container"
        raise SettingsError(f"cannot mount `{folder}`", cause, COPY_HINT)


def name_user(client: docker.DockerClient, container: str, uid: int, gid: int) -> None:
    """Let the user `suite` have these numbers: programs ask for the name of their user."""
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w") as archive:
        for name in ("passwd", "group"):
            chunks, _ = client.api.get_archive(container, f"/etc/{name}")
            with tarfile.open(fileobj=io.BytesIO(b"".join(chunks))) as found:
                file = found.extractfile(name)
                text = file.read().decode() if file else ""
            member = tarfile.TarInfo(f"etc/{name}")
            content = "".join(f"{renumber(line, uid, gid)}\n" for line in text.splitlines()).encode()
            member.size, member.mode = len(content), 0o644
            archive.addfile(member, io.BytesIO(content))
    client.api.put_archive(container, "/", target.getvalue())


def renumber(line: str, uid: int, gid: int) -> str:
    """A line of /etc/passwd or /etc/group with new numbers, if it is the suite's."""
    match line.split(":"):
        case ["suite", password, _, _, *rest] if len(rest) > 1:
            return ":".join(["suite", password, str(uid), str(gid), *rest])
        case ["suite", password, _, members]:
            return ":".join(["suite", password, str(gid), members])
        case _:
            return line
