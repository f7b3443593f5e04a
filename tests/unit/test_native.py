"""What is compiled when a project is built, and the packages that this needs."""

import pytest

from runner.core.native import (
    choose_way,
    find_locked,
    is_native,
    list_compiled,
    list_project_packages,
    uses_git,
)

pytestmark = pytest.mark.unit


def requiring(*names):
    return {"build-system": {"requires": list(names)}}


@pytest.mark.parametrize(
    ("tables", "names", "setup", "native"),
    [
        ({}, ["a.py"], "", False),
        (requiring("setuptools"), ["docs/example.c"], "", False),
        (requiring("setuptools"), ["a.c"], "setup(ext_modules=[Extension('a', ['a.c'])])", True),
        (requiring("setuptools") | {"tool": {"setuptools": {"ext-modules": [{"name": "a"}]}}}, [], "", True),
        (requiring("setuptools", "Cython>=3"), ["a.pyx"], "", True),
        (requiring("setuptools", "Cython>=3"), ["a.py"], "", False),
        (requiring("maturin>=1,<2"), ["src/lib.rs", "Cargo.toml"], "", True),
        (requiring("scikit_build_core"), ["a.cpp", "CMakeLists.txt"], "", True),
        (requiring("poetry-core") | {"tool": {"poetry": {"build": "build.py"}}}, ["a.c", "build.py"], "", True),
    ],
)
def test_a_project_is_compiled_where_its_build_says_so_and_there_is_something(tables, names, setup, native):
    assert is_native(tables, names, setup) is native


@pytest.mark.parametrize(
    ("tables", "names", "packages"),
    [
        ({}, ["a.c"], ["gcc", "libc6-dev", "python3.11-dev"]),
        ({}, ["a.c", "b.cpp"], ["gcc", "libc6-dev", "python3.11-dev", "g++"]),
        (requiring("pybind11"), ["a.h"], ["gcc", "libc6-dev", "python3.11-dev", "g++"]),
        (requiring("maturin"), ["Cargo.toml"], ["gcc", "libc6-dev", "python3.11-dev", "cargo"]),
        ({}, ["a.c", "meson.build"], ["gcc", "libc6-dev", "python3.11-dev", "pkgconf"]),
    ],
)
def test_the_packages_are_those_of_the_languages(tables, names, packages):
    assert list_project_packages(tables, names, "3.11") == packages


def test_what_decides_about_compiled_parts_is_sources_and_the_files_of_their_builds():
    names = ["a.py", "b.c", "c.pyx", "rust/Cargo.lock", "CMakeLists.txt", "README.md", "h/x.hpp"]
    assert list_compiled(names) == ["CMakeLists.txt", "b.c", "c.pyx", "h/x.hpp", "rust/Cargo.lock"]


def test_what_compiles_at_each_import_is_not_installed_as_editable_unless_the_setting_says_so():
    meson = {"build-system": {"build-backend": "mesonpy"}}
    assert [choose_way(each, meson) for each in ("auto", True, False)] == ["linked", "yes", "no"]
    assert choose_way("auto", {}) == "yes"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('[[package]]\nname = "psycopg2"\nversion = "2.9"\n', ["psycopg2"]),
        ('[[package]]\nname = "psycopg2-binary"\n', []),
        ("psycopg2==2.9.10 \\\n    --hash=sha256:00\n", ["psycopg2"]),
        ("psycopg2-binary==2.9\npsycopg_c==3.2\n", ["psycopg-c"]),
        ('{"default": {\n        "mysqlclient": {\n', ["mysqlclient"]),
        ("Psycopg2 >= 2\n", ["psycopg2"]),
        ("# psycopg2\n    # via psycopg2\n", []),
    ],
)
def test_packages_that_have_no_wheels_are_found_in_every_kind_of_lock(text, found):
    assert find_locked(text) == found


@pytest.mark.parametrize(
    ("text", "uses"),
    [
        ("x @ git+https://localhost/x.git@main\n", True),
        ('source = { git = "https://localhost/x?rev=1#1" }\n', True),
        ('[package.source]\ntype = "git"\n', True),
        ('            "git": "https://localhost/x.git",\n', True),
        ('name = "gitpython"\n', False),
        ("digit==1\n", False),
    ],
)
def test_packages_from_repositories_need_git(text, uses):
    assert uses_git(text) is uses
