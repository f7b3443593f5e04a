"""What a suite image is made of: a change rebuilds what it must, and no more."""

from dataclasses import replace

import pytest

from runner.engines.docker import suite_image
from runner.engines.docker.images import Images
from runner.engines.docker.packages import Layer
from runner.engines.docker.rootfs import Rootfs
from runner.engines.docker.suite_image import BUILDER, ENVIRONMENT, SYSTEM, make_suite
from runner.engines.docker.verification import rename
from runner.project.recipe import SuiteRecipe

pytestmark = pytest.mark.unit

RECIPE = SuiteRecipe("orders", (), {"lock": "a==1"}, {"ca.pem": b"PEM"}, {"lock.env": b"A=1"}, b"sources", ())


def tags(recipe=RECIPE, system="system:1"):
    spec = make_suite(recipe, system)
    return spec.arguments[ENVIRONMENT], spec.tag


@pytest.mark.parametrize("system", ["system:1", "system:2"])
def test_a_changed_lock_or_system_makes_both_new(system):
    lock = "a==1" if system == "system:2" else "a==2"
    one, other = tags(), tags(replace(RECIPE, identity={"lock": lock}), system)
    assert one[0] != other[0]
    assert one[1] != other[1]


@pytest.mark.parametrize("name", ["read_plugin", "read_scripts"])
def test_a_changed_plugin_keeps_the_environment(monkeypatch, name):
    before = tags()
    files = getattr(suite_image, name)()
    changed = "opt/plugin/x.py" if name == "read_plugin" else "config"
    monkeypatch.setattr(suite_image, name, lambda: files | {changed: b"USER 0"})
    after = tags()
    assert after[0] == before[0]
    assert after[1] != before[1]


def test_a_changed_script_makes_both_new(monkeypatch):
    before = tags()
    files = suite_image.read_scripts()
    monkeypatch.setattr(suite_image, "read_scripts", lambda: files | {"install.sh": b"exit 1"})
    assert [one != other for one, other in zip(before, tags(), strict=True)] == [True, True]


@pytest.mark.parametrize(("lock", "is_new"), [("poetry", True), ("uv", False), ("project", False)])
def test_another_exporter_is_a_change_for_its_own_kind_of_lock_only(monkeypatch, lock, is_new):
    recipe = replace(RECIPE, lock=lock)
    before = tags(recipe)
    files = suite_image.read_scripts()
    monkeypatch.setattr(suite_image, "read_scripts", lambda: files | {"exporter-poetry.txt": b"poetry==99"})
    assert (tags(recipe) != before) is is_new


def test_exporters_are_pinned_by_hash():
    exporters = {name: text for name, text in suite_image.read_scripts().items() if name.startswith("exporter-")}
    assert set(exporters) == {f"exporter-{name}.txt" for name in ("pdm", "pipenv", "poetry")}
    assert all("--hash=" in each for text in exporters.values() for each in split_requirements(text.decode()))


def split_requirements(text):
    """Each package with the lines of its hashes."""
    return text.replace("\\\n", "").splitlines()


def test_preferred_versions_make_an_image_of_their_own():
    with_pins = make_suite(RECIPE, "system:1", preferred={"six": "1.17.0", "a": "1"})
    assert with_pins.tag != make_suite(RECIPE, "system:1").tag
    assert with_pins.files["build/pins.txt"] == b"a==1\nsix==1.17.0\n"


@pytest.mark.security
def test_certificates_and_sources_change_no_name():
    assert tags(replace(RECIPE, build_files={"ca.pem": b"OTHER"}, sources=b"other")) == tags()


def test_a_verification_finds_nothing_that_was_built_before():
    images = Images(
        Rootfs("rootfs:1", "", shared="rootfs:shared"),
        Layer("base:1", "rootfs:1", ()),
        [Layer("python:1", "base:1", ("python3.11",)), Layer("packages:1", "python:1", ("git",))],
        Layer("builder:1", "packages:1", ("gcc",)),
        Layer("postgres:1", "base:1", ()),
        make_suite(RECIPE, "packages:1", "builder:1"),
    )
    renamed, made = rename(images, "0123")
    suite, environment, builder, packages, python, base, rootfs = made
    assert (renamed.rootfs.tag, renamed.rootfs.shared) == (rootfs, "")
    assert (renamed.base.tag, renamed.base.parent) == (base, rootfs)
    assert [(each.tag, each.parent) for each in renamed.layers] == [(python, base), (packages, python)]
    assert renamed.builder is not None
    assert (renamed.builder.tag, renamed.builder.parent) == (builder, packages)
    assert (renamed.suite.arguments[SYSTEM], renamed.suite.arguments[BUILDER]) == (packages, builder)
    assert (renamed.suite.arguments[ENVIRONMENT], renamed.suite.tag) == (environment, suite)
    bare, _ = rename(replace(images, layers=[], builder=None), "0123")
    assert bare.suite.arguments[SYSTEM] == bare.suite.arguments[BUILDER] == base
    assert all(tag.startswith("ephemeral-runner/verify-") and tag.endswith(":0123") for tag in made)
