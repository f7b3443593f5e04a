"""Refuses lock files that nobody can read, before an image is made as if there were none."""

from pathlib import Path

from runner.core.lock_kinds import LOCKS
from runner.errors import SettingsError


def refuse_dangling(folder: Path) -> None:
    """Refuse links that lead nowhere under the name of a lock.

    Raises:
        SettingsError: there is one.
    """
    for path in (folder / name for name in LOCKS):
        if path.is_symlink() and not path.exists():
            raise SettingsError(
                f"cannot read the lock file `{path.name}`",
                f"it is a link to `{path.readlink()}`, where there is no file",
                "make the file, remove the link, or name what to install from with the setting `lock`",
            )


def refuse_unreadable(path: Path) -> None:
    """Refuse a lock of a tool that is empty, or that its tool does not read alone.

    Raises:
        SettingsError: it is such a lock.
    """
    if path.name in LOCKS and not path.stat().st_size:
        hint = "lock again, or remove it: without a lock packages are resolved when the image is made"
        raise SettingsError(f"cannot read the lock file `{path.name}`", "it is empty", hint)
    if path.name == "Pipfile.lock" and not path.with_name("Pipfile").is_file():
        cause = "pipenv reads it beside its Pipfile only, and there is none"
        hint = "add the Pipfile, or name what to install from with the setting `lock`"
        raise SettingsError("cannot read the lock file `Pipfile.lock`", cause, hint)
