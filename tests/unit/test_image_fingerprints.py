"""What decides the names of images made from Debian packages, and what must not."""

import json

import pytest

from runner.core.pins import Pins
from runner.core.pythons import Interpreter
from runner.core.settings import Settings
from runner.engines.docker.images import make_images
from runner.engines.docker.packages import PIN, explain_pins
from runner.engines.docker.suite_image import BUILDER, SYSTEM
from runner.errors import ImageError
from runner.project.recipe import SuiteRecipe

pytestmark = pytest.mark.unit


def make(pins=None, packages=(), ca=b"", python="3.13", build_packages=(), **settings):
    recipe = SuiteRecipe("small", packages, {}, {"ca.pem": ca}, {}, b"", (), Interpreter(python), build_packages)
    return make_images(recipe, Settings(**settings), pins)


def pin(**versions):
    """Pins of the same versions for every image."""
    return Pins("packages", dict.fromkeys(("base", "postgres", "suite"), versions))


def list_tags(images):
    return [images.rootfs.tag, images.base.tag, images.postgres.tag, images.suite.tag]


def test_certificates_and_mirrors_are_in_no_name():
    assert list_tags(make(ca=b"PEM", mirrors=["http://mirror.example/debian"])) == list_tags(make())


def test_certificates_and_mirrors_reach_every_installation():
    images = make(packages=("git",), ca=b"PEM", mirrors=["http://mirror.example/debian"])
    for files in (images.rootfs.files, images.layers[0].files, images.postgres.files):
        by_name = {name.rpartition("/")[2]: content for name, content in files.items()}
        assert by_name["ca.pem"] == b"PEM"
        assert b"mirror.example" in by_name["sources"]


def test_pins_are_in_every_name():
    pinned = list_tags(make(pin(libc6="2.41-12")))
    assert not set(pinned) & set(list_tags(make()))


def test_pins_reach_apt_with_a_priority_that_allows_older_versions():
    files = make(pin(libc6="2.41-12", apt="3.0.3")).rootfs.files
    assert files["preferences"].decode() == (
        "Package: apt\nPin: version 3.0.3\nPin-Priority: 1001\n\n"
        "Package: libc6\nPin: version 2.41-12\nPin-Priority: 1001\n"
    )
    assert files["pins"] == b"apt\t3.0.3\nlibc6\t2.41-12\n"


def test_the_suite_stands_on_its_packages_where_it_has_some():
    plain, with_git = make(), make(packages=("git",))
    (layer,) = with_git.layers
    assert plain.layers == []
    assert layer.parent == with_git.base.tag == plain.base.tag
    assert layer.tag in json.dumps(dict(with_git.suite.arguments))
    assert with_git.suite.tag != plain.suite.tag


def test_another_python_is_a_layer_that_projects_share_and_comes_from_another_release():
    images = make(python="3.11", packages=("git",), mirrors=["http://mirror.example/debian"])
    python, packages = images.layers
    assert python.tag == make(python="3.11").layers[0].tag != make(python="3.9").layers[0].tag
    assert (python.parent, packages.parent) == (images.base.tag, python.tag)
    assert list(python.packages) == ["python3.11", "python3-setuptools-whl"]
    assert python.files["build/more-sources"] == b"deb http://mirror.example/debian bookworm main\n"
    assert b"n=bookworm" in packages.files["build/more-preferences"], "what it needs may be of that release too"
    assert images.postgres.tag == make().postgres.tag


def test_what_only_the_build_needs_is_on_top_of_the_suite_s_system_and_not_in_it():
    plain, compiled = make(), make(build_packages=("gcc",))
    assert plain.builder is None
    assert compiled.builder.parent == compiled.base.tag
    assert compiled.suite.arguments[SYSTEM] == compiled.base.tag
    assert compiled.suite.arguments[BUILDER] == compiled.builder.tag
    assert compiled.suite.tag != plain.suite.tag


def test_an_image_has_pins_of_its_own():
    pins = Pins("packages", {"base": {"libc6": "1"}, "suite": {"libc6": "2"}, "postgres": {"libc6": "3"}})
    images = make(pins, packages=("git",))
    found = [files["build/pins"] for files in (images.layers[0].files, images.postgres.files)]
    assert [images.rootfs.files["pins"], *found] == [b"libc6\t1\n", b"libc6\t2\n", b"libc6\t3\n"]


def test_another_base_image_changes_every_name():
    assert not set(list_tags(make(base_image="debian:trixie"))) & set(list_tags(make()))


def test_what_is_shared_with_the_shell_script_has_no_pins():
    assert make().rootfs.shared.startswith("ephemeral-runner/rootfs:")
    assert make(pin(libc6="1")).rootfs.shared == ""


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
