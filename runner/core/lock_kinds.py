"""Kinds of Python locks: which file is which, and which of a project's files a run installs from. Pure."""

import re
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from typing import Literal

from runner.core.snapshot import dig_table, normalize

LockKind = Literal["uv", "poetry", "pdm", "pylock", "pipenv", "requirements", "project"]
"""Who wrote the lock; `requirements` has hashes, and `project` is none: resolved when the image is built."""

LOCKS: Mapping[str, LockKind] = {
    "uv.lock": "uv",
    "poetry.lock": "poetry",
    "pdm.lock": "pdm",
    "pylock.toml": "pylock",
    "Pipfile.lock": "pipenv",
}
"""The locks by name, in the order in which a run looks for them."""

PYLOCK = re.compile(r"^pylock\.[^.]+\.toml$")
"""A lock with a name of its own. Source: PEP 751, "File Name"."""

METADATA = ("pyproject.toml", "setup.py", "setup.cfg", "Pipfile")
"""Files that say what a project needs, without a lock."""

REQUIREMENTS = re.compile(r"^(?:requirements/[^/]+|[^/]*requirements[^/]*)\.(?:txt|in)$")
"""Requirements files, below the project."""

FOR_TESTS = re.compile(r"(?:^|[-_./])tests?(?:ing)?(?:[-_.]|$)")
"""What the name of a requirements file has that is for the tests: not for functional ones or a linter beside them."""

FOR_DEVELOPERS = re.compile(r"(?:^|[-_./])(?:dev|devel|develop|development)(?:[-_.]|$)")

HASH = "--hash="


def find_kind(path: str, text: str) -> LockKind:
    """What a file is.

    Args:
        path: its path; only the name counts.
        text: what is in it.
    """
    name = PurePosixPath(path).name
    if name in LOCKS:
        return LOCKS[name]
    if PYLOCK.match(name):
        return "pylock"
    if name == "Pipfile":
        return "pipenv"
    return "requirements" if name not in METADATA and HASH in text else "project"


def choose_lock(names: Sequence[str], texts: Mapping[str, str]) -> str:
    """The lock among a project's files, by its path; empty where there is none.

    Args:
        names: paths relative to the project.
        texts: the text of the requirements files among them.
    """
    named = [name for name in LOCKS if name in names] or sorted(filter(PYLOCK.match, names))[:1]
    # Hashes are what makes a requirements file a lock; the one that knows pytest is for the tests.
    hashed = [path for path in find_requirement_files(names) if HASH in texts.get(path, "")]
    if named or hashed:
        return named[0] if named else max(hashed, key=lambda path: (rank(path, texts), -hashed.index(path)))
    return ""


def choose_unlocked(names: Sequence[str], pyproject: Mapping[str, object]) -> str:
    """The file that says what the project needs where there is no lock; empty where nothing does.

    Settings of tools, or a build system, say nothing alone.
    """
    tools = ("poetry", "flit")
    if "project" in pyproject or any(dig_table(pyproject, "tool", name) for name in tools):
        return "pyproject.toml"
    found = next((name for name in ("setup.py", "setup.cfg") if name in names), "")
    if found or not dig_table(pyproject, "dependency-groups"):
        return found or ("Pipfile" if "Pipfile" in names else "")
    return "pyproject.toml"


def find_locker(pyproject: Mapping[str, object]) -> LockKind:
    """The tool that has to say what a pyproject.toml asks for, since nothing else reads its groups."""
    poetry = dig_table(pyproject, "tool", "poetry")
    if dig_table(poetry, "group") or dig_table(poetry, "dev-dependencies"):
        return "poetry"
    return "pdm" if dig_table(pyproject, "tool", "pdm", "dev-dependencies") else "project"


def choose_requirements(names: Sequence[str], texts: Mapping[str, str], is_package: bool) -> list[str]:
    """Requirements files without hashes that a run installs: the application's, and the one for the tests.

    Args:
        names: paths relative to the project.
        texts: their texts.
        is_package: whether the project itself says what it needs, so that the application's file says it again.
    """
    found = find_requirement_files(names)
    tests = sorted(filter(lambda path: rank(path, texts), found), key=lambda path: -rank(path, texts))[:1]
    # Who runs the tests by other means than pytest has a file for them all the same.
    named = [path for each in (FOR_TESTS, FOR_DEVELOPERS) for path in found if each.search(path)]
    tests = tests or named[: not is_package]
    plain = [] if is_package else [path for path in found if PurePosixPath(path).stem == "requirements"][:1]
    return list(dict.fromkeys((*plain, *tests))) or ([] if is_package else found[:1])


def find_requirement_files(names: Sequence[str]) -> list[str]:
    """The requirements files, in the order in which a run looks for one: the project's own folder comes first.

    Those from which others were compiled, `.in`, count where there is no other.
    """
    found = sorted(filter(REQUIREMENTS.match, names), key=lambda name: ("/" in name, name))
    return [name for name in found if name.endswith(".txt")] or found


def rank(path: str, texts: Mapping[str, str]) -> int:
    """How much a requirements file is for the tests: it asks for pytest, and has their name."""
    return pins_pytest(texts.get(path, "")) * (1 + bool(FOR_TESTS.search(path)))


def pins_pytest(text: str) -> bool:
    """Whether a requirements file holds what tests need."""
    return any(normalize(line) == "pytest" for line in text.splitlines())
