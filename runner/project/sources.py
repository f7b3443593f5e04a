"""The files of a project that go into a run: what git lists, else what a plain walk finds; packed as a tar file."""

import io
import os
import stat
import subprocess
import tarfile
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path, PurePosixPath

from runner.errors import SettingsError, find_reason
from runner.project.writable import find_inside

IGNORED = frozenset(
    {".git", ".hg", ".svn", ".venv", "venv", ".tox", ".nox", "node_modules", "__pycache__", ".runner", "dist", "build"}
    | {".mypy_cache", ".pytest_cache", ".ruff_cache", ".eggs"}
)
"""Folders that a walk passes over where there is no git to ask."""

OWNER = 1000
"""The suite's user and group inside its container; images/suite makes this user."""

CACHE = ".pytest_cache"
"""What pytest keeps of a run is no source: it may always be written."""


def list_sources(folder: Path) -> list[str]:
    """Paths relative to `folder`: tracked files, and untracked ones that are not ignored."""
    listed = (
        subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--deduplicate"],
            cwd=folder,
            env={**os.environ, "LC_ALL": "C"},
            capture_output=True,
            check=False,
        )
        if has_git()
        else None
    )
    if listed is None or b"not a git repository" in listed.stderr:
        return walk(folder)
    if listed.returncode:
        reason = listed.stderr.decode(errors="replace").strip()
        raise SettingsError(f"git cannot list the files of `{folder}`", reason, "do what git says, and try again")
    names = [os.fsdecode(name) for name in listed.stdout.split(b"\0") if name]
    if not names:
        # The whole project lies in a folder that the repository around it ignores.
        return walk(folder)
    # A file may be tracked and deleted.
    found = [name for name in names if os.path.lexists(folder / name)]
    return sorted(each for name in found for each in list_submodule(folder, name))


def list_submodule(folder: Path, name: str) -> list[str]:
    """A listed path, or the files of the submodule that is listed as a folder; one that is not checked out has none."""
    path = folder / name
    if path.is_symlink() or not path.is_dir():
        return [name]
    # git names an untracked folder with a repository of its own with a slash.
    start = name.rstrip("/")
    return [f"{start}/{each}" for each in list_sources(path)] if (path / ".git").exists() else []


def has_git() -> bool:
    """Whether the command git is there."""
    return any(os.access(Path(entry) / "git", os.X_OK) for entry in os.get_exec_path())


def walk(folder: Path) -> list[str]:
    """Every file below, but for the usual folders of tools."""
    found = []
    for root, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if name not in IGNORED and not name.endswith(".egg-info")]
        linked = [name for name in folders if Path(root, name).is_symlink()]
        found += [str(Path(root, name).relative_to(folder)) for name in (*files, *linked)]
    return sorted(found)


def pack(folder: Path, names: Iterable[str], writable: Sequence[str] = (), others: Mapping[str, Path] = {}) -> bytes:
    """A tar file of the named files with their folders, of which the suite may write to the `writable` ones only.

    Args:
        folder: the project.
        names: paths of files, relative to the project.
        writable: relative paths that belong to the suite's user with all that is below; one that no file has or lies
            below becomes an empty folder. `.` means every file; whoever unpacks them opens the folder itself.
        others: files and folders from elsewhere, by the path that they get.

    Raises:
        SettingsError: a file cannot be read, or a writable path is not inside the project.
    """
    opened = {CACHE, *(find_inside(folder, path) for path in writable)}
    target = io.BytesIO()
    # Without compression: it goes to an engine on this machine as a rule.
    with tarfile.open(fileobj=target, mode="w", format=tarfile.PAX_FORMAT) as archive:
        made: set[str] = set()
        for name, path in [*((name, folder / name) for name in names), *others.items()]:
            add_folders(archive, Path(name).parent, opened, made)
            try:
                archive.add(path, name, recursive=True, filter=partial(keep, opened=opened))
            except OSError as error:
                reason = find_reason(error)
                hint = "make it readable, or let git ignore it: only what git lists goes into the environment"
                raise SettingsError(f"cannot read `{path}`", reason, hint) from None
        for each in sorted(opened.difference(archive.getnames(), ["."])):
            add_folders(archive, Path(each).parent, opened, made)
            add_folder(archive, each, opened)
    return target.getvalue()


def add_folders(archive: tarfile.TarFile, path: Path, opened: Collection[str], made: set[str]) -> None:
    """Add the folders that lead to a file, so that their owner is the one that the file has."""
    for folder in [str(each) for each in reversed((path, *path.parents)) if each.name]:
        if folder not in made:
            made.add(folder)
            add_folder(archive, folder, opened)


def add_folder(archive: tarfile.TarFile, path: str, opened: Collection[str]) -> None:
    """Add one folder."""
    member = tarfile.TarInfo(path)
    member.type, member.mode = tarfile.DIRTYPE, 0o755
    archive.addfile(own(member, opened))


def keep(member: tarfile.TarInfo, opened: Collection[str]) -> tarfile.TarInfo | None:
    """A file with its new owner; sockets, pipes and devices stay behind."""
    return own(member, opened) if member.isreg() or member.isdir() or member.issym() or member.islnk() else None


def own(member: tarfile.TarInfo, opened: Collection[str]) -> tarfile.TarInfo:
    """Give what is opened to the suite's user; the rest is root's, and nobody else may write to it."""
    member.uname = member.gname = ""
    if any(str(path) in opened for path in (PurePosixPath(member.name), *PurePosixPath(member.name).parents)):
        member.uid = member.gid = OWNER
        member.mode |= stat.S_IRUSR | stat.S_IWUSR
    else:
        # Its owner may write: what tests copy elsewhere, with its mode, is theirs to change.
        member.uid = member.gid = 0
        member.mode = 0o755 if member.isdir() or member.mode & 0o111 else 0o644
    return member
