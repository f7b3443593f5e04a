"""Finds files of an image that are not what their own packages say: dpkg's checksums, and RECORD of distributions."""

import csv
import hashlib
import re
from base64 import urlsafe_b64decode
from collections.abc import Iterator
from posixpath import dirname, normpath

import docker

from runner.core.contents import Entry
from runner.engines.docker.contents import read_contents

LISTS = re.compile(r"/var/lib/dpkg/info/[^/]+\.md5sums|/opt/venv/lib/.*\.dist-info/RECORD")


def find_tampered(client: docker.DockerClient, image: str) -> list[str]:
    """The paths, sorted, of files whose content is not what was installed. Files that were removed do not count.

    It names files where no listing of the image as it was is at hand; what no package owns it cannot judge.

    Raises:
        ImageError: the engine has no such image.
        EngineError: the engine failed in the middle.
    """
    hashes: dict[str, dict[str, str]] = {}
    lists: dict[str, str] = {}

    def look(entry: Entry, content: bytes) -> None:
        # MD5 is what dpkg has; it finds a changed byte, not an adversary.
        hashes[entry.path] = {"md5": hashlib.md5(content, usedforsecurity=False).hexdigest(), "sha256": entry.sha256}
        if LISTS.fullmatch(entry.path):
            lists[entry.path] = content.decode(errors="surrogateescape")

    read_contents(client, image, look)
    expected = [each for path, text in lists.items() for each in read_list(path, text)]
    return sorted({path for path, kind, value in expected if path in hashes and hashes[path][kind] != value})


def read_list(path: str, text: str) -> Iterator[tuple[str, str, str]]:
    """What a package's list expects of its files: path, kind of hash, hexadecimal hash."""
    if path.endswith("/RECORD"):
        site = dirname(dirname(path))
        for name, recorded, *_ in filter(None, csv.reader(text.splitlines())):
            kind, _, value = recorded.partition("=")
            if kind == "sha256":
                yield normpath(f"{site}/{name}"), kind, urlsafe_b64decode(f"{value}==").hex()
    else:
        for line in text.splitlines():
            value, _, name = line.partition("  ")
            yield f"/{name}", "md5", value
