"""Which tests a project has Django's own runner run, and from which folder. Pure."""

import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from runner.core.ci_steps import list_steps
from runner.core.detection.tox import list_tox_commands
from runner.core.snapshot import Snapshot

TESTS = re.compile(r"(?P<folder>(?:[\w.-]+/)*)manage\.py\s+test\b(?P<words>[^\n;&|#>]*)")
CHANGE = re.compile(r"(?:^|[\n;&|(])[ \t]*(?:cd|pushd)[ \t]+[\"']?(?P<folder>[\w./-]+)")
MAKEFILES = ("GNUmakefile", "makefile", "Makefile")
VALUED = frozenset(
    {"-v", "--verbosity", "--settings", "--pythonpath", "--testrunner", "-t", "--top-level-directory"}
    | {"-p", "--pattern", "--tag", "--exclude-tag", "-k"}
)
"""Options with a value of their own. Source: Django's documentation, "django-admin and manage.py"."""

LABEL = re.compile(r"[A-Za-z_.][\w./-]*")
OPTIONAL = frozenset({"auto"})
"""What may follow `--parallel`, and is no label."""


def find_tests(snapshot: Snapshot, folder: str) -> tuple[list[str], str]:
    """Paths of the tests that CI's commands name, else tox's or a Makefile's, and the file; none for the whole project.

    Args:
        snapshot: the project.
        folder: of Django's script; empty for the project's own.
    """
    for where, texts in list_texts(snapshot):
        found = [read_command(snapshot, match, folder) for text in texts for match in TESTS.finditer(text)]
        if found:
            return ([] if [] in found else [*dict.fromkeys(path for each in found for path in each)]), where
    return [folder] * bool(folder), ""


def list_texts(snapshot: Snapshot) -> Iterator[tuple[str, list[str]]]:
    """Each place that may have the commands, and its texts."""
    steps = list_steps(snapshot)
    yield (steps[0].where if steps else ""), [each.commands for each in steps]
    yield "tox.ini", [*list_tox_commands(snapshot.texts.get("tox.ini", ""))]
    yield from ((path, [snapshot.texts[path]]) for path in MAKEFILES if path in snapshot.texts)


def read_command(snapshot: Snapshot, match: re.Match[str], folder: str) -> list[str]:
    """The paths that one command names; without a name it means the folder from which it is run."""
    labels = read_labels(match["words"])
    paths = [find_path(snapshot, each, folder) for each in labels]
    if labels:
        return [] if "" in paths else paths
    changes = [*CHANGE.finditer(match.string, 0, match.start())]
    is_inside = bool(changes) and changes[-1]["folder"].strip("./") == folder
    return [folder] if folder and is_inside else []


def read_labels(words: str) -> list[str]:
    """The words of a command that name tests."""
    labels, before = [], ""
    for word in words.split():
        if LABEL.fullmatch(word) and before not in VALUED and word not in OPTIONAL:
            labels.append(word)
        before = word
    return labels


def find_path(snapshot: Snapshot, label: str, folder: str) -> str:
    """The folder or file of a label, by its dots or slashes; empty where there is none. A class means its file."""
    is_path = "/" in label or label.endswith(".py")
    parts = PurePosixPath(label).parts if is_path else label.split(".")
    for root in dict.fromkeys((folder, "", "src")):
        for end in range(len(parts), 0, -1):
            path = str(PurePosixPath(root, *parts[:end]))
            if path in snapshot.names or snapshot.has_folder(path):
                return path
            if f"{path}.py" in snapshot.names:
                return f"{path}.py"
    return ""
