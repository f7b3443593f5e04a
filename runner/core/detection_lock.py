"""The lock file and the Python version of a project. Pure."""

import re

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from runner.core.lock_source import Source, find_source
from runner.core.snapshot import Detected, Finding, Snapshot, dig

PYTHON = "3.13.5"
"""The Python of the suite image, Debian 13's."""

FOREIGN = ("pixi.lock", "conda-lock.yml")
"""Locks of another packaging world: packages of conda are not Python's alone."""


def detect_lock(snapshot: Snapshot) -> Detected:
    """The lock that a run takes, or what it resolves where there is none."""
    source = find_source(snapshot)
    if source.is_locked:
        return Detected((Finding("lock", describe_lock(source), source.path),))
    foreign = tuple(
        f"`{name}` cannot be used: it pins conda's packages; Debian's can be had by `packages`"
        for name in FOREIGN
        if name in snapshot.names
    )
    found = f"none; {', '.join(source.files) or source.path or 'nothing but pytest and psycopg'}"
    return Detected((Finding("lock", found),), {}, (*foreign, advise_lock(source)))


def describe_lock(source: Source) -> str:
    """A lock in words."""
    if source.path.startswith("../"):
        return "uv.lock of the workspace"
    return "requirements with hashes" if source.kind == "requirements" else source.path


def advise_lock(source: Source) -> str:
    """What becomes of a project without a lock."""
    resolved = "there is no lock: versions are resolved when the image is built, and stay as long as it does"
    own = f"; `{source.kind} lock` makes one" if source.kind != "project" else ""
    return f"{resolved}; `runner lock` pins them{own}"


def detect_python(snapshot: Snapshot) -> Detected:
    """The Python that the project asks for; the image has one version only."""
    asked = dig(snapshot.pyproject, "project", "requires-python")
    where = "pyproject.toml"
    if not isinstance(asked, str):
        asked, where = snapshot.texts.get(".python-version", "").strip().partition("\n")[0], ".python-version"
    if not asked:
        return Detected()
    notes = () if allows(asked) else (f"{where} asks for Python `{asked}`, but the suite image has {PYTHON}",)
    return Detected((Finding("Python", asked, where),), {}, notes)


def allows(asked: str) -> bool:
    """Whether a specifier or a plain version, such as `3.13.2` or `cpython@3.13`, lets the image's Python in."""
    try:
        return SpecifierSet(asked).contains(PYTHON)
    except InvalidSpecifier:
        version = re.search(r"\d+(?:\.\d+)?", asked)
        return version is None or version[0] in {"3", PYTHON.rpartition(".")[0]}
