"""The files of a project, and what it needs from around it, as tar files for the image and for each run."""

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from runner.core.settings import Settings
from runner.project.layout import Layout
from runner.project.repository import copy_repository, find_top
from runner.project.sources import list_sources, pack

REPOSITORY = ".git"


def pack_sources(layout: Layout, folder: Path, names: Sequence[str], settings: Settings) -> tuple[bytes, bytes]:
    """The project's own files, and those around it; the second is empty where the project stands alone.

    Raises:
        SettingsError: a file cannot be read, or a path of `writable` is not inside the project.
    """
    opened = [path for path in settings.writable if not path.startswith("/")]
    with ExitStack() as stack:
        history: dict[str, Path] = {}
        if settings.git and (top := find_top(folder)):
            history[REPOSITORY] = stack.enter_context(copy_repository(top, list_places(layout, top)))
        own = pack(folder, names, opened, {} if layout.inside else history)
        around = [name for path in layout.outside for name in list_outside(layout.root, path)]
        return own, pack(layout.root, around, (), history) if layout.inside else b""


def list_places(layout: Layout, top: Path) -> list[str]:
    """What of a repository comes along, relative to its folder; nothing where all of it does."""
    if not layout.inside:
        return []
    return [(layout.root / path).relative_to(top).as_posix() for path in (layout.inside, *layout.outside)]


def list_outside(root: Path, path: str) -> list[str]:
    """The files of one path around the project, relative to the folder that holds both."""
    return [f"{path}/{name}" for name in list_sources(root / path)] if (root / path).is_dir() else [path]
