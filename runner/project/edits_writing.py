"""Writes all changes of a project's files, or none."""

import os
import stat
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from pathlib import Path

from runner.errors import SettingsError, find_reason
from runner.project.edits import Change, read


def write_all(folder: Path, changes: Sequence[Change]) -> None:
    """Write temporary files beside the old ones, then rename them; whatever fails, the project is as it was.

    Raises:
        SettingsError: a file is read-only, is a link that leads out of the project, was changed meanwhile, or cannot be
            written.
    """
    targets = [find_target(folder, change) for change in changes]
    with ExitStack() as undo:
        path = folder
        try:
            temporaries = []
            for change, path in zip(changes, targets, strict=True):
                make_folders(path.parent, undo)
                temporaries.append(write_beside(path, change.after, undo))
            for change, temporary, path in zip(changes, temporaries, targets, strict=True):
                undo.callback(restore, path, change.before)
                temporary.replace(path)
        except OSError as error:
            raise SettingsError(f"cannot write `{path}`", find_reason(error), "nothing was changed") from None
        undo.pop_all()


def find_target(folder: Path, change: Change) -> Path:
    """The file that a change goes to; a link stays one, and what it leads to is written."""
    path = folder / change.path
    target = path.resolve()
    if not target.is_relative_to(folder.resolve()):
        raise SettingsError(
            f"cannot write `{path}`", f"it leads out of the project, to `{target}`", "edit that file by hand"
        )
    if target.exists() and not target.stat().st_mode & stat.S_IWUSR:
        raise SettingsError(f"cannot write `{path}`", "it is read-only", f"`chmod u+w {change.path}`")
    if read(path) != change.before:
        raise SettingsError(f"cannot write `{path}`", "it was changed meanwhile", "start `runner init` again")
    return target


def make_folders(folder: Path, undo: ExitStack) -> None:
    """Make the folders that lead to a file."""
    for each in reversed([folder, *folder.parents]):
        if not each.exists():
            each.mkdir()
            undo.callback(remove_folder, each)


def remove_folder(folder: Path) -> None:
    """Remove a folder that was made in vain."""
    with suppress(OSError):
        folder.rmdir()


def write_beside(path: Path, text: str, undo: ExitStack) -> Path:
    """A temporary file with a text, in the same folder, with the mode and owner that the file has."""
    temporary = path.with_name(f".{path.name}.runner-init-{os.getpid()}")
    undo.callback(temporary.unlink, missing_ok=True)
    temporary.write_bytes(text.encode("utf-8", "surrogateescape"))
    model = path if path.exists() else path.parent
    if path.exists():
        temporary.chmod(stat.S_IMODE(path.stat().st_mode))
    if os.geteuid() == 0:
        # In a container the runner may be root, while the project is the user's.
        os.chown(temporary, model.stat().st_uid, model.stat().st_gid)
    return temporary


def restore(path: Path, before: str | None) -> None:
    """Put back what was there."""
    with suppress(OSError):
        if before is None:
            path.unlink(missing_ok=True)
        else:
            path.write_bytes(before.encode("utf-8", "surrogateescape"))
