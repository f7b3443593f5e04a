"""What is known of images, kept in the results folder: digests by image id, listings by digest, programs in them."""

import hashlib
import io
import json
import lzma
import tarfile
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from runner.core.contents import Contents, make_listing, parse_listing


@contextmanager
def open_whole(path: Path) -> Iterator[IO[bytes]]:
    """A file to write that takes its name only once it is whole; after an error nothing is left of it.

    Raises:
        OSError: its folder is not there, or cannot be written.
    """
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
        try:
            yield file
            file.close()
            # A temporary file is its owner's alone; this one is like any other.
            Path(file.name).chmod(0o644)
            Path(file.name).replace(path)
        except BaseException:
            Path(file.name).unlink(missing_ok=True)
            raise


def read_digests(cache: Path) -> dict[str, str]:
    """The known content digests by image id; none where the file is missing or damaged."""
    try:
        found = json.loads(cache.read_bytes())
    except (OSError, ValueError):
        return {}
    return {str(key): str(value) for key, value in found.items()} if isinstance(found, dict) else {}


def keep_digest(cache: Path, image_id: str, digest: str) -> None:
    """Add a digest to the known ones."""
    cache.parent.mkdir(parents=True, exist_ok=True)
    with open_whole(cache) as file:
        file.write(json.dumps(read_digests(cache) | {image_id: digest}, indent=1, sort_keys=True).encode())


def find_listing(folder: Path, digest: str) -> Path:
    """Where the listing with a digest is kept."""
    return folder / f"{digest.removeprefix('sha256:')}.xz"


def keep_listing(folder: Path, digest: str, contents: Contents) -> None:
    """Keep the listing of an image, so that another one can be compared with it later."""
    folder.mkdir(parents=True, exist_ok=True)
    with open_whole(find_listing(folder, digest)) as file:
        file.write(lzma.compress(make_listing(contents).encode(), preset=1))


def load_listing(folder: Path, digest: str) -> Contents | None:
    """The image with a digest, or None where its listing is not kept, or is damaged."""
    try:
        text = lzma.decompress(find_listing(folder, digest).read_bytes())
    except (OSError, lzma.LZMAError):
        return None
    return parse_listing(text.decode()) if f"sha256:{hashlib.sha256(text).hexdigest()}" == digest else None


def keep_files(path: Path, files: Mapping[str, bytes]) -> None:
    """Keep files that came out of an image, in the place of any others; where that cannot be, there are none."""
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        for old in path.parent.iterdir():
            old.unlink(missing_ok=True)
        with open_whole(path) as file, tarfile.open(fileobj=file, mode="w") as archive:
            for name, content in files.items():
                member = tarfile.TarInfo(name)
                member.size = len(content)
                archive.addfile(member, io.BytesIO(content))


def load_files(path: Path) -> dict[str, bytes]:
    """Files that were kept; none where they were not, or are damaged."""
    with suppress(OSError, tarfile.TarError), tarfile.open(path) as archive:
        return {each.name: file.read() for each in archive if (file := archive.extractfile(each))}
    return {}
