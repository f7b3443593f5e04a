"""Annotations: what CI shows beside the lines of the repository, and how GitHub is told. Pure.

GitHub reads commands from the lines of a job's output, as its documentation of workflow commands has them.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from runner.core.attempt_log import AttemptLog, find_failed
from runner.core.failure_log import Failure, FailureLog
from runner.core.verdict import describe_retry
from runner.errors import RunnerError

ERROR, WARNING = "error", "warning"

SHOWN, LONGEST = 10, 4_000
"""Annotations of one level that GitHub shows for a step; characters of a message."""


@dataclass(frozen=True)
class Annotation:
    """A remark on a line.

    Attributes:
        level: `error` or `warning`.
        title: in few words.
        message: what is to be said; may have several lines.
        file: relative to the repository; empty for a remark on the whole run.
        line: from 1; 0 where it is not known.
    """

    level: str
    title: str
    message: str
    file: str = ""
    line: int = 0


def annotate(
    log: AttemptLog, failures: FailureLog, excused: Collection[str], error: RunnerError | None
) -> list[Annotation]:
    """What there is to say of a run, errors first; files are relative to the project.

    Args:
        log: the attempts.
        failures: where they failed.
        excused: failed tests that do not decide, for they are in quarantine.
        error: what ended the run, or makes it fail though its tests passed.
    """
    found = [Annotation(ERROR, f"ephemeral-runner: exit code {error.exit_code}", error.as_text())] if error else []
    found += [remark(ERROR, each, "cannot be collected", each.message) for each in failures.uncollected]
    failed = {each.test: each for each in log.last if each.test in find_failed(log.last)}
    found += [
        remark(ERROR, failures.find(test, each.number), each.verdict, each.message)
        for test, each in failed.items()
        if test not in excused
    ]
    found += [
        remark(WARNING, failures.find(test, each.number), "in quarantine", each.message)
        for test, each in failed.items()
        if test in excused
    ]
    retried = {each.test: each for each in reversed(log.retried)}
    return found + [
        remark(WARNING, failures.find(test, each.number), "retried", describe_retry(log, test))
        for test, each in reversed(retried.items())
    ]


def remark(level: str, failure: Failure, what: str, message: str) -> Annotation:
    """An annotation on a failure; GitHub shows none that has no message."""
    return Annotation(level, f"{what}: {failure.test}", message[:LONGEST] or what, failure.file, failure.line)


def choose(annotations: Sequence[Annotation], shown: int = SHOWN) -> list[Annotation]:
    """As many of each level as are shown; the summary has all."""
    return [each for level in (ERROR, WARNING) for each in [one for one in annotations if one.level == level][:shown]]


def move(annotation: Annotation, prefix: str) -> Annotation:
    """The same for the repository, in which the project is the folder `prefix`."""
    return replace(annotation, file=str(PurePosixPath(prefix, annotation.file))) if annotation.file else annotation


def as_command(annotation: Annotation) -> str:
    """The workflow command for an annotation, one line."""
    named = {"file": annotation.file, "line": annotation.line, "title": annotation.title}
    properties = ",".join(f"{name}={escape_property(str(value))}" for name, value in named.items() if value)
    return f"::{annotation.level} {properties}::{escape(annotation.message)}"


def escape(text: str) -> str:
    """Text as the message of a command."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def escape_property(text: str) -> str:
    """Text as a property of a command, which ends at a comma or a colon."""
    return escape(text).replace(":", "%3A").replace(",", "%2C")
