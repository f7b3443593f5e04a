"""What `runner init` knows of a project before it decides: names of files, and the text of a few. Pure."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any


@dataclass(frozen=True)
class Snapshot:
    """A project as far as detection looks at it.

    Attributes:
        pyproject: what pyproject.toml holds; empty where there is none.
        names: paths of all files, relative to the project, with `/`.
        texts: the text of those that detection reads, by path.
        remotes: addresses of the repository's remotes.
        has_repository: whether git keeps the project.
        is_root: whether no folder above the project's is the repository's.
        workspace: the lock of a workspace above, of which the project is a member; empty where there is none.
        idle_since: day of the last commit, such as `2024-10-24`, where that is months ago; empty where it is not.
    """

    pyproject: Mapping[str, Any] = field(default_factory=dict)
    names: frozenset[str] = frozenset()
    texts: Mapping[str, str] = field(default_factory=dict)
    remotes: tuple[str, ...] = ()
    has_repository: bool = False
    is_root: bool = True
    workspace: str = ""
    idle_since: str = ""

    def find(self, name: str) -> list[str]:
        """Paths of the project's own files with a name; the shortest path first."""
        found = [path for path in self.names if PurePosixPath(path).name == name and is_own(path)]
        return sorted(found, key=lambda each: (each.count("/"), each))

    def has_folder(self, folder: str) -> bool:
        """Whether there is a file below a folder."""
        return any(name.startswith(f"{folder.rstrip('/')}/") for name in self.names)

    def python_files(self) -> Iterator[tuple[str, str]]:
        """Path and text of the Python files that were read."""
        return ((path, self.texts[path]) for path in sorted(self.texts) if path.endswith(".py"))


@dataclass(frozen=True)
class Finding:
    """One thing that was seen.

    Attributes:
        subject: what it is about: lock, Python, tests' requirements, migrations, isolation, database.
        found: what it is, in words.
        where: the file that says so; empty where nothing does.
    """

    subject: str
    found: str
    where: str = ""


@dataclass(frozen=True)
class Detected:
    """What one look at a project found.

    Attributes:
        findings: in words, for the person who asked.
        settings: what goes into `[tool.runner]`.
        notes: what nobody but a person can decide or do.
    """

    findings: tuple[Finding, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def __or__(self, other: "Detected") -> "Detected":
        """Both; tables and sets of names are joined; of two isolations the stronger counts, else the second."""
        findings = dict.fromkeys(self.findings + other.findings)
        return Detected(tuple(findings), join(self.settings, other.settings), self.notes + other.notes)


STRENGTH = ("schema", "database", "none", "server", "sandbox")
"""`none` leaves a suite alone that has databases of its own for its workers; with a server for each it still may."""

SETS = frozenset(
    {"rights", "extensions", "databases", "pytest_args", "packages", "extras", "dependency_groups", "init_sql"}
    | {"requirements", "writable"}
)
"""Settings whose items are added up."""


def join(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of two findings."""
    joined = dict(one)
    for name, value in other.items():
        before = joined.get(name)
        if isinstance(value, Mapping) and isinstance(before, Mapping):
            joined[name] = join(before, value)
        elif name in SETS and before:
            joined[name] = [*dict.fromkeys([*before, *value])]
        elif name == "isolation" and before:
            joined[name] = max(before, value, key=STRENGTH.index)
        else:
            joined[name] = value
    return joined


def is_test(path: str) -> bool:
    """Whether a file belongs to the tests, by pytest's usual names."""
    folders, name = PurePosixPath(path).parts[:-1], PurePosixPath(path).name
    return (
        not {"test", "tests", "testing"}.isdisjoint(folders)
        or re.match(r"test_|conftest\.py|.*_test\.py", name) is not None
    )


def is_own(path: str) -> bool:
    """Whether a file belongs to the application, not to its tests, examples or documentation."""
    return {"test", "tests", "examples", "docs", "vendor"}.isdisjoint(PurePosixPath(path).parts[:-1])


def dig(table: Any, *keys: str) -> Any:
    """What stands below keys in nested tables; an empty table where nothing does, or something else is in the way."""
    for key in keys:
        table = table.get(key, {}) if isinstance(table, Mapping) else {}
    return table


def dig_table(table: Any, *keys: str) -> Mapping[str, Any]:
    """The same, if it is a table."""
    found = dig(table, *keys)
    return found if isinstance(found, Mapping) else {}


def dig_list(table: Any, *keys: str) -> list[Any]:
    """The same, if it is a list."""
    found = dig(table, *keys)
    return list(found) if isinstance(found, list) else []


def normalize(requirement: Any) -> str:
    """The name in a requirement, as package indexes compare names; empty where there is none."""
    found = re.match(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)", requirement) if isinstance(requirement, str) else None
    return re.sub(r"[-_.]+", "-", found[1]).lower().rstrip("-") if found else ""
