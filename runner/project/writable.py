"""The setting `writable`: paths of the project, and folders of the environment, that the suite may write to."""

from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from runner.core.places import PROJECT
from runner.errors import SettingsError


def find_inside(folder: Path, path: str) -> str:
    """A path of the setting `writable` as it is called below the project's folder.

    Raises:
        SettingsError: it leads out of the project, or through a symbolic link.
    """
    named, root = PurePosixPath(path), folder.resolve()
    if not path or "\0" in path or named.is_absolute() or ".." in named.parts:
        raise refuse(path, "it is not a path inside the project")
    if (root / named).resolve() != root / named:
        raise refuse(path, "it leads through a symbolic link")
    return str(named)


def find_folders(writable: Sequence[str]) -> list[str]:
    """The folders of the container that the setting `writable` opens, as absolute paths; raises SettingsError."""
    found = [find_outside(path) for path in writable if path.startswith("/")]
    return [*found, PROJECT] if any(PurePosixPath(path) == PurePosixPath() for path in writable if path) else found


def find_outside(path: str) -> str:
    """An absolute path of the setting `writable` as it is called in the container; raises SettingsError."""
    named = PurePosixPath("/", path.lstrip("/"))
    if "\0" in path or ".." in named.parts or named == PurePosixPath("/"):
        raise refuse(path, "it is not a folder below `/`")
    return str(named)


def refuse(path: str, reason: str) -> SettingsError:
    """The error for a path that cannot be made writable."""
    hint = "name a path relative to the project, or a folder of the environment such as `/tmp`"
    return SettingsError(f"cannot make `{path}` writable (`writable`)", reason, hint)
