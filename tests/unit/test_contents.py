"""The content digest: every field of every entry counts, the order does not, and the listing can be read back."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.core.contents import Contents, Entry, ImageConfig, make_digest, make_listing, parse_listing

pytestmark = pytest.mark.unit

CONFIG = ImageConfig(("A=1",), ("python3",), ("-m", "x"), "suite", "/project", "amd64")
TEXT = st.text(st.characters(codec=None, categories=None), max_size=8)
HASHES = st.sampled_from(["", "a" * 64, "b" * 64])
KINDS = st.sampled_from(["file", "folder", "link", "device", "pipe"])
NUMBERS = st.integers(0, 0o7777)
ENTRIES = st.lists(
    st.builds(Entry, TEXT.map(lambda name: f"/{name}"), KINDS, NUMBERS, NUMBERS, NUMBERS, TEXT, HASHES),
    max_size=5,
    unique_by=lambda each: each.path,
)
WORDS = st.lists(TEXT, max_size=3).map(tuple)
CONFIGS = st.builds(ImageConfig, WORDS, WORDS, WORDS, TEXT, TEXT, TEXT)


def make(*entries, config=CONFIG):
    return Contents(entries, config)


@pytest.mark.smoke
def test_a_digest_names_its_algorithm():
    kind, _, value = make_digest(make()).partition(":")
    assert kind == "sha256"
    assert len(bytes.fromhex(value)) == 32


def test_the_digest_of_this_version_of_the_listing_stays():
    """It is in files that projects commit: whoever changes the listing raises its version and says so."""
    contents = make(Entry("/a", "file", 0o644, 0, 0, "", "a" * 64), Entry("/b", "link", 0o777, 0, 0, "a"))
    assert make_listing(contents) == (
        '[1,["A=1"],["python3"],["-m","x"],"suite","/project","amd64"]\n'
        f'["/a","file",420,0,0,"","{"a" * 64}"]\n'
        '["/b","link",511,0,0,"a",""]\n'
    )


@given(ENTRIES, CONFIGS, st.randoms())
def test_the_order_of_the_entries_does_not_count(entries, config, random):
    shuffled = random.sample(entries, len(entries))
    assert make_digest(make(*entries, config=config)) == make_digest(make(*shuffled, config=config))


@given(ENTRIES, CONFIGS)
def test_a_listing_is_read_back_as_it_was(entries, config):
    contents = make(*sorted(entries), config=config)
    assert parse_listing(make_listing(contents)) == contents


@given(ENTRIES, ENTRIES, CONFIGS, CONFIGS)
def test_different_images_have_different_listings(one, other, config, other_config):
    same = (sorted(one), config) == (sorted(other), other_config)
    assert (make_listing(make(*one, config=config)) == make_listing(make(*other, config=other_config))) is same


@pytest.mark.parametrize(
    "change",
    [
        {"path": "/b"},
        {"kind": "pipe"},
        {"mode": 0o4644},
        {"uid": 1},
        {"gid": 1},
        {"target": "/c"},
        {"sha256": "b" * 64},
    ],
)
def test_every_field_of_an_entry_counts(change):
    entry = Entry("/a", "file", 0o644, 0, 0, "", "a" * 64)
    assert make_digest(make(entry)) != make_digest(make(replace(entry, **change)))


@pytest.mark.parametrize(
    "change",
    [
        {"environment": ("A=2",)},
        {"entrypoint": ()},
        {"command": ("-m",)},
        {"user": ""},
        {"folder": "/"},
        {"architecture": "arm64"},
    ],
)
def test_every_field_of_the_configuration_counts(change):
    assert make_digest(make()) != make_digest(make(config=replace(CONFIG, **change)))


@pytest.mark.security
def test_what_moves_from_entry_point_to_command_counts():
    moved = replace(CONFIG, entrypoint=("python3", "-m"), command=("x",))
    assert make_digest(make()) != make_digest(make(config=moved))


@pytest.mark.security
def test_a_path_cannot_pretend_to_be_another_line():
    hostile = make(Entry('/a","file",420,0,0,"",""]\n["/b', "file", 0o644, 0, 0))
    assert parse_listing(make_listing(hostile)) == hostile
    assert len(make_listing(hostile).splitlines()) == 2


def test_a_path_of_other_bytes_than_utf_8_is_kept():
    contents = make(Entry("/\udcff", "file", 0o644, 0, 0))
    assert parse_listing(make_listing(contents)) == contents


@pytest.mark.parametrize("text", ["", "{}", "[1]\n", "[2,[],[],[],'','','']", "[1,[],[],[],'','','']\n[1]"])
def test_what_is_no_listing_is_refused(text):
    with pytest.raises(ValueError, match=r".+"):
        parse_listing(text)
