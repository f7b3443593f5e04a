"""What of a project is compiled when it is built, and the Debian packages that this needs. Pure."""

import re
from collections.abc import Collection, Iterable, Mapping
from pathlib import PurePosixPath
from typing import Any, Literal

from runner.core.snapshot import dig, dig_list, normalize

C, CPP, RUST = frozenset({".c"}), frozenset({".cc", ".cpp", ".cxx"}), frozenset({".rs"})
OTHERS = frozenset({".h", ".hh", ".hpp", ".hxx", ".pyx", ".pxd", ".pxi", ".f", ".f90", ".s", ".pyf"})
NATIVE = C | CPP | RUST | OTHERS
"""Endings of the sources of compiled parts."""

BUILD_NAMES = frozenset(
    {"Cargo.toml", "Cargo.lock", "CMakeLists.txt", "meson.build", "meson.options", "meson_options.txt", "build.py"}
    | {"rust-toolchain", "rust-toolchain.toml", "hatch_build.py", "pdm_build.py"}
)
"""Files that say how they are compiled."""

BACKENDS = frozenset({"mesonpy", "scikit-build-core", "maturin", "pymsbuild", "setuptools-rust"})
COMPILERS = frozenset(
    {"cffi", "cmake", "cython", "hatch-cython", "hatch-mypyc", "maturin", "meson-python", "mypy", "nanobind", "numpy"}
    | {"pybind11", "scikit-build", "scikit-build-core", "setuptools-rust"}
)
"""Requirements of a build that compile, or are compiled against."""

CPP_TOOLS = frozenset({"pybind11", "nanobind"})
RUST_TOOLS = frozenset({"maturin", "setuptools-rust"})

EXTENSIONS = re.compile(r"\bext_modules\b|\bcffi_modules\b|\brust_extensions\b|\bRustExtension\b|\bcythonize\b")
"""What a setup.py has that compiles."""

Way = Literal["yes", "no", "linked"]
"""Whether an installation is editable; a linked one is made of one that is not, once it is there."""

NOT_EDITABLE = frozenset({"mesonpy", "meson-python"})
"""Backends whose editable installations compile at each import, with tools of the build."""

LOCKED: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "mysqlclient": (("libmariadb-dev", "pkgconf"), ("libmariadb3",)),
    "psycopg-c": (("libpq-dev",), ("libpq5",)),
    "psycopg2": (("libpq-dev",), ("libpq5",)),
    "python-ldap": (("libldap-dev", "libsasl2-dev"), ("libldap2", "libsasl2-2")),
    "uwsgi": ((), ()),
    "xmlsec": (("libxmlsec1-dev", "pkgconf"), ("libxmlsec1t64-openssl",)),
}
"""Packages that the index has as sources only: what their build needs beside a compiler, and what they need then."""

LIBRARIES: Mapping[str, tuple[str, ...]] = {"pyodbc": ("libodbc2",)}
"""Packages whose wheels want libraries of the system's, and Debian's packages of these."""


def list_build_requirements(pyproject: Mapping[str, Any]) -> set[str]:
    """Normalized names of what the build of a project requires."""
    return {normalize(each) for each in dig_list(pyproject, "build-system", "requires")} - {""}


def is_native(pyproject: Mapping[str, Any], names: Iterable[str], setup: str) -> bool:
    """Whether building the project compiles something.

    Args:
        pyproject: what pyproject.toml holds.
        names: paths of the project's files.
        setup: the text of setup.py; empty for none.
    """
    required = list_build_requirements(pyproject)
    has_sources = any(PurePosixPath(name).suffix in NATIVE for name in names)
    is_declared = bool(EXTENSIONS.search(setup)) or bool(dig_list(pyproject, "tool", "setuptools", "ext-modules"))
    is_scripted = bool(dig(pyproject, "tool", "poetry", "build"))
    return is_declared or (has_sources and (is_scripted or bool(required & (COMPILERS | BACKENDS))))


def list_compiled(names: Iterable[str]) -> list[str]:
    """The files that decide what is compiled."""
    paths = map(PurePosixPath, names)
    return sorted(str(path) for path in paths if path.suffix in NATIVE or path.name in BUILD_NAMES)


def list_project_packages(pyproject: Mapping[str, Any], names: Iterable[str], python: str) -> list[str]:
    """Debian packages for compiling the project, with a Python such as `3.11`."""
    endings = {PurePosixPath(name).suffix for name in names}
    required = list_build_requirements(pyproject)
    is_rust, is_cpp = bool(endings & RUST or required & RUST_TOOLS), bool(endings & CPP or required & CPP_TOOLS)
    uses_pkgconf = any(PurePosixPath(name).name in {"meson.build", "CMakeLists.txt"} for name in names)
    found = [*list_compiler(python), *(["g++"] if is_cpp else []), *(["cargo"] if is_rust else [])]
    return [*found, *(["pkgconf"] if uses_pkgconf else [])]


def list_compiler(python: str) -> list[str]:
    """Debian packages for compiling modules in C."""
    return ["gcc", "libc6-dev", f"python{python}-dev"]


def choose_way(setting: bool | str, pyproject: Mapping[str, Any]) -> Way:
    """How the project is installed; `auto` means its own files, in the way that its backend allows."""
    if isinstance(setting, bool):
        return "yes" if setting else "no"
    return "linked" if str(dig(pyproject, "build-system", "build-backend")) in NOT_EDITABLE else "yes"


def find_locked(text: str, known: Collection[str] = LOCKED) -> list[str]:
    """Which of some packages a lock file has, whatever its kind."""
    return sorted(name for name in known if re.search(make_pattern(name), text, re.MULTILINE | re.IGNORECASE))


def make_pattern(name: str) -> str:
    """What finds a package in a table of TOML, in requirements and in JSON."""
    spelled = name.replace("-", "[-_.]")
    in_requirements = rf"{spelled}(?:\[[^\]]*\])?\s*(?:[=<>~!;@]|$)"
    return rf"^(?:name = [\"']{spelled}[\"']|{in_requirements}|\s*\"{spelled}\": \{{)"


def uses_git(text: str) -> bool:
    """Whether a lock file has packages that are fetched by git."""
    return bool(
        re.search(r"\bgit\+(?:https?|ssh|file|git)|\bgit = [\"']|^type = \"git\"|\"git\": \"", text, re.MULTILINE)
    )
