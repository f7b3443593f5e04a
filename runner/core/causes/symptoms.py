"""Known causes of failures: symptoms of a run, facts of its project, and rules from one to the other. Pure."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from runner.core.settings import Settings
from runner.core.snapshot import Snapshot

LONGEST = 200
"""Characters of a line that is shown as evidence."""


@dataclass(frozen=True)
class Symptom:
    """One failure, as its texts tell it.

    Attributes:
        test: pytest's node id, or the file that could not be collected; empty for the run as a whole.
        errors: the lines that name errors, those of a chain from the first to the last; empty where a test failed
            because two values differ: what it compared is no error.
        message: the last error in one line.
        text: the end of the traceback.
        file: of the project, where it happened; empty where that is not known.
        line: from 1; 0 where it is not known.
        groups: of the test.
        output: the lines of captured output that name errors; only asked where `errors` tell nothing.
    """

    test: str
    errors: str
    message: str = ""
    text: str = ""
    file: str = ""
    line: int = 0
    groups: tuple[str, ...] = ()
    output: str = ""


@dataclass(frozen=True)
class Place:
    """A line of the project."""

    file: str
    line: int
    text: str


@dataclass(frozen=True)
class Facts:
    """What rules ask of the run and its project.

    Attributes:
        snapshot: the project; its texts also hold what may name an address or a package.
        settings: the project's.
        isolation: what a slot was.
        workers: how many there were.
    """

    snapshot: Snapshot = field(default_factory=Snapshot)
    settings: Settings = field(default_factory=Settings)
    isolation: str = "schema"
    workers: int = 2


@dataclass(frozen=True)
class Diagnosis:
    """What a rule makes of one symptom; equal ones of several symptoms are one cause.

    Attributes:
        kind: a short name for programs.
        what: the cause in words.
        todo: what to do, one line each; lines of TOML are to be put into pyproject.toml as they are.
        places: where in the project it comes from.
    """

    kind: str
    what: str
    todo: tuple[str, ...] = ()
    places: tuple[Place, ...] = ()


@dataclass(frozen=True)
class Hit:
    """A rule's pattern in a symptom."""

    found: re.Match[str]
    symptom: Symptom
    facts: Facts

    def __getitem__(self, name: str) -> str:
        """The text of a named group; empty where it took no part, or the pattern has no such group."""
        return self.found.groupdict().get(name) or ""


Diagnose = Callable[[Hit], Diagnosis | None]
"""Returns None where a closer look shows that the cause is another one."""


@dataclass(frozen=True)
class Rule:
    """A pattern and what it means.

    Attributes:
        pattern: looked for in the lines that name errors.
        compares: whether it is looked for in the message of a test that compared two values instead.
    """

    pattern: re.Pattern[str]
    diagnose: Diagnose
    compares: bool = False


def rule(pattern: str, diagnose: Diagnose, *, compares: bool = False) -> Rule:
    """A rule whose pattern goes over several lines only where it says so."""
    return Rule(re.compile(pattern, re.MULTILINE), diagnose, compares)


def say(kind: str, what: str, *todo: str) -> Diagnose:
    """A diagnosis from templates, which the pattern's named groups fill."""

    def diagnose(hit: Hit) -> Diagnosis:
        named: Mapping[str, str] = {name: text or "" for name, text in hit.found.groupdict().items()}
        return Diagnosis(kind, what.format_map(named), tuple(each.format_map(named) for each in todo))

    return diagnose


def shorten(line: str) -> str:
    """A line of limited length, on the terminal's one line."""
    line = " ".join(line.split())
    return line if len(line) <= LONGEST else line[: LONGEST - 1] + "…"
