"""The text of runner.lock: the same for the same lock, read back as it was, and refused where it was edited badly."""

import re
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lock_examples import BASE_FILES, CONTENT, GIT, INPUTS, LOCK, OPENSSL, SERVER, SURVEY, make_other

from runner.core.contents import ImageConfig
from runner.core.lock import Lock, make_pins
from runner.core.lock_inputs import LockInputs
from runner.core.lock_making import Survey, make_lock
from runner.core.lock_reading import parse_lock
from runner.core.lock_writing import make_text
from runner.core.materials import Material
from runner.errors import SettingsError

pytestmark = pytest.mark.unit

TEXT = make_text(LOCK)
REPAIR = "hint:  `git checkout runner.lock` takes an edit back; `runner lock` makes the file anew where there is none"


def refuse(text):
    with pytest.raises(SettingsError) as raised:
        parse_lock(text if isinstance(text, bytes) else text.encode())
    return raised.value.as_text().removeprefix("error: cannot read `runner.lock`\ncause: ")


def test_the_whole_text():
    assert TEXT == (
        """\
# What the images of this project are made of, to the byte. `runner lock` writes this file, every run builds
# images by it, and `runner run --locked` refuses any other. Commit it; do not edit it.

version = 1
runner = "0.1.0"
architecture = "amd64"

[base]
source = "packages"
image = "debian@sha256:abc"
reference = ""
release = "13"

[python]
lock = "uv.lock"
sha256 = "eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee"

[postgres]
version = "17.6"

[suite]
content = "sha256:cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc"
packages = ["git"]
user = "suite"
folder = "/work"
entrypoint = ["python3", "/usr/local/lib/lease.py"]
command = []

[suite.environment]
LANG = "C.UTF-8"
PATH = "/opt/venv/bin:/usr/bin"

[suite.inputs]
pyproject = "0123456789abcdef"

[[package]]
name = "base-files"
version = "13.8+deb13u1"
architecture = "amd64"
sha256 = ""
images = ["base", "postgres", "suite"]

[[package]]
name = "git"
version = "1:2.47.3-0"
architecture = "amd64"
sha256 = "dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd"
images = ["suite"]

[[package]]
name = "openssl"
version = "3.5.1-1"
architecture = "amd64"
sha256 = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
images = ["base", "postgres", "suite"]

[[package]]
name = "postgresql-17"
version = "17.6-0+deb13u1"
architecture = "amd64"
sha256 = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
images = ["postgres"]

[[distribution]]
name = "flask"
version = "3.1.2"
"""
    )


def test_what_was_found_first_does_not_matter():
    turned = {name: list(reversed(found)) for name, found in reversed(SURVEY.materials.items())}
    assert make_text(make_other(materials=turned)) == TEXT


texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8)
names = st.text("abcdefghijklmnopqrstuvwxyz0123456789.+-", min_size=1, max_size=8)
checksums = st.text("0123456789abcdef", min_size=64, max_size=64)
lists = st.lists(texts, max_size=4)
debian = st.lists(
    st.builds(Material, st.just("debian"), names, texts, st.sampled_from(["amd64", "all"]), checksums | st.just("")),
    max_size=4,
    unique_by=lambda each: (each.name, each.architecture),
)
python = st.lists(st.builds(Material, st.just("python"), names, texts), max_size=3, unique_by=lambda each: each.name)


@st.composite
def locks(draw):
    variables = draw(st.dictionaries(texts.filter(lambda text: "=" not in text), texts, max_size=3))
    config = ImageConfig(
        tuple(f"{name}={value}" for name, value in variables.items()),
        tuple(draw(lists)),
        tuple(draw(lists)),
        draw(texts | st.just("")),
        draw(texts),
        "amd64",
    )
    materials = {"base": draw(debian), "postgres": draw(debian), "suite": [*draw(debian), *draw(python)]}
    source, content = draw(st.sampled_from(["registry", "packages"])), "sha256:" + draw(checksums)
    inputs = LockInputs(
        draw(texts), draw(texts), sorted(draw(lists)), draw(texts), draw(checksums), draw(st.dictionaries(texts, texts))
    )
    return make_lock(inputs, Survey("amd64", source, draw(texts | st.just("")), content, config, materials))


@given(locks())
def test_every_lock_is_read_back_as_it_was_written(lock):
    text = make_text(lock)
    assert parse_lock(text.encode()) == lock
    assert make_text(parse_lock(text.encode())) == text


def test_a_lock_without_packages_is_one():
    lock = make_other(materials={"base": [], "postgres": [], "suite": []})
    assert parse_lock(make_text(lock).encode()) == lock
    assert (lock.postgres.version, lock.base.release) == ("unknown", "unknown")


def test_a_checksum_that_only_one_image_knows_counts_for_all():
    unknown = Material("debian", "openssl", "3.5.1-1", "amd64")
    for base, suite in ((unknown, OPENSSL), (OPENSSL, unknown)):
        lock = make_other(materials={"base": [base], "postgres": [], "suite": [suite]})
        assert [(each.sha256, each.images) for each in lock.packages] == [("a" * 64, ["base", "suite"])]


def test_pins_are_the_versions_of_all_packages():
    pins = make_pins(LOCK)
    assert pins.source == "packages"
    assert {name: version for each in pins.versions.values() for name, version in each.items()} == {
        each.name: each.version for each in (BASE_FILES, GIT, OPENSSL, SERVER)
    }
    assert "postgresql-17" not in pins.versions["suite"]


def test_of_a_package_in_two_versions_each_image_pins_its_own():
    newer = Material("debian", "openssl", "3.5.2-1", "amd64", "f" * 64)
    lock = make_other(materials={"base": [OPENSSL], "postgres": [newer], "suite": [OPENSSL]})
    versions = make_pins(lock).versions
    assert versions == {
        "base": {"openssl": "3.5.1-1"},
        "postgres": {"openssl": "3.5.2-1"},
        "suite": {"openssl": "3.5.1-1"},
    }
    assert [each.version for each in lock.packages] == ["3.5.1-1", "3.5.2-1"]


@pytest.mark.parametrize(
    ("before", "after", "cause", "hint"),
    [
        ("version = 1", "version = 2", "a newer runner made it: `version = 2`, and this one reads 1", "newer"),
        ("version = 1", 'version = "1"', "`version` is '1', expected 1", ""),
        ("version = 1", "version = true", "`version` is True, expected 1", ""),
        ("version = 1", "version = 0", "`version` is 0, expected 1", ""),
        ("version = 1", "", "`version` is missing", ""),
        ("runner = ", "runer = ", "unknown key `runer`", "hint:  did you mean `runner`"),
        ("release = ", "relese = ", "unknown key `base.relese`", "hint:  did you mean `release`"),
        ('release = "13"', "", "`base.release` is missing", ""),
        ('release = "13"', "release = 13", "`base.release` is 13, expected text", ""),
        ('runner = "0.1.0"', 'runner = ""', "`runner` is '', expected text that is not empty", ""),
        ('source = "packages"', 'source = "hub"', "`base.source` is 'hub', expected one of registry, packages", ""),
        (CONTENT, "sha256:c", "`suite.content` is 'sha256:c', expected `sha256:` and 64 hex digits", ""),
        (CONTENT, "md5:0", "`suite.content` is 'md5:0', expected `sha256:` and 64 hex digits", ""),
        ("e" * 64, "E", "`python.sha256` is 'E', expected 64 hex digits", ""),
        ("a" * 64, "a", "`package openssl.sha256` is 'a', expected 64 hex digits, or empty text", ""),
        ('packages = ["git"]', 'packages = "git"', "`suite.packages` is 'git', expected a list of text", ""),
        ("[postgres]", "[[postgres]]", "`postgres` is [{'version': '17.6'}], expected a table", ""),
        (
            'images = ["suite"]',
            "images = []",
            "`package git.images` is [], expected a list of base, postgres or suite",
            "",
        ),
        ('name = "git"', "name = 1", "`package number 2.name` is 1, expected text that is not empty", ""),
        ('name = "git"', 'name = "openssl"', "`package openssl (amd64, suite)` is there twice", ""),
        ('LANG = "C.UTF-8"', "LANG = 1", "{'LANG': 1, 'PATH': '/opt/venv/bin:/usr/bin'}, expected a table of text", ""),
        ("[python]", "<<<<<<< HEAD\n[python]", "line 14 is a mark of a merge conflict: `<<<<<<<`", "merge"),
        ("[python]", "=======\n[python]", "line 14 is a mark of a merge conflict: `=======`", "merge"),
        ("[python]", ">>>>>>> other\n[python]", "line 14 is a mark of a merge conflict: `>>>>>>>`", "merge"),
        ("[python]", "[python", "expected ']' at the end of a table declaration (at line 14, column 8)", ""),
        ("[python]", "[base]", "cannot declare ('base',) twice (at line 14, column 6)", ""),
    ],
)
def test_an_edit_that_does_not_fit_is_named(before, after, cause, hint):
    hints = {
        "": REPAIR,
        "newer": "hint:  update ephemeral-runner to 0.1.0 that made the file",
        "merge": "hint:  take one side whole (`git checkout --theirs runner.lock`), then let `runner lock` bring it up"
        " to date",
    }
    found = refuse(TEXT.replace(before, after, 1))
    assert re.sub("^`suite.environment` is ", "", found) == f"{cause}\n{hints.get(hint, hint)}"


def test_a_distribution_that_stands_twice():
    found = refuse(f'{TEXT}\n[[distribution]]\nname = "flask"\nversion = "3"\n')
    assert found == f"`distribution flask` is there twice\n{REPAIR}"


def test_tables_that_are_a_value():
    start = TEXT[: TEXT.index("[base]")] + "package = 1\n" + TEXT[TEXT.index("[base]") : TEXT.index("[[package]]")]
    assert refuse(start) == f"`package` is 1, expected tables, each with the head `[[package]]`\n{REPAIR}"


@pytest.mark.parametrize(
    ("data", "cause"), [(b"", "it is empty"), (b" \n", "it is empty"), (b"version = \xff", "it is not UTF-8")]
)
def test_a_file_that_holds_no_lock_at_all(data, cause):
    assert refuse(data) == f"{cause}\n{REPAIR}"


def test_a_newer_runner_may_write_anything_else():
    assert refuse("version = 3\nshape = 'other'\n") == (
        "a newer runner made it: `version = 3`, and this one reads 1\n"
        "hint:  update ephemeral-runner to the version that made the file"
    )


def test_a_long_value_is_cut():
    found = refuse(TEXT.replace('["git"]', f'"{"x" * 500}"'))
    assert found == f"`suite.packages` is 'xxxxx{'x' * 54}..., expected a list of text\n{REPAIR}"


@given(st.integers(0, len(TEXT)), st.integers(0, 40))
def test_a_file_that_lost_a_part_is_a_lock_or_an_error_of_ours(start, length):
    with suppress(SettingsError):
        assert isinstance(parse_lock((TEXT[:start] + TEXT[start + length :]).encode()), Lock)


def test_the_inputs_are_the_project_s():
    assert (LOCK.python.lock, LOCK.python.sha256, LOCK.base.image) == (INPUTS.lock, INPUTS.sha256, INPUTS.image)
