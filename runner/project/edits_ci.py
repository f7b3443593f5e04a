"""The file for a CI service that runs the tests: which service, which file, which text."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Literal

from runner.core.git_versions import reads_git
from runner.core.lock_source import find_source
from runner.core.snapshot import Snapshot, dig

Service = Literal["github", "gitlab", "none"]

CALL = "runner run"
"""What a file holds that runs the tests already."""


@dataclass(frozen=True)
class CiFile:
    """A file to be made, and its text."""

    path: str
    text: str


GITHUB = (".github/workflows/tests.yml", ".github/workflows/runner-tests.yml")
GITLAB = (".gitlab-ci.yml", ".gitlab/runner.yml")
"""Where the file goes; the second where the first is another's."""

WHOLE_HISTORY = {"github": "\n        with:\n          fetch-depth: 0", "gitlab": '\n    GIT_DEPTH: "0"'}
"""Lines by which a service fetches all commits and tags; else it leaves most of them out."""


def find_service(snapshot: Snapshot) -> Service:
    """The service that files or remotes of a project suggest."""
    if ".gitlab-ci.yml" in snapshot.names:
        return "gitlab"
    if snapshot.has_folder(".github"):
        return "github"
    hosts = " ".join(snapshot.remotes)
    return "github" if "github" in hosts else "gitlab" if "gitlab" in hosts else "none"


def make_ci_file(snapshot: Snapshot, wanted: Service | None, version: str) -> tuple[CiFile | None, tuple[str, ...]]:
    """The file that a project lacks, if any, and what a person has to do beside it."""
    service = wanted or find_service(snapshot)
    if service == "none":
        return None, ()
    paths = GITHUB if service == "github" else GITLAB
    if not snapshot.is_root:
        note = f"{paths[0]} has to be in the repository's own folder; write one there that calls `{CALL}` in this one"
        return None, (note,) if wanted else ()
    folder = ".github/workflows/" if service == "github" else ".gitlab"
    if any(path.startswith(folder) and (CALL in text or "test-smoke" in text) for path, text in snapshot.texts.items()):
        return None, ()
    path = next((each for each in paths if each not in snapshot.names), "")
    if not path:
        return None, (f"{paths[0]} and {paths[1]} are there, but neither calls `{CALL}`",)
    notes = (f"{GITLAB[0]} has to include it: `include: [{{local: {path}}}]`",) if path == GITLAB[1] else ()
    history = WHOLE_HISTORY[service] if needs_history(snapshot) else ""
    return CiFile(path, render(service, list_key_files(snapshot), version, history)), notes


def needs_history(snapshot: Snapshot) -> bool:
    """Whether the project's version is read from git's tags."""
    return reads_git(snapshot.pyproject, "\n".join(snapshot.texts.get(name, "") for name in ("setup.py", "setup.cfg")))


def list_key_files(snapshot: Snapshot) -> list[str]:
    """Files that decide what the images hold; the lock file comes first."""
    named = dig(snapshot.pyproject, "tool", "runner", "lock")
    source = find_source(snapshot)
    decisive = [named] if isinstance(named, str) else [source.path, *source.files]
    # A name that would mean something to YAML, or to the service, is left out.
    return list(dict.fromkeys([*(name for name in decisive if re.fullmatch(r"[\w-][\w./-]*", name)), "pyproject.toml"]))


def render(service: Service, keys: Sequence[str], version: str, history: str) -> str:
    """The text of a template."""
    text = files("runner.project").joinpath("templates", f"{service}.yml").read_text(encoding="utf-8")
    quoted = ", ".join(f"'{name}'" for name in [*keys, "runner.lock"])
    listed = "".join(f"\n        - {name}" for name in keys[:2])
    values = {"VERSION": version, "HASHED FILES": quoted, "KEY FILES": listed, "HISTORY": history}
    for name, value in values.items():
        text = text.replace(f"<{name}>", value)
    return text
