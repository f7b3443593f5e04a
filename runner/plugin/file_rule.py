"""The rule of no shared files: which errors mean that a test wrote where all workers do."""

from __future__ import annotations

import errno
import os
import traceback
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from .breach import Breach, make_breach
from .sandboxes import has_sandboxes
from .slot import find_worker

SHARED = ("/tmp", "/var/tmp")  # noqa: S108 -- named to keep tests out of them

REFUSALS = {errno.EACCES, errno.EPERM, errno.EROFS}


class FileRule:
    """Tests write only to their worker's own folder, and to what the project opened."""

    def __init__(self, wiring: Mapping[str, Any]) -> None:
        project, folders = wiring.get("project", ""), wiring.get("folders")
        # In a sandbox nothing is shared.
        self._shared = [] if has_sandboxes() else [*filter(None, [project]), *SHARED]
        self._allowed = [Path(project, each) for each in wiring.get("writable", ())]
        self._allowed += [Path(folders, find_worker(wiring))] if folders else []

    def find(self, error: BaseException) -> Breach | None:
        """The rule that an error tells was broken, if it is this one."""
        if not isinstance(error, OSError) or error.errno not in REFUSALS or is_execution(error):
            return None
        # Of two names the second is the one that would be made.
        for name in (error.filename2, error.filename):
            if isinstance(name, (str, bytes)) and (path := self._find_written(os.fsdecode(name), error.errno)):
                advice = (
                    "which all workers share; use the fixture `tmp_path`, or open the path in the setting `writable`"
                )
                return make_breach("files", path, f"this test wrote `{path}`, {advice}")
        return None

    def _find_written(self, name: str, number: int) -> str:
        """The whole path where writing to a shared place was refused, or empty."""
        with suppress(OSError):  # The current folder may be gone.
            path = Path(os.path.abspath(name))  # noqa: PTH100 -- Path.resolve would follow links
            shared = is_below(path, self._shared) and not is_below(path, self._allowed)
            return str(path) if shared and (number == errno.EROFS or is_only_readable(path)) else ""
        return ""


def is_execution(error: OSError) -> bool:
    """Whether a program could not be started, which is no write."""
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
    return bool(frames) and frames[-1].f_globals.get("__name__") == "subprocess"


def is_below(path: Path, folders: Iterable[Path | str]) -> bool:
    """Whether a path is one of the folders or inside one."""
    return any(path.is_relative_to(folder) for folder in folders)


def is_only_readable(path: Path) -> bool:
    """Whether a refusal can only have been of a write: what cannot even be read says nothing."""
    fixed = not os.access(path.parent, os.W_OK)
    if not os.path.lexists(path):
        return fixed and os.access(path.parent, os.X_OK)
    reading = os.R_OK | os.X_OK if path.is_dir() else os.R_OK
    return os.access(path, reading) and (fixed or not os.access(path, os.W_OK))
