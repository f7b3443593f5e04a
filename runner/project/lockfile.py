"""`runner.lock` in the project's folder: read, compared with the project as it is, written in one step."""

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path

from runner import __version__
from runner.core.lock import NAME, Lock
from runner.core.lock_inputs import LockInputs
from runner.core.lock_reading import parse_lock
from runner.core.settings import Settings
from runner.errors import SettingsError, find_reason
from runner.project.load import Project
from runner.project.locks import find_lock

LETTERS = 16
"""Of a short checksum: it tells a change, and protects from nobody."""


def read_lock(folder: Path) -> Lock | None:
    """The lock of a project, or None where it has none.

    Raises:
        SettingsError: the file cannot be read or used.
    """
    try:
        data = (folder / NAME).read_bytes()
    except FileNotFoundError:
        if not (folder / NAME).is_symlink():
            return None
        raise SettingsError(f"cannot read `{NAME}`", "it is a link to a file that is not there") from None
    except OSError as error:
        raise SettingsError(f"cannot read `{NAME}`", find_reason(error)) from None
    return parse_lock(data)


def write_lock(folder: Path, text: str) -> None:
    """Write the lock of a project, in one step; a file that is there keeps its mode.

    Raises:
        SettingsError: the folder or the file cannot be written.
    """
    # Runs only read; what this needs takes some milliseconds to import.
    from runner.project.kept import open_whole

    path = (folder / NAME).resolve()
    try:
        mode = path.stat().st_mode if path.exists() else None
        with open_whole(path) as file:
            file.write(text.encode())
        if mode is not None:
            path.chmod(mode)
    except OSError as error:
        raise SettingsError(f"cannot write `{path}`", find_reason(error)) from None


def make_inputs(project: Project, settings: Settings, identity: Mapping[str, str]) -> LockInputs:
    """What of the project decides about its images.

    Args:
        project: the project.
        settings: its settings.
        identity: what the fingerprint of its suite image covers, by name (`SuiteRecipe.identity`).
    """
    lock, server = find_lock(project, settings), settings.postgres.in_image
    seen = {**identity, **({"postgres": server} if server else {})}
    return LockInputs(
        runner=__version__,
        image=settings.base_image,
        packages=sorted({*settings.packages}),
        lock=os.path.relpath(lock.path, project.folder),
        sha256=hash_text(identity["lock"]),
        others={name: hash_text(text)[:LETTERS] for name, text in seen.items() if name != "lock"},
    )


def hash_text(text: str) -> str:
    """The sha256 of a text, as 64 hex digits; line ends were made equal, so that a checkout's do not matter."""
    return hashlib.sha256(text.encode()).hexdigest()
