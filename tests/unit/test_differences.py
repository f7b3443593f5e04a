"""What differs between two images, in words."""

from dataclasses import replace

import pytest

from runner.core.contents import Contents, Entry, ImageConfig
from runner.core.differences import compare

pytestmark = pytest.mark.unit

CONFIG = ImageConfig(("A=1", "B=2=3"), ("python3",), (), "suite", "/project", "amd64")
FILE = Entry("/etc/motd", "file", 0o644, 0, 0, "", "a" * 64)
LINK = Entry("/bin", "link", 0o777, 0, 0, "usr/bin")
IMAGE = Contents((LINK, FILE), CONFIG)


def describe(*entries, config=CONFIG):
    return [each.as_text() for each in compare(IMAGE, Contents(entries, config))]


@pytest.mark.smoke
def test_the_same_image_has_no_differences():
    assert compare(IMAGE, IMAGE) == []


@pytest.mark.parametrize(
    ("entries", "said"),
    [
        ((LINK,), ["/etc/motd is missing"]),
        ((LINK, FILE, replace(FILE, path="/x")), ["/x is added"]),
        ((LINK, replace(FILE, sha256="b" * 64)), ["/etc/motd: content differs"]),
        ((LINK, replace(FILE, mode=0o4755)), ["/etc/motd: mode 0644 -> 4755"]),
        ((LINK, replace(FILE, uid=1, gid=2)), ["/etc/motd: owner 0:0 -> 1:2"]),
        ((replace(LINK, target="/x"), FILE), ["/bin: target usr/bin -> /x"]),
        ((LINK, replace(FILE, kind="folder", sha256="")), ["/etc/motd: kind file -> folder"]),
    ],
)
def test_each_property_of_a_path_is_named(entries, said):
    assert describe(*entries) == said


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"environment": ("A=2", "B=2=3")}, ["variable A: value 1 -> 2"]),
        ({"environment": ("A=1", "B=2=4")}, ["variable B: value 2=3 -> 2=4"]),
        ({"environment": ("A=1",)}, ["variable B is missing"]),
        ({"environment": ("A=1", "B=2=3", "C=")}, ["variable C is added"]),
        ({"entrypoint": ()}, ['entrypoint: value ["python3"] -> []']),
        ({"user": ""}, ["user: value suite -> none"]),
        ({"folder": "/"}, ["folder: value /project -> /"]),
        ({"architecture": "arm64"}, ["architecture: value amd64 -> arm64"]),
    ],
)
def test_each_part_of_the_start_is_named(changes, said):
    assert describe(LINK, FILE, config=replace(CONFIG, **changes)) == said


def test_variables_come_before_files():
    assert describe(LINK, config=replace(CONFIG, user="x")) == ["user: value suite -> x", "/etc/motd is missing"]
