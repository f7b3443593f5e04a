"""Fingerprints: every input counts, its order does not."""

import tomllib
from itertools import permutations

import pytest

from runner.core import fingerprint
from runner.core.fingerprint import find_version_files, keep_build_tables, make_fingerprint, parse_toml

pytestmark = pytest.mark.unit

INPUTS = {"lock": b"a==1", "Dockerfile": b"FROM x", "empty": b""}


@pytest.mark.smoke
def test_the_order_of_the_inputs_does_not_count():
    assert len({make_fingerprint(dict(order)) for order in permutations(INPUTS.items())}) == 1


def test_a_fingerprint_is_16_hex_digits():
    made = make_fingerprint(INPUTS)
    assert len(made) == 16
    assert int(made, 16) >= 0


def test_the_content_of_every_input_counts():
    changed = {make_fingerprint(INPUTS | {name: content + b" "}) for name, content in INPUTS.items()}
    assert len(changed | {make_fingerprint(INPUTS)}) == len(INPUTS) + 1


def test_the_name_of_every_input_counts():
    renamed = {
        make_fingerprint({(key + "x" if key == name else key): value for key, value in INPUTS.items()})
        for name in INPUTS
    }
    assert len(renamed | {make_fingerprint(INPUTS)}) == len(INPUTS) + 1


def test_a_missing_input_differs_from_an_empty_one():
    assert make_fingerprint({"a": b""}) != make_fingerprint({})


@pytest.mark.security
@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"ab": b"c"}, {"a": b"bc"}),
        ({"a": b"b", "c": b"d"}, {"a": b"b1:c1:d"}),
        ({"a": b"x", "b": b""}, {"a": b"", "b": b"x"}),
        ({"a:1:b": b""}, {"a": b"b"}),
    ],
)
def test_what_moves_over_a_boundary_between_name_and_content_counts(one, other):
    assert make_fingerprint(one) != make_fingerprint(other)


def test_a_new_format_makes_every_image_new(monkeypatch):
    before = make_fingerprint(INPUTS)
    monkeypatch.setattr(fingerprint, "FORMAT", "another")
    assert make_fingerprint(INPUTS) != before


def test_tables_of_linters_and_of_tests_do_not_count_for_a_build():
    kept = keep_build_tables(
        {
            "project": {"name": "x"},
            "build-system": {"requires": ["hatchling"]},
            "dependency-groups": {"dev": ["a"]},
            "tool": {"ruff": {}, "pytest": {}, "runner": {"workers": 1}, "mypy": {}, "hatch": {"a": 1}, "uv": {}},
        }
    )
    assert kept == {
        "project": {"name": "x"},
        "build-system": {"requires": ["hatchling"]},
        "dependency-groups": {"dev": ["a"]},
        "tool": {"hatch": {"a": 1}, "uv": {}},
    }


def test_a_pyproject_without_tools_is_kept_whole():
    assert keep_build_tables({"project": {"name": "x"}}) == {"project": {"name": "x"}, "tool": {}}


def test_keeping_tables_leaves_the_original_alone():
    pyproject = {"tool": {"ruff": {"a": 1}}}
    keep_build_tables(pyproject)
    assert pyproject == {"tool": {"ruff": {"a": 1}}}


@pytest.mark.parametrize(
    ("tool", "files"),
    [
        ({}, []),
        ({"hatch": {"version": {"path": "a/b.py"}}}, ["a/b.py"]),
        ({"hatch": {"version": {"source": "vcs"}}}, []),
        ({"setuptools": {"dynamic": {"version": {"file": "VERSION"}}}}, ["VERSION"]),
        (
            {"setuptools": {"dynamic": {"version": {"attr": "a.b.__version__"}}}},
            ["a/b.py", "a/b/__init__.py", "src/a/b.py", "src/a/b/__init__.py"],
        ),
    ],
)
def test_files_that_a_dynamic_version_is_read_from_are_found(tool, files):
    assert find_version_files({"tool": tool}) == files


def test_a_list_of_version_files_is_found():
    tool = {"setuptools": {"dynamic": {"version": {"file": ["VERSION"]}}}}
    assert find_version_files({"tool": tool}) == ["VERSION"]


def test_toml_is_read_as_utf8():
    assert parse_toml("a = 'ü'".encode()) == {"a": "ü"}


def test_a_flaw_in_toml_is_named_with_its_line():
    with pytest.raises(tomllib.TOMLDecodeError, match="line 2"):
        parse_toml(b"a = 1\nb = \n")
