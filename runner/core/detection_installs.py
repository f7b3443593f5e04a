"""The extras with which CI, tox or a Makefile installs the project for its tests. Pure."""

import re
from collections.abc import Iterator

from runner.core.ci_steps import RUNS
from runner.core.detection_environments import find_declared_extras
from runner.core.detection_options import join_lines, list_commands
from runner.core.detection_services import CI_FILES
from runner.core.lock_source import find_source
from runner.core.snapshot import Detected, Finding, Snapshot, dig_table, normalize
from runner.core.yaml_reading import read_yaml, walk

INSTALLS = re.compile(r"\b(?:poetry\s+install|uv\s+sync|uv\s+run|pdm\s+(?:install|sync)|pip3?\s+install)\b[^\n;&|]*")
NAMED = re.compile(
    r"(?:\s-E|\s--extras?)[\s=]+(?P<quote>[\"'])?(?P<names>(?(quote)[^\"']+|[\w.-]+))"
    r"|(?:^|[\s\"'=])\.\[(?P<bracketed>[\w.,\s-]+)\]"
)
NOT_FOR_TESTS = re.compile(
    r"doc|lint|format|style|typ(?:es?|ing)|mypy|build|release|publish|deploy|bench|benchmarks?|all"
)
"""Names of extras with which other steps than the tests install the project."""


def detect_installs(snapshot: Snapshot) -> Detected:
    """Extras of the project that a command installs; those that no test asks for are told by their names."""
    if find_source(snapshot).kind in {"requirements", "pylock", "pipenv"}:
        return Detected()
    declared = {normalize(name): name for name in find_declared_extras(snapshot)}
    found: dict[str, str] = {}
    for path, text in list_installing(snapshot):
        for name in list_extras(text):
            if (known := declared.get(normalize(name))) and not NOT_FOR_TESTS.match(known.lower()):
                found.setdefault(known, path)
    findings = [
        Finding("tests need", f"extra `{name}`, as it is installed there", path) for name, path in found.items()
    ]
    return Detected(tuple(findings), {"extras": [*found]} if found else {})


def list_installing(snapshot: Snapshot) -> Iterator[tuple[str, str]]:
    """Path and commands of what installs for tests: a job of CI's that runs them, or a file."""
    for path in sorted(path for path in snapshot.texts if CI_FILES.search(path)):
        for job in dig_table(read_yaml(snapshot.texts[path]), "jobs").values():
            lines = [str(table["run"]) for table in walk(job) if isinstance(table.get("run"), str)]
            if any(map(RUNS.search, lines)):
                yield path, join_lines("\n".join(lines))
    yield from ((path, text) for path, text in list_commands(snapshot) if not CI_FILES.search(path))


def list_extras(text: str) -> Iterator[str]:
    """The extras in a text's commands."""
    for command in INSTALLS.finditer(text):
        for match in NAMED.finditer(command[0]):
            yield from re.split(r"[\s,]+", (match["names"] or match["bracketed"]).strip())
