"""What decides the names of images made from Debian packages, and what must not."""

import json

import pytest

from runner.core.pins import Pins
from runner.core.settings import Settings
from runner.engines.docker.images import make_images
from runner.engines.docker.packages import PIN, explain_pins
from runner.errors import ImageError
from runner.project.recipe import SuiteRecipe

pytestmark = pytest.mark.unit


def make(pins=None, packages=(), ca=b"", **settings):
    recipe = SuiteRecipe("small", packages, {}, {"ca.pem": ca}, {}, b"", ())
    return make_images(recipe, Settings(**settings), pins)


def list_tags(images):
    return [images.rootfs.tag, images.base.tag, images.postgres.tag, images.suite.tag]


def test_certificates_and_mirrors_are_in_no_name():
    assert list_tags(make(ca=b"PEM", mirrors=["http://mirror.example/debian"])) == list_tags(make())


def test_certificates_and_mirrors_reach_every_installation():
    images = make(packages=("git",), ca=b"PEM", mirrors=["http://mirror.example/debian"])
    for files in (images.rootfs.files, images.packages.files, images.postgres.files):
        by_name = {name.rpartition("/")[2]: content for name, content in files.items()}
        assert by_name["ca.pem"] == b"PEM"
        assert b"mirror.example" in by_name["sources"]


def test_pins_are_in_every_name():
    pinned = list_tags(make(Pins("packages", {"libc6": "2.41-12"})))
    assert not set(pinned) & set(list_tags(make()))


def test_pins_reach_apt_with_a_priority_that_allows_older_versions():
    files = make(Pins("packages", {"libc6": "2.41-12", "apt": "3.0.3"})).rootfs.files
    assert files["preferences"].decode() == (
        "Package: apt\nPin: version 3.0.3\nPin-Priority: 1001\n\n"
        "Package: libc6\nPin: version 2.41-12\nPin-Priority: 1001\n"
    )
    assert files["pins"] == b"apt\t3.0.3\nlibc6\t2.41-12\n"


def test_the_suite_stands_on_its_packages_where_it_has_some():
    plain, with_git = make(), make(packages=("git",))
    assert plain.packages is None
    assert with_git.packages.parent == with_git.base.tag == plain.base.tag
    assert with_git.packages.tag in json.dumps(dict(with_git.suite.arguments))
    assert with_git.suite.tag != plain.suite.tag


def test_another_base_image_changes_every_name():
    assert not set(list_tags(make(base_image="debian:trixie"))) & set(list_tags(make()))


def test_what_is_shared_with_the_shell_script_has_no_pins():
    assert make().rootfs.shared.startswith("ephemeral-runner/rootfs:")
    assert make(Pins("packages", {"libc6": "1"})).rootfs.shared == ""


def test_missing_versions_are_named_with_what_there_is():
    error = explain_pins(
        ImageError("x", "Reading\n       pin: libc6 2.41-1 2.41-12\n       pin: apt 3.0.1 3.0.3\n       end")
    )
    assert error.as_text() == (
        "error: Debian packages of runner.lock are not available any more\n"
        "cause: `libc6` 2.41-1 (available: 2.41-12), `apt` 3.0.1 (available: 3.0.3)\n"
        "hint:  `runner lock --upgrade-system` takes the new ones, or set `mirrors` to a snapshot"
    )
    plain = ImageError("x", "E: Unable to locate package pin")
    assert explain_pins(plain) is plain
    assert not PIN.findall(plain.cause)
