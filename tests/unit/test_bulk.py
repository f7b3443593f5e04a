"""Which projects are told that their files are many bytes."""

import io
import tarfile

import pytest

from runner.core.bulk import describe_bulk

pytestmark = pytest.mark.unit


def pack(**sizes):
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w") as archive:
        for name, size in sizes.items():
            member = tarfile.TarInfo(name)
            member.size = size
            archive.addfile(member, io.BytesIO(bytes(size)))
    return target.getvalue()


def test_large_sources_are_told_with_their_largest_file():
    said = describe_bulk(pack(small=10, dump=3_000_000, code=500_000), 3_000_000)
    assert said == "4 MB, 3 MB of it `dump`: let git ignore it where no test reads it"


def test_of_others_nothing_is_said():
    assert describe_bulk(pack(code=500_000)) == ""
