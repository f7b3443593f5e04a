"""What git says of the repository that a project lies in: its folder, its tags, and a copy of it for the tests."""

import os
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from runner.core.git_versions import History, Tag
from runner.errors import SettingsError
from runner.project.sources import has_git

TAG_FORMAT = "%(refname:strip=2)%09%(objecttype)%09%(objectname)%09%(*objectname)%09%(creatordate:unix)"


def ask_git(folder: Path, *args: str) -> str:
    """What git answers, without the line break at its end; empty where it fails or is not there."""
    if not has_git():
        return ""
    environ = {**os.environ, "LC_ALL": "C"}
    done = subprocess.run(["git", *args], cwd=folder, env=environ, capture_output=True, check=False)
    return "" if done.returncode else os.fsdecode(done.stdout).rstrip("\n")


def find_top(folder: Path) -> Path | None:
    """The folder of the repository; None outside of any."""
    found = ask_git(folder, "rev-parse", "--show-toplevel")
    return Path(found).resolve() if found else None


def read_history(folder: Path) -> History:
    """The tags that lead to the commit that is checked out."""
    head = ask_git(folder, "rev-parse", "--verify", "--quiet", "HEAD")
    if not head:
        return History()
    found: dict[str, list[Tag]] = {}
    for line in ask_git(folder, "for-each-ref", "--merged=HEAD", f"--format={TAG_FORMAT}", "refs/tags").splitlines():
        name, kind, identity, target, date = line.split("\t")
        commit = target or identity
        if kind in {"commit", "tag"} and date:
            found.setdefault(commit, []).append(Tag(name, commit, kind == "tag", int(date)))
    # Only commits with a name of some kind: a history may have a million others.
    order = ask_git(folder, "rev-list", "--topo-order", "--reverse", "--simplify-by-decoration", "HEAD").splitlines()
    tags = [tag for commit in order for tag in sorted(found.get(commit, []), key=lambda each: (each.date, each.name))]
    return History(tags, head in found)


@contextmanager
def copy_repository(top: Path, places: Sequence[str] = ()) -> Iterator[Path]:
    """A folder like `.git`, with the history and nothing else: no addresses of remotes, no hooks, no settings.

    Args:
        top: the repository's folder.
        places: the files and folders of it that come along, where these are not all; git then misses no other.

    Raises:
        SettingsError: git cannot copy it.
    """
    with tempfile.TemporaryDirectory(prefix="ephemeral-runner-") as made:
        target = Path(made) / "git"
        copy = ["clone", "--quiet", "--bare", "--no-hardlinks", "--template=", str(top), str(target)]
        environ = {**os.environ, "LC_ALL": "C"}
        done = subprocess.run(["git", *copy], env=environ, capture_output=True, check=False)
        if done.returncode:
            reason = done.stderr.decode(errors="replace").strip()
            raise SettingsError(f"git cannot copy the repository `{top}` (`git = true`)", reason, "do what git says")
        ask_git(target, "remote", "remove", "origin")
        ask_git(target, "config", "core.bare", "false")
        # The index says that nothing was changed since.
        ask_git(target, "--git-dir=.", "read-tree", "HEAD")
        if places:
            leave_out(target, places)
        yield target


def leave_out(target: Path, places: Sequence[str]) -> None:
    """Let git expect no file in the work tree but those of some places, as it does in a sparse checkout."""
    names = ask_git(target, "--git-dir=.", "ls-files", "-z").split("\0")
    absent = [
        name for name in names if name and not any(name == each or name.startswith(f"{each}/") for each in places)
    ]
    command = ["git", "--git-dir=.", "--work-tree=.", "update-index", "-z", "--skip-worktree", "--stdin"]
    subprocess.run(command, cwd=target, input=os.fsencode("\0".join(absent)), capture_output=True, check=False)
