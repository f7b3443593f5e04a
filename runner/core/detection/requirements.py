"""Which packages a project asks for, and which of its extras and dependency groups hold those of the tests. Pure."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from runner.core.detection.environments import (
    detect_environments,
    find_declared_extras,
    find_setup_requirements,
    list_environments,
)
from runner.core.lock_groups import find_default_groups, find_groups
from runner.core.lock_kinds import LockKind, pins_pytest
from runner.core.lock_source import Source, find_source
from runner.core.snapshot import Detected, Finding, Snapshot, dig, dig_list, dig_table, normalize

TEST_NAMES = frozenset({"test", "tests", "testing"})
DRIVERS = frozenset(
    {"psycopg", "psycopg-binary", "psycopg2", "psycopg2-binary", "psycopg2cffi", "asyncpg", "pg8000", "aiopg"}
)
"""Packages that connect to Postgres; without one of them there would be no test that needs it."""
REQUIREMENTS = re.compile(
    r"(?:^|/)(?:[^/]*requirements|dev|tests?)[^/]*\.(?:txt|in)$|(?:^|/)requirements/[^/]+\.(?:txt|in)$"
)


def find_requirements(snapshot: Snapshot) -> frozenset[str]:
    """Names of all packages that the project asks for, whatever for, normalized."""
    tables = snapshot.pyproject
    found = [*dig_list(tables, "project", "dependencies"), *dig_list(tables, "tool", "uv", "dev-dependencies")]
    for keys in (("project", "optional-dependencies"), ("dependency-groups",), ("tool", "pdm", "dev-dependencies")):
        found += [each for group in dig_table(tables, *keys).values() if isinstance(group, list) for each in group]
    found += find_poetry(dig_table(tables, "tool", "poetry"))
    for path, text in snapshot.texts.items():
        if REQUIREMENTS.search(path):
            found += text.splitlines()
    found += find_setup_requirements(snapshot.texts)
    found += [each for names in find_declared_extras(snapshot).values() for each in names]
    found += [each for _, requirements, _ in list_environments(snapshot) for each in requirements]
    return frozenset(filter(None, map(normalize, found)))


def find_poetry(poetry: Mapping[str, Any]) -> Iterator[str]:
    """The names in Poetry's own tables."""
    yield from dig_table(poetry, "dependencies")
    yield from dig_table(poetry, "dev-dependencies")
    for group in dig_table(poetry, "group").values():
        yield from dig_table(group, "dependencies")


def detect_test_requirements(snapshot: Snapshot) -> Detected:
    """The extras and groups with the tests' requirements, where the lock's tool does not take them by itself."""
    source = find_source(snapshot)
    if source.kind in {"requirements", "pylock", "pipenv"}:
        return Detected()
    found = find_members(snapshot, source.kind)
    default = find_included(find_default_groups(source.kind, snapshot.pyproject), found)
    covered = any(has_pytest(found[name]) for name in default) or asks_for_pytest(snapshot, source)
    chosen = choose(found, default, covered)
    extras = find_declared_extras(snapshot)
    chosen_extras = choose(extras, set(), covered or bool(chosen))
    taken = find_taken(snapshot, source).union(*(found[name] for name in {*default, *chosen}))
    is_driven = bool(DRIVERS & taken.union(*(extras[name] for name in chosen_extras)))
    if not is_driven:
        driving = [name for name in found if name not in {*default, *chosen} and DRIVERS & found[name]]
        chosen += driving[:1]
        more = [name for name in extras if DRIVERS & extras[name]][: not driving]
        chosen_extras += more
        is_driven = bool(driving or more)
    detected = Detected()
    for setting, names, word in (("dependency_groups", chosen, "group"), ("extras", chosen_extras, "extra")):
        if names:
            words = ", ".join(f"{word} `{name}`" for name in names)
            where = source.path if source.path in {"setup.py", "setup.cfg"} else "pyproject.toml"
            detected |= Detected((Finding("tests need", words, where),), {setting: names})
    if source.kind != "project":
        return detected
    if not (covered or chosen or chosen_extras):
        return detected | detect_environments(snapshot)
    # Whoever names no driver elsewhere may do so for tox alone.
    found_there = detect_environments(snapshot)
    has_driver = DRIVERS & {*map(normalize, found_there.settings.get("requirements", ()))}
    return detected | found_there if has_driver and not is_driven else detected


def find_taken(snapshot: Snapshot, source: Source) -> set[str]:
    """The packages that are installed whatever the groups and extras."""
    tables = snapshot.pyproject
    poetry = dig_table(tables, "tool", "poetry", "dependencies")
    taken = [*dig_list(tables, "project", "dependencies")]
    # Poetry's optional ones are installed with an extra that names them.
    taken += [name for name, each in poetry.items() if dig(each, "optional") is not True]
    taken += find_setup_requirements(snapshot.texts)
    taken += [line for path in source.files for line in snapshot.texts.get(path, "").splitlines()]
    return {*map(normalize, taken)}


def asks_for_pytest(snapshot: Snapshot, source: Source) -> bool:
    """Whether a requirements file that is installed anyway is for the tests."""
    return any(pins_pytest(snapshot.texts.get(path, "")) for path in source.files)


def find_members(snapshot: Snapshot, kind: LockKind) -> dict[str, set[str]]:
    """The packages of each dependency group, with those of the groups that it includes."""
    standard = dig_table(snapshot.pyproject, "dependency-groups")
    found = {}
    for name in dict.fromkeys(find_groups(kind, snapshot.pyproject)):
        own = dig_table(snapshot.pyproject, "tool", "poetry", "group", name, "dependencies")
        found[name] = set(map(normalize, own)) | (resolve(name, standard) if name in standard else set())
    return found


def resolve(name: str, groups: Mapping[str, Any], seen: frozenset[str] = frozenset()) -> set[str]:
    """The packages of a group, those of the groups it includes too; `group:NAME` stands for each of these."""
    found: set[str] = set()
    by_name = {normalize(each): each for each in groups}
    for item in groups[name] if isinstance(groups[name], list) else []:
        other = by_name.get(normalize(dig(item, "include-group")), "")
        if isinstance(item, Mapping) and other and other not in seen | {name}:
            found |= {f"group:{other}"} | resolve(other, groups, seen | {name})
        else:
            found.add(normalize(item))
    return found - {""}


def find_included(default: Iterable[str], groups: Mapping[str, set[str]]) -> set[str]:
    """Groups that are taken anyway, with those that they include."""
    taken = {name for name in default if name in groups}
    return taken | {other for name in taken for other in groups if f"group:{other}" in groups[name]}


def choose(groups: Mapping[str, set[str]], default: set[str], covered: bool) -> list[str]:
    """Those that are named after tests; else the first with pytest, where nothing else brings it."""
    named = [name for name in groups if normalize(name) in TEST_NAMES and name not in default]
    if named or covered:
        return named
    return [name for name in groups if has_pytest(groups[name]) and name not in default][:1]


def has_pytest(names: Iterable[str]) -> bool:
    """Whether pytest is among the packages."""
    return "pytest" in names
