"""The files of a project that go into a run: what git lists, else what a plain walk finds; packed as a tar file."""

import io
import os
import stat
import subprocess
import tarfile
from collections.abc import Iterable
from pathlib import Path

from runner.errors import SettingsError, find_reason

IGNORED = frozenset(
    {".git", ".hg", ".svn", ".venv", "venv", ".tox", ".nox", "node_modules", "__pycache__", ".runner", "dist", "build"}
    | {".mypy_cache", ".pytest_cache", ".ruff_cache", ".eggs"}
)
"""Folders that a walk passes over where there is no git to ask."""

OWNER = 1000
"""User and group of the files inside the suite container; images/suite makes this user."""


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
    # A file may be tracked and deleted; a submodule is listed as a folder.
    return sorted(name for name in names if os.path.lexists(folder / name))


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


def pack(folder: Path, names: Iterable[str]) -> bytes:
    """A tar file of the named files, owned by the suite's user, with their folders."""
    target = io.BytesIO()
    # Without compression: it goes to an engine on this machine as a rule.
    with tarfile.open(fileobj=target, mode="w", format=tarfile.PAX_FORMAT) as archive:
        made: set[str] = set()
        for name in names:
            add_folders(archive, Path(name).parent, made)
            try:
                archive.add(folder / name, name, recursive=True, filter=own)
            except OSError as error:
                reason = find_reason(error)
                hint = "make it readable, or let git ignore it: only what git lists goes into the environment"
                raise SettingsError(f"cannot read `{folder / name}`", reason, hint) from None
    return target.getvalue()


def add_folders(archive: tarfile.TarFile, path: Path, made: set[str]) -> None:
    """Add the folders that lead to a file, so that they belong to the suite's user too."""
    for folder in [str(each) for each in reversed((path, *path.parents)) if each.name]:
        if folder in made:
            continue
        made.add(folder)
        member = tarfile.TarInfo(folder)
        member.type, member.mode, member.uid, member.gid = tarfile.DIRTYPE, 0o755, OWNER, OWNER
        archive.addfile(member)


def own(member: tarfile.TarInfo) -> tarfile.TarInfo | None:
    """Give a file to the suite's user; sockets, pipes and devices stay behind."""
    if not (member.isreg() or member.isdir() or member.issym() or member.islnk()):
        return None
    member.uid = member.gid = OWNER
    member.uname = member.gname = ""
    member.mode |= stat.S_IRUSR | stat.S_IWUSR
    return member
