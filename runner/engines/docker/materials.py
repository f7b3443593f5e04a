"""Reads the bill of materials of an image: the packages of dpkg and the distributions of /opt/venv."""

import tarfile
from collections.abc import Callable
from email.parser import HeaderParser

import docker
from docker.errors import NotFound

from runner.core.materials import Material, parse_debian
from runner.engines.docker.connect import translate
from runner.engines.docker.contents import create_unstarted, inspect
from runner.engines.docker.stream import PIECE, open_answer

STATUS = "/var/lib/dpkg/status"
CHECKSUMS = "/usr/share/ephemeral-runner/debian.tsv"
ENVIRONMENT = "/opt/venv/lib"

Wanted = Callable[[str], bool]


def read_materials(client: docker.DockerClient, image: str) -> list[Material]:
    """The packages in an image, sorted; what it lacks, such as an environment of Python, counts as empty.

    Raises:
        ImageError: the engine has no such image.
        EngineError: the engine failed in the middle.
    """
    identity = inspect(client, image)["Id"]
    with translate(f"cannot read the packages of the image `{image}`"), create_unstarted(client, identity) as container:
        status = read_files(client, container, STATUS, lambda _: True)
        checksums = read_files(client, container, CHECKSUMS, lambda _: True)
        metadata = read_files(client, container, ENVIRONMENT, lambda name: name.endswith(".dist-info/METADATA"))
    debian = parse_debian("".join(status.values()), "".join(checksums.values()))
    return sorted([*debian, *map(parse_metadata, metadata.values())])


def read_files(client: docker.DockerClient, container: str, path: str, wanted: Wanted) -> dict[str, str]:
    """Texts of a container's files, by name: the file of a path, or those below it that are wanted."""
    try:
        with (
            open_answer(client.api, f"/containers/{container}/archive", path=path) as stream,
            tarfile.open(fileobj=stream, mode="r|", bufsize=PIECE, encoding="utf-8") as archive,
        ):
            return {
                member.name: file.read().decode(errors="replace")
                for member in archive
                if member.isfile() and wanted(member.name) and (file := archive.extractfile(member))
            }
    except NotFound:
        return {}


def parse_metadata(text: str) -> Material:
    """A distribution from its METADATA, which begins as a mail does."""
    headers = HeaderParser().parsestr(text, headersonly=True)
    return Material("python", headers["Name"], headers["Version"])
