"""What a build of the suite image reads of a project's lock, and what of it decides the image."""

import json
import os
import shlex
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from runner.core.lock_export import make_export_arguments, make_pip_arguments, make_resolution_arguments
from runner.core.lock_groups import check_names
from runner.core.lock_kinds import METADATA
from runner.core.requirement_lines import find_includes, make_lines
from runner.core.settings import Settings
from runner.core.snapshot import Snapshot, dig, normalize
from runner.project.load import Project
from runner.project.locks import ProjectLock
from runner.project.text import read_tables, read_text


def list_files(project: Project, settings: Settings, lock: ProjectLock) -> list[Path]:
    """Every file that decides what is installed, but for the project's metadata: the lock, and what it includes."""
    named = [project.folder / name for name in lock.files]
    if lock.path.name not in METADATA or lock.kind == "pipenv":
        named.append(lock.path)
    named += [project.folder / name for name in find_includes("\n".join(settings.requirements))]
    found = dict.fromkeys(named)
    for path in [*found]:
        found |= dict.fromkeys(follow(path, {*found}))
    return [*found]


def follow(path: Path, seen: set[Path]) -> Iterator[Path]:
    """The files that a requirements file includes, and those that they include."""
    if path.suffix not in {".txt", ".in"}:
        return
    for name in find_includes(read_text(path)):
        included = Path(os.path.normpath(path.parent / name))
        if included not in seen:
            seen.add(included)
            yield included
            yield from follow(included, seen)


def make_lock_text(files: Iterable[Path]) -> str:
    """What an image's identity has of the lock: the text of each file that it is read from."""
    return "\n".join(map(read_text, files))


def make_wanted_text(project: Project, settings: Settings, lock: ProjectLock, locked: str) -> str:
    """What tells which packages will be installed: the lock; without one, what the project asks for by itself.

    Args:
        project: the project.
        settings: its settings.
        lock: what its packages are installed from.
        locked: the text of that, from `make_lock_text`.
    """
    lines = [locked, *settings.requirements]
    if not lock.is_locked:
        # Where there is a lock, nobody waits for this import.
        from runner.core.detection.requirements import find_requirements

        # Packages by their names, and the tables for what they say of repositories.
        texts = {name: read_text(path) for name in METADATA if (path := project.folder / name).is_file()}
        lines += sorted(find_requirements(Snapshot(project.pyproject, texts=texts)))
        lines.append(json.dumps(project.pyproject, default=str))
    return "\n".join(lines)


def make_lock_files(project: Project, settings: Settings, lock: ProjectLock) -> dict[str, bytes]:
    """The files that images/suite/lock.sh reads.

    Raises:
        SettingsError: an extra, a group or a requirement is none; or a setting does not fit the lock.
    """
    requirements = make_lines(settings.requirements).encode()
    return {"lock.env": make_lock_environment(project, settings, lock), "requirements.in": requirements}


def make_lock_environment(project: Project, settings: Settings, lock: ProjectLock) -> bytes:
    """The variables that images/suite/lock.sh reads."""
    where, tables = find_tables(project, lock)
    if settings.extras or settings.dependency_groups:
        check_names(lock.kind, tables, where, settings.extras, settings.dependency_groups)
    asked = (settings.extras, settings.dependency_groups)
    values = {
        "LOCK_KIND": lock.kind,
        "LOCK_FILE": os.path.relpath(lock.path, project.folder),
        "IS_LOCKED": "yes" if lock.is_locked else "no",
        "EXPORT_ARGS": shlex.join(make_export_arguments(lock.kind, tables, *asked)),
    }
    if lock.kind == "project":
        described = lock.path.name if lock.path.name in METADATA else ""
        values["EXPORT_ARGS"] = shlex.join(make_resolution_arguments(described, lock.files, tables, *asked))
        if described and not lock.files:
            values["OWN_NAME"] = normalize(dig(tables, "project", "name"))
        values["PIP_ARGS"] = shlex.join(make_pip_arguments(described, lock.files, tables, *asked))
    if settings.exclude_newer:
        values["EXCLUDE_NEWER"] = settings.exclude_newer
    return "".join(f"{name}={shlex.quote(value)}\n" for name, value in values.items()).encode()


def find_tables(project: Project, lock: ProjectLock) -> tuple[str, Mapping[str, Any]]:
    """The file that names extras and groups, and its tables."""
    if lock.kind == "pipenv":
        return "Pipfile", read_tables(lock.path.with_name("Pipfile"))
    if lock.kind == "pylock":
        return lock.path.name, read_tables(lock.path)
    return "pyproject.toml" if lock.kind != "requirements" else lock.path.name, project.pyproject
