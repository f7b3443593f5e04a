"""What `runner init` would change in a project: each file before and after."""

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runner.core.detection.pytest import find_missing_marks, find_place
from runner.core.groups import DEFAULT_GROUPS
from runner.core.settings import Settings
from runner.core.settings_layers import merge_settings
from runner.core.snapshot import Detected, Snapshot, dig, dig_table
from runner.errors import SettingsError, find_reason
from runner.project.edits_ci import Service, make_ci_file
from runner.project.edits_text import add_ignored, add_ini_marks, add_targets, keep_newlines
from runner.project.edits_toml import add_marks, add_settings

PYPROJECT = "pyproject.toml"
MAKEFILES = ("GNUmakefile", "makefile", "Makefile")
"""In the order in which make looks for them."""


@dataclass(frozen=True)
class Change:
    """A file that is changed or made.

    Attributes:
        path: relative to the project, with `/`.
        before: its text, where bytes that are no UTF-8 are surrogates; None for a file that is not there.
        after: its new text.
    """

    path: str
    before: str | None
    after: str


@dataclass(frozen=True)
class Edits:
    """All changes, and what a person has to do beside them."""

    changes: tuple[Change, ...]
    notes: tuple[str, ...] = ()


class Draft:
    """The texts of a project's files, edited one after the other."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._before: dict[str, str | None] = {}
        self._after: dict[str, str] = {}

    def edit(self, path: str, change: Callable[[str], str]) -> None:
        """Change the text of a file; line ends stay what they are, and an empty result makes no file."""
        if path not in self._before:
            self._before[path] = read(self._folder / path)
        text = self._after.get(path, self._before[path] or "")
        self._after[path] = keep_newlines(text, change)

    def finish(self) -> tuple[Change, ...]:
        """What is not as it was."""
        return tuple(
            Change(path, self._before[path], text)
            for path, text in self._after.items()
            if text != (self._before[path] or "")
        )


def read(path: Path) -> str | None:
    """The text of a file, or None where there is none.

    Raises:
        SettingsError: it cannot be read, or something else has its name.
    """
    try:
        return path.read_bytes().decode("utf-8", "surrogateescape")
    except FileNotFoundError:
        if path.is_symlink():
            raise SettingsError(f"cannot read `{path}`", "a link that leads nowhere") from None
        return None
    except OSError as error:
        raise SettingsError(f"cannot read `{path}`", find_reason(error)) from None


def make_edits(folder: Path, snapshot: Snapshot, detected: Detected, ci: Service | None, version: str) -> Edits:
    """What a project lacks, as changes of its files; nothing that is there is replaced.

    Args:
        folder: the project's.
        snapshot: the project.
        detected: what was seen in it.
        ci: the service to write a file for; None for what the project itself suggests.
        version: of the runner, which the CI file installs.

    Raises:
        SettingsError: a file cannot be read, or its TOML cannot be edited.
    """
    draft = Draft(folder)
    place = find_place(snapshot)
    if marks := find_missing_marks(snapshot, place):
        if place.path.endswith(".toml"):
            draft.edit(place.path, lambda text: add_marks(text, place.keys, marks, folder / place.path))
        else:
            draft.edit(place.path, lambda text: add_ini_marks(text, place.keys[0], marks))
    draft.edit(PYPROJECT, lambda text: add_settings(text, detected.settings, folder / PYPROJECT))
    if needs_ignoring(snapshot):
        draft.edit(".gitignore", lambda text: add_ignored(text, find_results(snapshot.pyproject)))
    makefile = next((name for name in MAKEFILES if name in snapshot.names), "Makefile")
    draft.edit(makefile, lambda text: add_targets(text, list_groups(snapshot.pyproject)))
    file, notes = make_ci_file(snapshot, ci, version)
    if file:
        draft.edit(file.path, lambda text: text or file.text)
    changes = draft.finish()
    after = next((tomllib.loads(each.after) for each in changes if each.path == PYPROJECT), snapshot.pyproject)
    # What is there already may be wrong, and then nothing is built on it.
    merge_settings(dict(dig_table(after, "tool", "runner")), {}, {})
    return Edits(changes, notes)


def list_groups(pyproject: Mapping[str, Any]) -> list[str]:
    """Names of the project's groups, the default ones first."""
    return list(dict.fromkeys([*DEFAULT_GROUPS, *dig_table(pyproject, "tool", "runner", "groups")]))


def find_results(pyproject: Mapping[str, Any]) -> str:
    """The folder for results."""
    named = dig(pyproject, "tool", "runner", "results")
    return named.strip("/") if isinstance(named, str) and named.strip("/") else Settings().results


def needs_ignoring(snapshot: Snapshot) -> bool:
    """Whether git has to be told of the folder for results: only where there is git, and a folder of the project's."""
    results = find_results(snapshot.pyproject)
    uses_git = ".gitignore" in snapshot.names or snapshot.has_repository
    return uses_git and not Path(results).is_absolute() and not results.startswith("..")
