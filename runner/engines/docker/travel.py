"""Moves images between engines as one file, compressed by zstd; registry.py moves them through a registry."""

import json
import tarfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import docker
from requests.exceptions import RequestException

from runner.core.names import PREFIX
from runner.engines.docker.connect import translate
from runner.engines.docker.contents import inspect
from runner.engines.docker.stream import PIECE, Stream, open_answer
from runner.engines.protocol import Progress
from runner.errors import ImageError, find_reason
from runner.project.compression import make_options, zstd
from runner.project.kept import open_whole

LEVEL = 3
"""Of compression: images are large, and time counts more."""


def save(client: docker.DockerClient, tags: Sequence[str], target: Path, progress: Progress) -> int:
    """Write images to a file; its size in bytes. What was at its place before stays until the new one is whole.

    Raises:
        ImageError: the engine lacks one of them, or the file cannot be written.
        EngineError: the engine failed in the middle.
    """
    for tag in tags:
        inspect(client, tag)
    with translate(f"cannot read the images {', '.join(tags)}"):
        try:
            with (
                open_answer(client.api, "/images/get", names=[*tags]) as stream,
                open_whole(target) as file,
                zstd.open(file, "wb", options=make_options(LEVEL)) as packed,
            ):
                for piece in read_pieces(stream, progress):
                    packed.write(piece)
            return target.stat().st_size
        except RequestException:
            raise
        except OSError as error:
            raise ImageError(f"cannot write `{target}`", find_reason(error)) from None


def load(client: docker.DockerClient, source: Path, progress: Progress) -> list[str]:
    """Give an engine the images of a file; their names. The file is read to its end before the engine gets any of it.

    Raises:
        ImageError: the file is not whole, or is none of `save`, or the engine refuses it.
        EngineError: the engine failed in the middle.
    """
    names = read_names(source, progress)
    with translate(f"cannot load `{source}`"), zstd.open(source) as file:
        for message in client.api.load_image(read_pieces(file, progress)):  # type: ignore[no-untyped-call]
            if "error" in message:
                raise ImageError(f"cannot load `{source}`", str(message["error"]).strip())
    return names


def read_names(source: Path, progress: Progress) -> list[str]:
    """The names of the images in a file, which is whole and holds nothing but images of ours."""
    what, hint = f"cannot load `{source}`", "save it again: `runner image save`"
    try:
        with zstd.open(source) as file:
            with tarfile.open(fileobj=file, mode="r|") as archive:
                manifest = next((read_json(archive, each) for each in archive if each.name == "manifest.json"), None)
            for _ in read_pieces(file, progress):
                pass
    except (EOFError, tarfile.TarError, zstd.ZstdError, ValueError) as error:
        reason = "the file was cut off" if isinstance(error, EOFError) else "it is no file of images, or it is damaged"
        raise ImageError(what, reason, hint) from None
    except OSError as error:
        raise ImageError(what, find_reason(error)) from None
    names = [name for image in manifest or () for name in image.get("RepoTags") or ()]
    if strangers := [name for name in names if not name.startswith(f"{PREFIX}/")]:
        raise ImageError(what, f"it holds images that are not ours: {', '.join(strangers)}", hint)
    if not names:
        raise ImageError(what, "it holds no images", hint)
    return names


def read_json(archive: tarfile.TarFile, member: tarfile.TarInfo) -> Any:
    """One file of an archive."""
    file = archive.extractfile(member)
    return json.loads(file.read()) if file else None


def read_pieces(file: zstd.ZstdFile | Stream, progress: Progress) -> Iterator[bytes]:
    """What is left of a file."""
    while piece := file.read(PIECE):
        progress("")
        yield piece
