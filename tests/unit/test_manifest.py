"""A bundle's manifest: what it may say, and what of its files is refused."""

import msgspec
import pytest

from runner.core.manifest import check_file, make_manifest, parse_manifest
from runner.errors import SettingsError

pytestmark = pytest.mark.unit

FILES = {"run.json": b"{}", "failures/a/failure.json": b"{}"}


def test_a_manifest_is_read_as_it_was_made():
    manifest = parse_manifest(make_manifest("20261127-1-a", FILES), "b")
    assert manifest.run == "20261127-1-a"
    for name, content in FILES.items():
        check_file(manifest, name, content, "b")


@pytest.mark.security
@pytest.mark.parametrize("run", ["", "..", "../x", "/", "a\0b", "a/b", "."])
def test_a_run_that_has_no_name_of_a_run_is_refused(run):
    with pytest.raises(SettingsError) as caught:
        parse_manifest(make_manifest(run, FILES), "b")
    assert caught.value.cause == "its run has no name of a run"


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"7", b'{"format": 1}', b"\xff", b"[" * 100_000])
def test_what_is_no_manifest_is_refused(data):
    with pytest.raises(SettingsError) as caught:
        parse_manifest(data, "b")
    assert caught.value.as_text() == (
        "error: cannot read the bundle `b`\ncause: it is no bundle, or it is damaged\n"
        "hint:  make it again: `runner bundle`"
    )


def test_a_newer_format_is_told():
    data = msgspec.json.encode({"format": 2, "run": "a", "files": {}})
    with pytest.raises(SettingsError, match="cannot read") as caught:
        parse_manifest(data, "b")
    assert caught.value.cause == "its format is 2; this version of the runner knows 1"


@pytest.mark.security
@pytest.mark.parametrize(("name", "content"), [("run.json", b"{ }"), ("other", b"{}")])
def test_a_file_that_the_manifest_does_not_mean_is_refused(name, content):
    manifest = parse_manifest(make_manifest("a", FILES), "b")
    with pytest.raises(SettingsError) as caught:
        check_file(manifest, name, content, "b")
    assert name in caught.value.cause


@pytest.mark.security
@pytest.mark.parametrize("name", ["../x", "/etc/x", "a/../../x"])
def test_a_file_that_leaves_the_folder_is_refused_whatever_the_manifest_says(name):
    manifest = parse_manifest(make_manifest("a", {name: b""}), "b")
    with pytest.raises(SettingsError):
        check_file(manifest, name, b"", "b")
