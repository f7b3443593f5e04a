"""The files that decide what `setup` makes."""

from collections.abc import Sequence
from pathlib import Path

from runner.errors import SettingsError, find_reason


def read_matching(folder: Path, patterns: Sequence[str]) -> dict[str, bytes]:
    """The files of a project that match any of the patterns, by relative path; a folder stands for all below it.

    Raises:
        SettingsError: a pattern matches nothing, leaves the project, or a file cannot be read.
    """
    found: dict[str, bytes] = {}
    for pattern in patterns:
        if ".." in Path(pattern).parts:
            raise SettingsError(f"`setup_inputs` leaves the project: `{pattern}`", f"the project is `{folder}`")
        try:
            matches = [path for path in folder.glob(pattern) if "__pycache__" not in path.parts]
        except (ValueError, NotImplementedError) as error:
            raise SettingsError(f"`setup_inputs` cannot use the pattern `{pattern}`", str(error).lower()) from None
        files = [each for path in matches for each in ([path] if path.is_file() else sorted(path.rglob("*")))]
        if not any(path.is_file() for path in files):
            raise SettingsError(f"`setup_inputs`: no file matches `{pattern}`", f"the project is `{folder}`")
        for path in files:
            if path.is_file() and "__pycache__" not in path.parts:
                found[path.relative_to(folder).as_posix()] = read_bytes(path)
    return found


def read_bytes(path: Path) -> bytes:
    """What a file holds."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise SettingsError(f"cannot read `{path}`", find_reason(error)) from None
