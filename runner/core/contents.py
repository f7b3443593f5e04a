"""The contents of an image: a canonical listing of its file system and its configuration. Pure."""

import hashlib
import json
from dataclasses import asdict, astuple, dataclass
from typing import Any, Literal

VERSION = 1
"""Of the canonical listing. Raised when images count as changed although no file of theirs did."""

EntryKind = Literal["file", "folder", "link", "device", "pipe"]


@dataclass(frozen=True, order=True)
class Entry:
    """One path of a file system; times are left out on purpose.

    Attributes:
        path: absolute.
        kind: a hard link counts as the file that it is.
        mode: permission bits, with set-user-id and the like.
        uid: owner.
        gid: group.
        target: of a symbolic link; else empty.
        sha256: of a file's content, 64 hex digits; else empty.
    """

    path: str
    kind: EntryKind
    mode: int
    uid: int
    gid: int
    target: str = ""
    sha256: str = ""


@dataclass(frozen=True)
class ImageConfig:
    """What an engine starts a container of the image with.

    Attributes:
        environment: `NAME=value`, sorted.
        entrypoint: argv.
        command: argv.
        user: name or id.
        folder: the working directory.
        architecture: such as `amd64`.
    """

    environment: tuple[str, ...]
    entrypoint: tuple[str, ...]
    command: tuple[str, ...]
    user: str
    folder: str
    architecture: str


@dataclass(frozen=True)
class Contents:
    """An image without its times and layers; entries are sorted by path."""

    entries: tuple[Entry, ...]
    config: ImageConfig


def make_listing(contents: Contents) -> str:
    """The canonical text of an image: a line of JSON for the configuration, then one for each entry, in ASCII.

    JSON keeps a path apart from what follows it, whatever letters the path holds.
    """
    rows = [[VERSION, *asdict(contents.config).values()], *(astuple(each) for each in sorted(contents.entries))]
    return "".join(f"{json.dumps(row, separators=(',', ':'))}\n" for row in rows)


def parse_listing(text: str) -> Contents:
    """The image of a canonical text.

    Raises:
        ValueError: the text is none.
    """
    try:
        (version, *config), *rows = map(json.loads, text.splitlines())
        if version != VERSION:
            raise ValueError(f"version {version}")
        parts: list[Any] = [tuple(part) if isinstance(part, list) else part for part in config]
        return Contents(tuple(Entry(*row) for row in rows), ImageConfig(*parts))
    except TypeError as error:
        raise ValueError(str(error)) from error


def make_digest(contents: Contents) -> str:
    """The content digest, such as `sha256:5891b5b5...`: the same for all images with these files and this start."""
    return f"sha256:{hashlib.sha256(make_listing(contents).encode()).hexdigest()}"
