"""Versions that a build reads from git: which projects have them, and a history that is small and gives the same. Pure.

Builds ask `git describe` and the like, so that they get a repository: a chain of empty commits with the tags of the
real one, and a last commit. It tells the version of a tagged commit, and after a tag that
there are commits since, but not how many, nor which (docs/decisions/0017-python-and-project.md).
"""

import posixpath
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from runner.core.native import list_build_requirements
from runner.core.snapshot import dig

READERS = frozenset(
    {"dunamai", "git", "incremental", "katversion", "miniver", "pbr", "scm", "setupmeta", "vcs", "vcver", "versioneer"}
    | {"versioning", "versioningit"}
)
"""Words in the names of what a build requires that reads versions from git, such as `hatch-vcs` or `setuptools-scm`."""

SETUP = re.compile(
    r"use_scm_version|\bpbr\s*=\s*True|\b(?:dunamai|setupmeta|versioneer|versioningit)\b|\bsetuptools[-_](?:scm|git|vcs)"
    r"|\bgit describe\b|[\"']git[\"']\s*,\s*[\"']"
)
"""What a setup.py has that does, or that calls git by itself."""

MARK = ".ephemeral-runner"
"""An empty file that is in the last commit, for builds that ask whether git knows their folder at all."""

NAME, EMAIL = "ephemeral-runner", "ephemeral-runner@localhost"


@dataclass(frozen=True)
class Tag:
    """A tag of a repository.

    Attributes:
        name: without `refs/tags/`.
        commit: the id of what it tags.
        is_annotated: whether it is an object of its own, which `git describe` prefers.
        date: seconds since 1970, of the tag or its commit.
    """

    name: str
    commit: str
    is_annotated: bool
    date: int


@dataclass(frozen=True)
class History:
    """What of a repository decides about versions.

    Attributes:
        tags: in the order of their commits, the oldest first.
        is_tagged: whether the last of these commits is the one that is checked out.
    """

    tags: Sequence[Tag] = ()
    is_tagged: bool = False


def reads_git(pyproject: Mapping[str, Any], setup: str) -> bool:
    """Whether the build of a project reads its version from git.

    Args:
        pyproject: what pyproject.toml holds.
        setup: the texts of setup.py and setup.cfg.
    """
    words = {word for name in list_build_requirements(pyproject) for word in name.split("-")}
    source = dig(pyproject, "tool", "pdm", "version", "source")
    return bool(READERS & words) or source == "scm" or bool(SETUP.search(setup))


def find_root(pyproject: Mapping[str, Any]) -> str:
    """The folder of the repository, as a build names it from the project's own, such as `..`; empty for that."""
    tools = dig(pyproject, "tool")
    options = ("hatch", "version", "raw-options")
    found = dig(tools, "setuptools_scm", "root") or dig(tools, "setuptools-scm", "root") or dig(tools, *options, "root")
    return found if isinstance(found, str) and found.startswith("..") else ""


def make_stream(history: History) -> str:
    """Input of `git fast-import`: the tagged commits but the last one that is checked out, whose files come later.

    The branch is `main`; where nothing is left to tag before the last commit there is none yet.
    """
    lines: list[str] = []
    past = [each for each in history.tags if not (history.is_tagged and each.commit == history.tags[-1].commit)]
    commit = ""
    for each in past:
        if each.commit != commit:
            commit = each.commit
            lines += ["commit refs/heads/main", make_person("committer", each.date), "data 0"]
        if each.is_annotated:
            lines += [f"tag {each.name}", "from refs/heads/main", make_person("tagger", each.date), "data 0"]
        else:
            lines += [f"reset refs/tags/{each.name}", "from refs/heads/main", ""]
    return "".join(f"{line}\n" for line in lines)


def make_person(role: str, date: int) -> str:
    """The line of who did something when."""
    return f"{role} {NAME} <{EMAIL}> {date} +0000"


def list_last_tags(history: History) -> list[Tag]:
    """The tags of the commit that is checked out."""
    last = history.tags[-1].commit if history.tags and history.is_tagged else ""
    return [each for each in history.tags if each.commit == last]


def make_script(history: History, has_files: bool, inside: str = "") -> str:
    """Shell commands that finish the repository in the current folder: a last commit, and its tags.

    Args:
        history: the repository's.
        has_files: whether the commit has the sources, which some builds list by git. Without them its id, which is in
            many a version, stays the same from one state of the sources to the next.
        inside: the project's folder in it.
    """
    date = max((each.date for each in history.tags), default=0)
    lines = [f"export GIT_AUTHOR_DATE='@{date} +0000' GIT_COMMITTER_DATE='@{date} +0000'"]
    mark = quote(posixpath.join(inside, MARK))
    hiding = ["mkdir -p .git/info", "echo '*' > .git/info/exclude", f": > {mark}", f"git add --force -- {mark}"]
    lines += ["git add --all --force"] if has_files else hiding
    lines.append("git commit --quiet --allow-empty --message sources")
    for each in list_last_tags(history):
        lines.append(f"git tag {'--annotate --message tag ' if each.is_annotated else ''}-- {quote(each.name)}")
    return "".join(f"{line}\n" for line in lines)


def quote(text: str) -> str:
    """A word of a shell's command; a name of a tag may have a quotation mark."""
    return "'" + text.replace("'", "'\\''") + "'"
