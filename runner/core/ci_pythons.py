"""The Pythons that CI runs a project with. Pure."""

import re
from collections.abc import Iterator
from typing import Any

from runner.core.detection.services import CI_FILES
from runner.core.snapshot import Snapshot
from runner.core.yaml_reading import read_yaml, walk

KEYS = re.compile(r"python(?:[-_]?versions?)?")
VERSION = re.compile(r"(3\.\d+)(?:\.(?:\d+|x))?")
IMAGE = re.compile(r"(?:^|/)python:(3\.\d+)\b")


def list_ci_pythons(snapshot: Snapshot) -> dict[str, str]:
    """Each version, such as `3.11`, and the first file that has it."""
    found: dict[str, str] = {}
    for path in sorted(path for path in snapshot.texts if CI_FILES.search(path)):
        for version in read_versions(read_yaml(snapshot.texts[path])):
            found.setdefault(version, path)
    return found


def read_versions(document: Any) -> Iterator[str]:
    """The versions in one file: of a step that sets Python up, a matrix, or an image."""
    for table in walk(document):
        for name, value in table.items():
            items = value if isinstance(value, list) else [value]
            for each in map(str, items):
                is_version = KEYS.fullmatch(str(name)) is not None
                if match := VERSION.fullmatch(each) if is_version else IMAGE.search(each) if name == "image" else None:
                    yield match[1]
