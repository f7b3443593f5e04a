"""Collects from the events of a run where its failures happened. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from runner.core.events import Event


@dataclass(frozen=True)
class Failure:
    """One failure of one attempt at a test, or a file that could not be collected.

    Attributes:
        test: pytest's node id.
        file: of the project, relative to it; empty where it is not known.
        line: from 1; 0 where it is not known.
        text: the end of the traceback.
        message: the error in one line; empty for a test's, whose attempt has it.
    """

    test: str
    file: str
    line: int
    text: str = ""
    message: str = ""


class FailureLog:
    """What is known of failures; the first of an attempt counts, since that of its teardown may follow from it.

    Attributes:
        kept: where in the results the state of each test's last kept failure is.
    """

    def __init__(self) -> None:
        self._found: dict[tuple[str, int], Failure] = {}
        self._uncollected: dict[str, Failure] = {}
        self.kept: dict[str, str] = {}

    def add(self, event: Event) -> None:
        """Take one event into account."""
        data = event.data
        if event.name == "failure-located":
            found = Failure(data["test"], keep_inside(data["file"]), data["line"], data["text"])
            self._found.setdefault((data["test"], data["attempt"]), found)
        elif event.name == "collection-failed":
            found = Failure(data["test"], keep_inside(data["file"]), data["line"], data["text"], data["message"])
            self._uncollected.setdefault(data["test"], found)
        elif event.name == "failure-kept":
            self.kept[data["test"]] = keep_inside(data["folder"])

    @property
    def uncollected(self) -> Sequence[Failure]:
        """The files that could not be collected; each pass collects them again, so each is there once."""
        return [*self._uncollected.values()]

    def find(self, test: str, attempt: int) -> Failure:
        """The failure of an attempt; of a crash only the file is known."""
        return self._found.get((test, attempt)) or Failure(test, keep_inside(test.partition("::")[0]), 0)


def keep_inside(file: str) -> str:
    """The path, if it stays inside the project: tests can write to the same stream, by mistake or on purpose."""
    path = PurePosixPath(file)
    return "" if path.is_absolute() or ".." in path.parts or not path.parts else file
