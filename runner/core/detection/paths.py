"""The folders that a project's own commands give to pytest, where its settings name none. Pure."""

import re
from collections.abc import Iterator

from runner.core.detection.options import list_commands
from runner.core.pytest_files import is_set
from runner.core.snapshot import Detected, Finding, Snapshot

CALL = re.compile(r"(?<![\w.='\"-])py\.?test(?=\s|$)(?P<arguments>[^\n;&|#]*)", re.MULTILINE)
INSTALLS = re.compile(r"^.*\b(?:install|add|sync|uninstall|download)\b.*$", re.MULTILINE)
PROSE = re.compile(r"(?:README|CONTRIBUTING)\.\w+$|\.cfg$|\.ini$(?<!tox\.ini)|\.toml$")
"""Files whose commands are examples, or none."""

VALUED = re.compile(
    r"(?:^|\s)(?:-[kmnpcoW]|--(?:cov|ignore|deselect|rootdir|confcutdir|basetemp|junit-?xml|splits|group|dist))"
    r"\s+(?:\"[^\"]*\"|'[^']*'|\S+)"
)
"""Options whose values stand behind a space, and may be called as folders are."""

TEST = re.compile(r"(?:^|/)(?:test_[^/]*|[^/]*_test)\.py$")
"""Files that pytest collects by itself. Source: its documentation, `python_files`."""


def detect_paths(snapshot: Snapshot) -> Detected:
    """The option that makes them pytest's default, where there are tests elsewhere that no command asks for."""
    if is_set(snapshot, "testpaths"):
        return Detected()
    calls = [(path, find_folders(arguments, snapshot)) for path, arguments in list_calls(snapshot)]
    # A call without folders is for all tests.
    if not calls or not all(folders for _, folders in calls):
        return Detected()
    chosen = list(dict.fromkeys(folder for _, folders in calls for folder in folders))
    others = [
        name
        for name in snapshot.names
        if TEST.search(name) and not name.startswith(tuple(f"{each}/" for each in chosen))
    ]
    if not others:
        return Detected()
    words = " ".join(chosen)
    found = Finding("tests", f"in `{words}`, as they are run there", calls[0][0])
    return Detected((found,), {"pytest_args": [f"--override-ini=testpaths={words}"]})


def list_calls(snapshot: Snapshot) -> Iterator[tuple[str, str]]:
    """The arguments of each call of pytest in a command, and the file that has it."""
    for path, text in list_commands(snapshot):
        if not PROSE.search(path):
            yield from ((path, match["arguments"]) for match in CALL.finditer(INSTALLS.sub("", text)))


def find_folders(arguments: str, snapshot: Snapshot) -> list[str]:
    """The folders of the project among the arguments; the values of options are none."""
    words = [each.strip("\"'").removeprefix("./").rstrip("/") for each in VALUED.sub(" ", arguments).split()]
    return [each for each in words if each and any(name.startswith(f"{each}/") for name in snapshot.names)]
