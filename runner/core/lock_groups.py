"""Extras and dependency groups: those that a project has, by the tool that reads them, and the ones it does not have.

Pure.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from runner.core.lock_kinds import LockKind
from runner.core.nearest import make_hint
from runner.core.snapshot import dig, dig_list, dig_table, normalize
from runner.errors import SettingsError

PIPFILE_OTHERS = frozenset({"packages", "source", "requires", "scripts", "pipenv", "pipfile"})
"""Tables of a Pipfile that are no groups; `packages` is installed anyway. Source: Pipenv's documentation, "Pipfile"."""


def find_extras(kind: LockKind, tables: Mapping[str, Any]) -> list[str] | None:
    """The names of a project's extras; None where only a build knows them.

    Args:
        kind: of the lock.
        tables: of pyproject.toml; for `pipenv` of the Pipfile, for `pylock` of the lock.
    """
    if kind in {"pipenv", "requirements"}:
        return []
    if kind == "pylock":
        return dig_list(tables, "extras")
    described = dig(tables, "project") or dig(tables, "tool", "poetry")
    if "optional-dependencies" in dig_list(tables, "project", "dynamic") or not described:
        return None
    return [*dig_table(tables, "project", "optional-dependencies"), *dig_table(tables, "tool", "poetry", "extras")]


def find_groups(kind: LockKind, tables: Mapping[str, Any]) -> list[str]:
    """The names of a project's dependency groups.

    Args:
        kind: of the lock.
        tables: as above.
    """
    if kind == "requirements":
        return []
    if kind == "pipenv":
        return [name for name in tables if name not in PIPFILE_OTHERS]
    if kind == "pylock":
        return dig_list(tables, "dependency-groups")
    found = [*dig_table(tables, "dependency-groups")]
    match kind:
        case "poetry":
            found += [*dig_table(tables, "tool", "poetry", "group")]
            found += ["dev"] if dig_table(tables, "tool", "poetry", "dev-dependencies") else []
        case "pdm":
            found += [*dig_table(tables, "tool", "pdm", "dev-dependencies")]
        case "uv" if dig_list(tables, "tool", "uv", "dev-dependencies"):
            found.append("dev")
    return found


def find_default_groups(kind: LockKind, tables: Mapping[str, Any]) -> list[str]:
    """The groups that each tool installs without being asked.

    Sources: uv's `[tool.uv] default-groups`, which is `["dev"]` where it is not set; Poetry's documentation,
    "Dependency groups"; `pdm install --help`; `pipenv install --help`, where a lock for tests wants `--dev`.
    """
    groups = list(dict.fromkeys(find_groups(kind, tables)))
    if kind == "poetry":
        optional = dig_table(tables, "tool", "poetry", "group")
        return [name for name in groups if dig(optional, name, "optional") is not True]
    if kind == "pdm":
        return groups
    if kind == "pipenv":
        return [name for name in groups if name == "dev-packages"]
    if kind == "pylock":
        return dig_list(tables, "default-groups")
    named = dig(tables, "tool", "uv", "default-groups") or ["dev"]
    return groups if named == "all" else [name for name in groups if isinstance(named, list) and name in named]


def check_names(
    kind: LockKind, tables: Mapping[str, Any], where: str, extras: Iterable[str], groups: Iterable[str]
) -> None:
    """Refuse extras and groups that the project does not have.

    Args:
        kind: of the lock.
        tables: as above.
        where: the file that they are looked for in.
        extras: the setting `extras`.
        groups: the setting `dependency_groups`.

    Raises:
        SettingsError: there is no such extra or group.
    """
    for setting, word, names, known in (
        ("extras", "extra", extras, find_extras(kind, tables)),
        ("dependency_groups", "dependency group", groups, find_groups(kind, tables)),
    ):
        for name in names if known is not None else ():
            if normalize(name) not in map(normalize, known or ()):
                refuse(kind, setting, word, name, known or [], where)


def refuse(kind: LockKind, setting: str, word: str, name: str, known: list[str], where: str) -> None:
    """The error for a name that is not there."""
    what = f"there is no {word} `{name}` (`{setting}`)"
    if kind == "requirements":
        hint = f"take `{setting}` out; the requirements file is where they belong"
        raise SettingsError(what, f"`{where}` holds what is installed, and has no {word}s", hint)
    cause = f"`{where}` has {len(known) or 'no'} {word}{'' if len(known) == 1 else 's'}"
    hint = make_hint(name, known) if known else f"take it out of `{setting}`"
    raise SettingsError(what, cause, hint)
