"""The extras and dependency groups with which CI, tox or a Makefile installs the project for its tests. Pure."""

import re
from collections.abc import Iterable, Iterator

from runner.core.ci_steps import RUNS, list_jobs
from runner.core.detection.environments import find_declared_extras
from runner.core.detection.options import join_lines, list_commands
from runner.core.detection.services import CI_FILES
from runner.core.lock_groups import find_default_groups, find_groups
from runner.core.lock_source import find_source
from runner.core.snapshot import Detected, Finding, Snapshot, normalize

INSTALLS = re.compile(r"\b(?:poetry\s+install|uv\s+sync|uv\s+run|pdm\s+(?:install|sync)|pip3?\s+install)\b[^\n;&|]*")
NAMED = re.compile(
    r"(?:\s-E|\s--extras?)[\s=]+(?P<quote>[\"'])?(?P<names>(?(quote)[^\"']+|[\w.-]+))"
    r"|(?:^|[\s\"'=])\.\[(?P<bracketed>[\w.,\s-]+)\]"
)
GROUPS = re.compile(r"\s(?:--group|--only-group|--with|-G)[\s=]+(?P<quote>[\"'])?(?P<names>(?(quote)[^\"']+|[\w.,-]+))")
"""How the same commands name groups. Source: uv's, Poetry's, PDM's and pip's documentation."""

EVERY = {"extra": re.compile(r"(?<!\S)--all-extras(?!\S)"), "group": re.compile(r"(?<!\S)--all-groups(?!\S)")}
NOT_FOR_TESTS = re.compile(
    r"doc|lint|format|style|typ(?:es?|ing)|mypy|build|release|publish|deploy|bench|benchmarks?|all"
)
"""Names of extras and groups with which other steps than the tests install the project."""


def detect_installs(snapshot: Snapshot) -> Detected:
    """Extras and groups of the project that a command installs; those that no test asks for are told by their names."""
    kind = find_source(snapshot).kind
    if kind in {"requirements", "pylock", "pipenv"}:
        return Detected()
    default = find_default_groups(kind, snapshot.pyproject)
    groups = [name for name in find_groups(kind, snapshot.pyproject) if name not in default]
    return find_installed(snapshot, "extras", "extra", NAMED, find_declared_extras(snapshot)) | find_installed(
        snapshot, "dependency_groups", "group", GROUPS, groups
    )


def find_installed(
    snapshot: Snapshot, setting: str, word: str, pattern: re.Pattern[str], names: Iterable[str]
) -> Detected:
    """Those of some names that commands install, for one setting."""
    declared = {normalize(name): name for name in names}
    found: dict[str, str] = {}
    for path, text in list_installing(snapshot) if declared else ():
        for name in list_named(text, pattern, EVERY[word], declared):
            if (known := declared.get(normalize(name))) and not NOT_FOR_TESTS.match(known.lower()):
                found.setdefault(known, path)
    findings = [
        Finding("tests need", f"{word} `{name}`, as it is installed there", path) for name, path in found.items()
    ]
    return Detected(tuple(findings), {setting: [*found]} if found else {})


def list_installing(snapshot: Snapshot) -> Iterator[tuple[str, str]]:
    """Path and commands of what installs for tests: a job of CI's that runs them, or a file."""
    for path, lines in list_jobs(snapshot):
        if any(map(RUNS.search, lines)):
            yield path, join_lines("\n".join(lines))
    yield from ((path, text) for path, text in list_commands(snapshot) if not CI_FILES.search(path))


def list_named(text: str, pattern: re.Pattern[str], every: re.Pattern[str], declared: Iterable[str]) -> Iterator[str]:
    """The names in a text's commands, all of those that there are where one says so."""
    for command in INSTALLS.finditer(text):
        if every.search(command[0]):
            yield from declared
        for match in pattern.finditer(command[0]):
            named = match.groupdict()
            yield from re.split(r"[\s,]+", (named["names"] or named.get("bracketed", "")).strip())
