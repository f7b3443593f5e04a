"""What a lock has to say, word for word: stale, changed, or another image."""

from dataclasses import replace

import pytest
from lock_examples import BASE_FILES, CONFIG, CONTENT, FLASK, GIT, INPUTS, LOCK, OPENSSL, SERVER, SURVEY, make_other
from msgspec.structs import replace as change

from runner.core.lock_changes import describe_changes, describe_image
from runner.core.lock_inputs import find_stale
from runner.core.materials import Material
from runner.core.words import shorten

pytestmark = pytest.mark.unit

NEWER = replace(OPENSSL, version="3.5.1-2", sha256="f" * 64)
OTHER = "sha256:" + "9" * 64


def test_a_fresh_lock_is_not_stale():
    assert find_stale(LOCK, INPUTS, "amd64") == []
    assert find_stale(LOCK, INPUTS) == []


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"runner": "0.2.0"}, ["made by runner 0.1.0, this is 0.2.0"]),
        ({"image": ""}, ["the setting `base_image` was debian@sha256:abc, is none"]),
        ({"sha256": "0" * 64}, ["`uv.lock` has changed"]),
        (
            {"lock": "requirements.txt", "sha256": "0" * 64},
            ["the Python lock was uv.lock, is requirements.txt"],
        ),
        ({"packages": ["curl", "git"]}, ["the setting `packages`: added `curl`"]),
        ({"packages": ["curl"]}, ["the setting `packages`: added `curl`; removed `git`"]),
        ({"others": {"pyproject": "1"}}, ["`pyproject.toml` has changed in what is built or installed"]),
        (
            {"others": {**INPUTS.others, "lock environment": "1"}},
            ["one of the settings `lock`, `extras`, `dependency_groups`, `exclude_newer` has changed"],
        ),
        ({"others": {**INPUTS.others, "src/a.py": "1"}}, ["`src/a.py` has changed"]),
        ({"lock": "{old}", "sha256": "0" * 64}, ["the Python lock was uv.lock, is {old}"]),
    ],
)
def test_what_changed_in_the_project_is_named(changes, found):
    assert find_stale(LOCK, change(INPUTS, **changes), "amd64") == found


def test_another_architecture_is_named():
    assert find_stale(LOCK, INPUTS, "arm64") == ["made for amd64, the engine is arm64"]


def test_a_first_lock_says_how_much_is_in_it():
    assert describe_changes(None, LOCK) == [f"created: 4 Debian and 1 Python packages, content digest {CONTENT}"]


def test_the_same_lock_has_nothing_to_say():
    assert describe_changes(LOCK, make_other()) == []


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"content": OTHER}, [f"content digest {CONTENT} -> {OTHER}"]),
        ({"source": "registry"}, ["base from packages -> from registry"]),
        ({"reference": "debian@sha256:1"}, ["base image none -> debian@sha256:1"]),
        ({"config": replace(CONFIG, environment=("PATH=/usr/bin",))},
         ["variable LANG is missing", "variable PATH: value /opt/venv/bin:/usr/bin -> /usr/bin"]),
        ({"config": replace(CONFIG, user="")}, ["user: value suite -> none"]),
        ({"inputs": change(INPUTS, runner="0.2.0")}, ["runner 0.1.0 -> 0.2.0"]),
        ({"inputs": change(INPUTS, image="debian")}, ["setting `base_image`: debian@sha256:abc -> debian"]),
        ({"inputs": change(INPUTS, sha256="0" * 64)}, ["`uv.lock` has changed"]),
        ({"inputs": change(INPUTS, lock="a.txt")}, ["Python lock uv.lock -> a.txt"]),
        ({"inputs": change(INPUTS, packages=[])}, ["setting `packages`: removed `git`"]),
    ],
)  # fmt: skip
def test_a_change_is_told_in_words(changes, found):
    assert describe_changes(LOCK, make_other(**changes)) == found


def test_another_architecture_changes_the_configuration_too():
    made = make_other(architecture="arm64", config=replace(CONFIG, architecture="arm64"))
    assert describe_changes(LOCK, made)[0] == "architecture amd64 -> arm64"


@pytest.mark.parametrize(
    ("suite", "found"),
    [
        ([NEWER, BASE_FILES, GIT, FLASK], ["Debian package openssl 3.5.1-1 -> 3.5.1-1 and 3.5.1-2"]),
        ([OPENSSL, BASE_FILES, FLASK], ["Debian package git 1:2.47.3-0 removed"]),
        (
            [OPENSSL, BASE_FILES, GIT, FLASK, Material("debian", "curl", "8", "amd64")],
            ["Debian package curl 8 added"],
        ),
        ([OPENSSL, BASE_FILES, replace(GIT, sha256="0" * 64), FLASK],
         ["Debian package git 1:2.47.3-0: another checksum"]),
        ([OPENSSL, BASE_FILES, replace(GIT, sha256=""), FLASK], []),
        ([OPENSSL, BASE_FILES, GIT, replace(FLASK, version="4")], ["Python package flask 3.1.2 -> 4"]),
        ([OPENSSL, BASE_FILES, GIT], ["Python package flask 3.1.2 removed"]),
        (
            [OPENSSL, BASE_FILES, GIT, FLASK, SERVER],
            ["Debian package postgresql-17 17.6-0+deb13u1: in postgres -> in postgres, suite"],
        ),
    ],
)  # fmt: skip
def test_changed_packages_are_named(suite, found):
    changed = describe_changes(LOCK, make_other(materials={**SURVEY.materials, "suite": suite}))
    assert [each for each in changed if "openssl 3.5.1-1: in" not in each] == found


def test_a_new_server_is_named_as_postgres_counts():
    newer = replace(SERVER, version="17.7-0+deb13u1")
    found = describe_changes(LOCK, make_other(materials={**SURVEY.materials, "postgres": [OPENSSL, BASE_FILES, newer]}))
    assert found == ["Postgres 17.6 -> 17.7", "Debian package postgresql-17 17.6-0+deb13u1 -> 17.7-0+deb13u1"]


def test_an_image_as_locked_has_no_differences():
    assert describe_image(LOCK, SURVEY.materials["suite"], CONFIG) == []


def test_an_image_is_compared_with_the_suite_s_part_of_the_lock():
    materials = [NEWER, BASE_FILES, replace(FLASK, version="3.2.0")]
    config = replace(CONFIG, environment=("LANG=C", "PATH=/opt/venv/bin:/usr/bin"))
    assert describe_image(LOCK, materials, config) == [
        "Debian package git 1:2.47.3-0 removed",
        "Debian package openssl 3.5.1-1 -> 3.5.1-2",
        "Python package flask 3.1.2 -> 3.2.0",
        "variable LANG: value C.UTF-8 -> C",
    ]


def test_only_the_first_differences_are_shown():
    lines = [f"{number}" for number in range(25)]
    assert shorten(lines) == [*lines[:20], "and 5 more"]
    assert shorten(lines[:20]) == lines[:20]
    assert shorten(lines, 1) == ["0", "and 24 more"]
