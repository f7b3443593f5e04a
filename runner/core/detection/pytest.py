"""Where a project keeps pytest's settings, and which marks are not declared there. Pure."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from runner.core.detection.marks import find_used_marks
from runner.core.groups import DEFAULT_GROUPS
from runner.core.pytest_files import ALONE, SECTIONS, TABLES
from runner.core.snapshot import Snapshot, dig, dig_list, dig_table


@dataclass(frozen=True)
class Place:
    """Where marks are declared.

    Attributes:
        path: the file, relative to the project.
        keys: the table of a TOML file, or the one section of an INI file.
        declared: names of the marks that stand there.
    """

    path: str
    keys: tuple[str, ...]
    declared: frozenset[str]


def find_place(snapshot: Snapshot) -> Place:
    """The file that pytest reads, in pytest's own order; pyproject.toml where none has settings yet.

    Source: pytest's documentation, "Configuration".
    """
    for path in ALONE:
        if path in snapshot.names:
            return make_place(snapshot, path, "pytest")
    for keys in TABLES:
        if dig_table(snapshot.pyproject, *keys):
            return Place("pyproject.toml", keys, read_names(dig(snapshot.pyproject, *keys, "markers")))
    for path, section in SECTIONS.items():
        if re.search(rf"^\[{section}\]", snapshot.texts.get(path, ""), re.MULTILINE):
            return make_place(snapshot, path, section)
    return Place("pyproject.toml", ("tool", "pytest", "ini_options"), frozenset())


def make_place(snapshot: Snapshot, path: str, section: str) -> Place:
    """A place that is a file other than pyproject.toml."""
    text = snapshot.texts.get(path, "")
    markers = read_toml_markers(text) if path.endswith(".toml") else read_ini_markers(text, section)
    return Place(path, (section,), read_names(markers))


def read_toml_markers(text: str) -> Any:
    """The marks in a pytest.toml."""
    try:
        return dig_list(tomllib.loads(text), "pytest", "markers")
    except tomllib.TOMLDecodeError:
        return []


def read_ini_markers(text: str, section: str) -> str:
    """The lines below `markers` in one section, as pytest's own parser takes them."""
    inside, reading, found = False, False, []
    for line in text.splitlines():
        if line.startswith("["):
            inside, reading = line.strip() == f"[{section}]", False
        elif inside and (match := re.match(r"markers\s*[=:](.*)", line)):
            reading = True
            found.append(match[1])
        elif reading and line[:1].isspace():
            found.append(line)
        elif line.strip() and line[0] not in "#;":
            reading = False
    return "\n".join(found)


def read_names(markers: Any) -> frozenset[str]:
    """The names in declarations such as `slow: takes long` and `timeout(seconds)`."""
    lines = markers.splitlines() if isinstance(markers, str) else markers if isinstance(markers, list) else []
    names = (re.match(r"\s*([\w.-]+)", line) for line in lines if isinstance(line, str))
    return frozenset(name[1] for name in names if name)


def find_missing_marks(snapshot: Snapshot, place: Place) -> dict[str, str]:
    """The marks of the groups, and others that tests have, that are not declared, and what each is for.

    A run refuses a mark that nobody declared, as `--strict-markers` does.
    """
    groups: dict[str, Any] = {name: (group.marks, group.description) for name, group in DEFAULT_GROUPS.items()}
    for name, table in dig_table(snapshot.pyproject, "tool", "runner", "groups").items():
        marks, text = groups.get(name, ([name], ""))
        own = table if isinstance(table, Mapping) else {}
        groups[name] = (dig_list(own, "marks") or marks, own.get("description", text))
    wanted = {mark: text for marks, text in groups.values() for mark in marks if isinstance(mark, str)}
    wanted |= {mark: "" for mark in sorted(find_used_marks(snapshot)) if mark not in wanted}
    return {mark: str(text) for mark, text in wanted.items() if mark not in place.declared}
