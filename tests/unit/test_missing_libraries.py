"""Which Debian package an error text asks for."""

import pytest

from runner.core.missing_libraries import advise, find_package

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("text", "package"),
    [
        ("ImportError: libpq.so.5: cannot open shared object file: No such file or directory", "libpq5"),
        ("ImportError: libodbc.so.2: cannot open shared object file: No such file or directory", "libodbc2"),
        ("OSError: libmagic.so.1: cannot open shared object file: No such file or directory", "libmagic1t64"),
        ("ImportError: libGL.so.1: cannot open shared object file: No such file or directory", "libgl1"),
        ("OSError: cannot load library 'libpango-1.0-0': cannot open shared object file", "libpango-1.0-0"),
        ('OSError: no library called "cairo-2" was found\nno library called "libcairo-2"', "libcairo2"),
        ("Error: pg_config executable not found.\n\npg_config is required to build psycopg2", "libpq-dev"),
        ("error: [Errno 2] No such file or directory: 'pg_config'", "libpq-dev"),
        ("src/pool.c:3:10: fatal error: libpq-fe.h: No such file or directory", "libpq-dev"),
        ("x.c:1:10: fatal error: Python.h: No such file or directory", "python3-dev"),
        ("include/curl/curl.h: No such file or directory", "libcurl4-openssl-dev"),
        ("error: command 'gcc' failed: No such file or directory", "gcc"),
        ("error: command 'x86_64-linux-gnu-gcc' failed: No such file or directory", "gcc"),
        ("unable to execute 'cc': No such file\nsh: 1: cc: not found", "gcc"),
        ("error: can't find Rust compiler\ncargo: command not found", "cargo"),
        ("Cargo, the Rust package manager, is not installed or is not on PATH.", "cargo"),
        ("error: can't find Rust compiler", "cargo"),
        ("../meson.build:1:0: ERROR: Unknown compiler(s): [['cc'], ['gcc']]", "gcc"),
        ("FileNotFoundError: [Errno 2] No such file or directory: 'git'", "git"),
        ("FileNotFoundError: [Errno 2] No such file or directory: 'psql'", "postgresql-client"),
        ("/bin/sh: 1: mysql_config: not found", "libmariadb-dev"),
        ("Package libffi was not found in the pkg-config search path", "libffi-dev"),
        ('meson.build:3:0: ERROR: Dependency "openssl" not found, tried pkgconfig', "libssl-dev"),
    ],
)  # fmt: skip
def test_what_is_missing_is_named_by_its_debian_package(text: str, package: str) -> None:
    assert find_package(text) == package


@pytest.mark.parametrize(
    "text",
    [
        "",
        "FileNotFoundError: [Errno 2] No such file or directory: 'data/report.csv'",
        "ModuleNotFoundError: No module named 'psycopg2'",
        "the resource was not found",
        "404 page not found",
        "error: git repository has local changes",
        "fatal error: ours.h: No such file or directory",
        "libours.so.1: cannot open shared object file: No such file or directory",
    ],
)
def test_other_errors_name_no_package(text: str) -> None:
    assert find_package(text) is None


def test_the_first_thing_that_is_missing_counts() -> None:
    text = (
        "x.c:1: fatal error: zlib.h: No such file or directory\nerror: command 'gcc' failed: No such file or directory"
    )
    assert find_package(text) == "zlib1g-dev"


def test_what_only_a_build_needs_goes_into_another_setting_than_what_tests_need() -> None:
    assert advise("Error: pg_config executable not found") == (
        'add the Debian package to the settings: `build_packages = ["libpq-dev"]`'
    )
    assert advise("libpq.so.5: cannot open shared object file") == (
        'add the Debian package to the settings: `packages = ["libpq5"]`'
    )
    assert advise("assert 1 == 2") is None
