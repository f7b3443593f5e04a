"""Reading, comparing, moving and removing images on a real engine; the images are made of a few bytes."""

import hashlib
import io
import secrets
import tarfile
from base64 import urlsafe_b64encode
from pathlib import Path

import docker
import pytest

from runner.core.contents import Entry, make_digest
from runner.core.materials import Material
from runner.engines.docker.comparison import compare_images
from runner.engines.docker.contents import find_digest, read_contents
from runner.engines.docker.materials import read_materials
from runner.engines.docker.tampering import find_tampered
from runner.engines.docker.travel import load, save
from runner.errors import ImageError
from runner.project.kept import keep_digest, load_listing

pytestmark = [pytest.mark.engine, pytest.mark.regression]

SITE = "opt/venv/lib/python3.13/site-packages"
CODE, SCRIPT = b"answer = 42\n", b"#!/bin/sh\necho hello\n"
HASH = urlsafe_b64encode(hashlib.sha256(CODE).digest()).decode().rstrip("=")
FILES = {
    "usr/bin/hello": SCRIPT,
    "var/lib/dpkg/status": b"Package: hello\nStatus: install ok installed\nVersion: 1-1\nArchitecture: all\n",
    "var/lib/dpkg/info/hello.md5sums": f"{hashlib.md5(SCRIPT).hexdigest()}  usr/bin/hello\n".encode(),
    f"{SITE}/six.py": CODE,
    f"{SITE}/six-1.dist-info/METADATA": b"Metadata-Version: 2.4\nName: Six\nVersion: 1\n",
    f"{SITE}/six-1.dist-info/RECORD": f"six.py,sha256={HASH},{len(CODE)}\nsix-1.dist-info/RECORD,,\n".encode(),
}


def make_archive(files, time=0, mode=0o755, reverse=False):
    """A root file system; a hard link and the file that it is change places with `reverse`."""
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w") as archive:
        for name, content in sorted(files.items(), reverse=reverse):
            member = tarfile.TarInfo(name)
            member.size, member.mode, member.mtime = len(content), mode, time
            archive.addfile(member, io.BytesIO(content))
        names = ["usr/bin/one", "usr/bin/other"]
        first, second = names[::-1] if reverse else names
        member = tarfile.TarInfo(first)
        member.size, member.mtime = 2, time
        archive.addfile(member, io.BytesIO(b"x\n"))
        for kind, name, goal in ((tarfile.LNKTYPE, second, first), (tarfile.SYMTYPE, "usr/bin/link", "one")):
            member = tarfile.TarInfo(name)
            member.type, member.linkname, member.mtime = kind, goal, time
            archive.addfile(member)
    return target.getvalue()


@pytest.fixture
def make_image(engine):
    """Makes an image of files, and removes it at the end of the test."""
    made = []

    def make(files, changes=("USER 1000",), **options):
        tag = f"ephemeral-runner/test-{secrets.token_hex(4)}:1"
        repository, _, version = tag.rpartition(":")
        made.append(tag)
        # The SDK's own call takes no list of changes.
        url = f"{engine.api.base_url}/v{engine.api.api_version}/images/create"
        params = {"fromSrc": "-", "repo": repository, "tag": version, "changes": [*changes]}
        engine.api.post(url, params=params, data=make_archive(files, **options)).raise_for_status()
        return tag

    yield make
    for tag in made:
        try:
            engine.api.remove_image(tag)
        except docker.errors.ImageNotFound:
            continue


def digest(engine, image):
    return make_digest(read_contents(engine, image))


@pytest.mark.smoke
def test_what_is_in_an_image_is_listed_without_what_the_engine_puts_there(engine, make_image):
    contents = read_contents(engine, make_image({"usr/bin/hello": SCRIPT, "etc/hosts": b"", "dev/x": b""}))
    paths = [each.path for each in contents.entries]
    files = ["/usr/bin/hello", "/usr/bin/link", "/usr/bin/one", "/usr/bin/other"]
    assert [path for path in paths if path not in ("/etc", "/usr", "/usr/bin")] == files
    assert Entry("/usr/bin/hello", "file", 0o755, 0, 0, "", hashlib.sha256(SCRIPT).hexdigest()) in contents.entries
    assert Entry("/usr/bin/link", "link", 0o777, 0, 0, "one") in contents.entries
    assert contents.config.user == "1000"


def test_times_and_which_of_two_names_is_the_link_do_not_count(engine, make_image):
    one = make_image(FILES)
    other = make_image(FILES, time=1_700_000_000, reverse=True)
    assert engine.api.inspect_image(one)["Id"] != engine.api.inspect_image(other)["Id"]
    assert digest(engine, one) == digest(engine, other)


@pytest.mark.parametrize(
    "changes",
    [{"files": FILES | {"usr/bin/hello": SCRIPT + b"#"}}, {"mode": 0o4755}, {"changes": ["ENV A=1", "USER 1000"]}],
)
def test_contents_modes_and_variables_count(engine, make_image, changes):
    assert digest(engine, make_image(FILES)) != digest(engine, make_image(**{"files": FILES, **changes}))


def test_no_container_is_left(engine, make_image, containers):
    read_contents(engine, make_image(FILES))
    assert containers


def test_an_image_that_is_not_there(engine):
    with pytest.raises(ImageError) as caught:
        read_contents(engine, "ephemeral-runner/nosuch:1")
    assert caught.value.as_text() == (
        "error: the engine has no image `ephemeral-runner/nosuch:1`\nhint:  `runner image build` builds it"
    )


def test_a_known_digest_is_not_read_again(engine, make_image, tmp_path):
    image, cache = make_image(FILES), tmp_path / "images.json"
    found = find_digest(engine, image, cache)
    assert found == digest(engine, image)
    assert load_listing(tmp_path / "images", found) == read_contents(engine, image)
    keep_digest(cache, engine.api.inspect_image(image)["Id"], "sha256:known")
    assert find_digest(engine, image, cache) == "sha256:known"


def test_packages_of_both_kinds_are_found(engine, make_image):
    found = read_materials(engine, make_image(FILES))
    assert found == [Material("debian", "hello", "1-1", "all"), Material("python", "Six", "1")]


@pytest.mark.security
def test_one_byte_changed_in_a_package_is_found_without_any_listing(engine, make_image):
    changed = {f"{SITE}/six.py": CODE.replace(b"42", b"43"), "usr/bin/hello": SCRIPT.replace(b"h", b"H", 1)}
    assert find_tampered(engine, make_image(FILES)) == []
    assert find_tampered(engine, make_image(FILES | changed)) == [f"/{SITE}/six.py", "/usr/bin/hello"]


def test_a_difference_is_told_by_packages_then_variables_then_files(engine, make_image):
    newer = FILES["var/lib/dpkg/status"].replace(b"1-1", b"1-2")
    one = make_image(FILES)
    other = make_image(FILES | {"var/lib/dpkg/status": newer}, changes=["USER 0"])
    assert compare_images(engine, one, one, lambda _: None) == []
    assert compare_images(engine, one, other, lambda _: None) == [
        "Debian package hello 1-1 -> 1-2",
        "user: value 1000 -> 0",
        "/var/lib/dpkg/status: content differs",
    ]


def test_an_image_travels_in_a_file(engine, make_image, tmp_path):
    image, file = make_image(FILES), tmp_path / "images.tar.zst"
    before = digest(engine, image)
    assert save(engine, [image], file, lambda _: None) == file.stat().st_size
    engine.api.remove_image(image)
    assert load(engine, file, lambda _: None) == [image]
    assert digest(engine, image) == before


@pytest.mark.parametrize("part", [0, 0.5, 0.99])
def test_a_file_that_was_cut_off_changes_nothing(engine, make_image, tmp_path, part):
    image, file = make_image(FILES), tmp_path / "images.tar.zst"
    save(engine, [image], file, lambda _: None)
    engine.api.remove_image(image)
    file.write_bytes(file.read_bytes()[: int(file.stat().st_size * part)])
    with pytest.raises(ImageError) as caught:
        load(engine, file, lambda _: None)
    assert caught.value.as_text() == (
        f"error: cannot load `{file}`\ncause: the file was cut off\nhint:  save it again: `runner image save`"
    )
    with pytest.raises(docker.errors.ImageNotFound):
        engine.api.inspect_image(image)


@pytest.mark.security
def test_a_file_with_an_image_of_another_name_is_refused(engine, make_image, tmp_path):
    image, file = make_image(FILES), tmp_path / "images.tar.zst"
    engine.api.tag(image, "python", "ours")
    try:
        save(engine, [image, "python:ours"], file, lambda _: None)
    finally:
        engine.api.remove_image("python:ours")
    with pytest.raises(ImageError, match="cannot load") as caught:
        load(engine, file, lambda _: None)
    assert caught.value.cause == "it holds images that are not ours: python:ours"


def test_a_file_that_cannot_be_written(engine, make_image, tmp_path: Path):
    with pytest.raises(ImageError) as caught:
        save(engine, [make_image(FILES)], tmp_path / "nosuch" / "file", lambda _: None)
    assert caught.value.cause == "no such file or directory"
    assert list(tmp_path.iterdir()) == []
