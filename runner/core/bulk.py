"""Says when a project's files are so many bytes that copying them takes long, and which file has the most. Pure."""

import io
import tarfile

from runner.core.keeping import MB

LARGE = 200 * MB
"""Bytes from which on it is said. Every container of a run gets a copy, and every worker of a sandbox one in memory."""


def describe_bulk(archive: bytes, large: int = LARGE) -> str:
    """How large a tar file of sources is, and its largest member, in words; empty where it is not large.

    Args:
        archive: the tar file, not compressed.
        large: bytes from which on it counts as large.
    """
    if len(archive) < large:
        return ""
    with tarfile.open(fileobj=io.BytesIO(archive)) as members:
        largest = max(members, key=lambda member: member.size)
    advice = "let git ignore it where no test reads it"
    return f"{len(archive) / MB:.0f} MB, {largest.size / MB:.0f} MB of it `{largest.name}`: {advice}"
