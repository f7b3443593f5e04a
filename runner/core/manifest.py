"""What a bundle says of itself: its run, and a checksum for each of its files. Pure."""

import hashlib
import re
from collections.abc import Mapping
from pathlib import PurePosixPath

import msgspec

from runner.errors import SettingsError

FORMAT = 1
"""Raised when older versions of the runner cannot read bundles any more."""

NAME = "bundle.json"
"""The first file of a bundle."""

RUN = re.compile(r"\w[\w-]*")
"""What a run's id looks like: it becomes the name of a folder."""

AGAIN = "make it again: `runner bundle`"


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """The first file of a bundle.

    Attributes:
        format: `FORMAT`.
        run: the run's id.
        files: SHA-256 in hex by path relative to the run's folder.
    """

    format: int
    run: str
    files: dict[str, str]


def make_manifest(run: str, files: Mapping[str, bytes]) -> bytes:
    """The manifest of files."""
    sums = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    return msgspec.json.encode(Manifest(format=FORMAT, run=run, files=sums))


def parse_manifest(data: bytes, place: str) -> Manifest:
    """A bundle's manifest.

    Args:
        data: the file.
        place: the bundle's name, for errors.

    Raises:
        SettingsError: it is none, or of a newer format.
    """
    try:
        found = msgspec.json.decode(data)
        if isinstance(found, dict) and isinstance(found.get("format"), int) and found["format"] > FORMAT:
            cause = f"its format is {found['format']}; this version of the runner knows {FORMAT}"
            raise SettingsError(f"cannot read the bundle `{place}`", cause, "update ephemeral-runner")
        manifest = msgspec.convert(found, Manifest)
        if not RUN.fullmatch(manifest.run):
            raise refuse(place, "its run has no name of a run")
        return manifest
    except (msgspec.DecodeError, msgspec.ValidationError, RecursionError):
        raise refuse(place, "it is no bundle, or it is damaged") from None


def check_file(manifest: Manifest, name: str, content: bytes, place: str) -> None:
    """Look whether a file of a bundle is the one that its manifest means; raises SettingsError."""
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or manifest.files.get(name) != hashlib.sha256(content).hexdigest():
        raise refuse(place, f"`{name}` in it is damaged, or none of its own")


def refuse(place: str, cause: str) -> SettingsError:
    """The error for a bundle that cannot be used."""
    return SettingsError(f"cannot read the bundle `{place}`", cause, AGAIN)
