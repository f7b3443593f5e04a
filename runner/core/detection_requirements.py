"""Which packages a project asks for, and which of its extras and dependency groups hold those of the tests. Pure."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from runner.core.snapshot import Detected, Finding, Snapshot, dig, dig_list, dig_table, normalize

TEST_NAMES = frozenset({"test", "tests", "testing"})
REQUIREMENTS = re.compile(r"(?:^|/)(?:requirements|dev|tests?)[^/]*\.(?:txt|in)$")


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
    return frozenset(filter(None, map(normalize, found)))


def find_poetry(poetry: Mapping[str, Any]) -> Iterator[str]:
    """The names in Poetry's own tables."""
    yield from dig_table(poetry, "dependencies")
    yield from dig_table(poetry, "dev-dependencies")
    for group in dig_table(poetry, "group").values():
        yield from dig_table(group, "dependencies")


def detect_test_requirements(snapshot: Snapshot) -> Detected:
    """The extras and groups that uv's export has to be told of; other locks hold what they hold."""
    if "uv.lock" not in snapshot.names:
        return Detected()
    groups = {name: resolve(name, dig_table(snapshot.pyproject, "dependency-groups")) for name in list_groups(snapshot)}
    default = find_default_groups(snapshot, groups)
    covered = any(has_pytest(groups[name]) for name in default)
    chosen = choose(groups, default, covered)
    extras = dig_table(snapshot.pyproject, "project", "optional-dependencies")
    known = {name: set(map(normalize, each)) for name, each in extras.items() if isinstance(each, list)}
    chosen_extras = choose(known, set(), covered or bool(chosen))
    detected = Detected()
    for setting, names, word in (("dependency_groups", chosen, "group"), ("extras", chosen_extras, "extra")):
        if names:
            words = ", ".join(f"{word} `{name}`" for name in names)
            detected |= Detected((Finding("tests need", words, "pyproject.toml"),), {setting: names})
    return detected


def list_groups(snapshot: Snapshot) -> list[str]:
    """The dependency groups, as they are written."""
    return [str(name) for name in dig_table(snapshot.pyproject, "dependency-groups")]


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


def find_default_groups(snapshot: Snapshot, groups: Mapping[str, set[str]]) -> set[str]:
    """The groups that uv installs without being asked, with those that they include.

    Source: uv's `[tool.uv] default-groups`, which is `["dev"]` where it is not set.
    """
    named = dig(snapshot.pyproject, "tool", "uv", "default-groups") or ["dev"]
    if named == "all":
        return set(groups)
    default = {name for name in groups if isinstance(named, list) and name in named}
    return default | {other for name in default for other in groups if f"group:{other}" in groups[name]}


def choose(groups: Mapping[str, set[str]], default: set[str], covered: bool) -> list[str]:
    """Those that are named after tests; else the first with pytest, where nothing else brings it."""
    named = [name for name in groups if normalize(name) in TEST_NAMES and name not in default]
    if named or covered:
        return named
    return [name for name in groups if has_pytest(groups[name]) and name not in default][:1]


def has_pytest(names: Iterable[str]) -> bool:
    """Whether pytest is among the packages."""
    return "pytest" in names
