"""Files that go into a container, and folders of its image that everybody may write to."""

import io
import tarfile
from collections.abc import Mapping
from typing import Any

from docker.api.client import APIClient
from docker.utils import decode_json_header

from runner.errors import SettingsError

DIRECTORY = 1 << 31
"""The bit of a folder in what the engine calls a mode, which is Go's FileMode."""


def pack_files(files: Mapping[str, bytes]) -> bytes:
    """A tar file of files, by path, that everybody may read and nobody but root may write to."""
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w") as archive:
        add_files(archive, files)
    return target.getvalue()


def add_files(archive: tarfile.TarFile, files: Mapping[str, bytes], folder: str = "") -> None:
    """Add files below a folder; those in its `bin` can be executed."""
    for name, content in files.items():
        member = tarfile.TarInfo(f"{folder}{name}")
        member.size, member.mode = len(content), 0o555 if name.startswith("bin/") else 0o444
        archive.addfile(member, io.BytesIO(content))


def open_folder(api: APIClient, container_id: str, path: str) -> None:
    """Let everybody write to a folder of a container, which is made where it is missing.

    Raises:
        SettingsError: there is something else of that name.
    """
    found = find_stat(api, container_id, path)
    # The engine has followed a link to its end. A folder in the place of the link would hide what is there.
    target = found.get("linkTarget") or path
    if target != path:
        found = find_stat(api, container_id, target)
    if found and not found["mode"] & DIRECTORY:
        raise SettingsError(f"cannot make `{path}` writable (`writable`)", "in the environment this is no folder")
    api.put_archive(container_id, "/", pack_folder(target.lstrip("/")))


def find_stat(api: APIClient, container_id: str, path: str) -> dict[str, Any]:
    """What the engine says of a path in a container; empty where there is none."""
    url = f"{api.base_url}/v{api.api_version}/containers/{container_id}/archive"
    answer = api.head(url, params={"path": path}, timeout=api.timeout)
    header = answer.headers.get("X-Docker-Container-Path-Stat")
    found: dict[str, Any] = decode_json_header(header) if header else {}
    return found


def pack_folder(path: str) -> bytes:
    """A tar file of one folder that everybody may write to, where each may remove only what is its own."""
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w") as archive:
        member = tarfile.TarInfo(path)
        member.type, member.mode = tarfile.DIRTYPE, 0o1777
        archive.addfile(member)
    return target.getvalue()
