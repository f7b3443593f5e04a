"""What images/suite/lock.sh is told: arguments for the tool that reads a lock, or for the one that resolves. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

from runner.core.lock_groups import find_default_groups
from runner.core.lock_kinds import LockKind
from runner.core.requirement_lines import read_extras
from runner.core.snapshot import dig, dig_table, normalize


def make_export_arguments(
    kind: LockKind, tables: Mapping[str, Any], extras: Sequence[str], groups: Sequence[str]
) -> list[str]:
    """The extras and groups as the exporter of a lock wants them; what it takes by itself is not named.

    Args:
        kind: of the lock.
        tables: of pyproject.toml; for `pipenv` of the Pipfile, for `pylock` of the lock.
        extras: the setting `extras`.
        groups: the setting `dependency_groups`.
    """
    match kind:
        case "uv" | "pylock":
            return [*(f"--extra={name}" for name in extras), *(f"--group={name}" for name in groups)]
        case "poetry":
            wanted = join_names(find_default_groups(kind, tables), groups)
            return [*(f"--extras={name}" for name in extras), *(f"--with={name}" for name in wanted)]
        case "pdm":
            # It takes every group of a lock, but no extra.
            return [f"--group={name}" for name in extras]
        case "pipenv":
            wanted = join_names(["packages", *find_default_groups(kind, tables)], groups)
            return [f"--categories={','.join(wanted)}"]
        case _:
            return []


def join_names(default: Sequence[str], asked: Sequence[str]) -> list[str]:
    """The groups that are taken anyway and those that were asked for; each once, however it is written."""
    return list({normalize(name): name for name in (*asked, *default)}.values())


def make_resolution_arguments(
    path: str, files: Sequence[str], tables: Mapping[str, Any], extras: Sequence[str], groups: Sequence[str]
) -> list[str]:
    """What `uv pip compile` resolves: the project's metadata with its extras, its groups, requirements files.

    Args:
        path: the file that says what the project needs; empty where none does.
        files: requirements files.
        tables: of pyproject.toml.
        extras: the setting `extras`.
        groups: the setting `dependency_groups`.
    """
    metadata = [path] if path and is_described(path, tables) else []
    wanted = list_groups(tables, groups)
    # An extra without something that could have it is an error to uv.
    named = join_names(find_own_extras(tables, wanted), extras) if metadata else []
    return [*metadata, *files, *(f"--extra={name}" for name in named), *(f"--group={name}" for name in wanted)]


def make_pip_arguments(
    path: str, files: Sequence[str], tables: Mapping[str, Any], extras: Sequence[str], groups: Sequence[str]
) -> list[str]:
    """The same for pip, which takes over where uv refuses a project."""
    project = [f".[{','.join(extras)}]" if extras else "."] if path and is_described(path, tables) else []
    named = [part for name in files for part in ("-r", name)]
    return [*project, *named, *(part for name in list_groups(tables, groups) for part in ("--group", name))]


def find_own_extras(tables: Mapping[str, Any], groups: Sequence[str]) -> list[str]:
    """The extras by which groups ask for the project itself, such as `shop[postgres]` in `shop`.

    Whoever resolves the groups would take the project from an index, in its last release. Groups may include others.
    """
    own, known = normalize(dig(tables, "project", "name")), dig_table(tables, "dependency-groups")
    lines = {normalize(name): each for name, each in known.items() if isinstance(each, list)}
    waiting, seen, found = [*map(normalize, groups)], set[str](), list[str]()
    while waiting:
        seen.add(name := waiting.pop())
        for line in lines.get(name, ()):
            if isinstance(line, dict):
                waiting += {normalize(line.get("include-group"))} - seen
            elif own and normalize(line) == own:
                found += read_extras(line)
    return list(dict.fromkeys(found))


def is_described(path: str, tables: Mapping[str, Any]) -> bool:
    """Whether a file describes a project that can be built, not only its groups or the settings of tools."""
    if path != "pyproject.toml":
        return True
    return "project" in tables or any(dig_table(tables, "tool", name) for name in ("poetry", "flit"))


def list_groups(tables: Mapping[str, Any], groups: Sequence[str]) -> list[str]:
    """The groups to resolve: PEP 735's alone, since nobody else's are known to uv and pip."""
    known = {normalize(name): name for name in dig_table(tables, "dependency-groups")}
    wanted = join_names(find_default_groups("project", tables), groups)
    return [known[normalize(name)] for name in wanted if normalize(name) in known]
