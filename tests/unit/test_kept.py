"""Digests and listings that are kept in the results folder."""

import lzma

import pytest

from runner.core.contents import Contents, Entry, ImageConfig, make_digest
from runner.project.kept import find_listing, keep_digest, keep_listing, load_listing, open_whole, read_digests

pytestmark = pytest.mark.unit

IMAGE = Contents((Entry("/a", "file", 0o644, 0, 0, "", "a" * 64),), ImageConfig((), (), (), "", "/", "amd64"))
DIGEST = make_digest(IMAGE)


def test_digests_are_kept_beside_each_other(tmp_path):
    cache = tmp_path / "results" / "images.json"
    keep_digest(cache, "one", DIGEST)
    keep_digest(cache, "other", "sha256:1")
    assert read_digests(cache) == {"one": DIGEST, "other": "sha256:1"}
    assert [each.name for each in cache.parent.iterdir()] == ["images.json"]


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff"])
def test_a_damaged_file_is_as_good_as_none(tmp_path, content):
    (tmp_path / "images.json").write_bytes(content)
    assert read_digests(tmp_path / "images.json") == {}


def test_a_listing_is_kept_under_its_digest(tmp_path):
    keep_listing(tmp_path / "images", DIGEST, IMAGE)
    assert load_listing(tmp_path / "images", DIGEST) == IMAGE


def test_a_listing_that_is_not_there_is_none(tmp_path):
    assert load_listing(tmp_path, DIGEST) is None


@pytest.mark.parametrize("content", [b"", b"x", lzma.compress(b"[]\n")])
def test_a_listing_that_does_not_fit_its_digest_is_none(tmp_path, content):
    find_listing(tmp_path, DIGEST).write_bytes(content)
    assert load_listing(tmp_path, DIGEST) is None


def fail_while_writing(path):
    with open_whole(path) as file:
        file.write(b"half")
        raise KeyboardInterrupt


def test_nothing_half_made_is_left(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"before")
    with pytest.raises(KeyboardInterrupt):
        fail_while_writing(path)
    assert [(each.name, each.read_bytes()) for each in tmp_path.iterdir()] == [("file", b"before")]
