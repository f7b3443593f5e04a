"""How a run ended, as its results keep it in `run.json`; `runner last` and others read it. Pure."""

import json
from typing import Any, Literal

from msgspec import DecodeError, Struct, ValidationError, convert, to_builtins
from msgspec.json import decode

from runner.core.attempt_log import AttemptLog, find_failed
from runner.core.failure_log import FailureLog
from runner.errors import SettingsError

FORMAT = 1
"""Raised when older versions of the runner cannot read the file any more."""

NAME = "run.json"


class RunFailure(Struct, frozen=True, kw_only=True):
    """A test that failed in the end.

    Attributes:
        test: pytest's node id; a file that could not be collected is one of attempt 0.
        attempt: the last one's number.
        verdict: `failed`, `error`, or `rerun` where the run ended before the next attempt.
        error: the error's class and SQLSTATE.
        message: the error in one line.
        file: where it failed, relative to the project; empty where that is not known.
        line: from 1; 0 where it is not known.
        worker: xdist's name of the process.
        kept: the folder of the kept state, relative to the results; empty where none was kept.
    """

    test: str
    attempt: int
    verdict: str
    error: str = ""
    message: str = ""
    file: str = ""
    line: int = 0
    worker: str = ""
    kept: str = ""


class RunError(Struct, frozen=True, kw_only=True):
    """What ended the run, or makes it fail though its tests passed; see `runner.errors.RunnerError`."""

    code: int
    what: str
    cause: str = ""
    hint: str = ""


class RunReport(Struct, frozen=True, kw_only=True):
    """A run that ended.

    Attributes:
        format: `FORMAT`.
        run: its id.
        project: the project's name.
        runner: the version that made the file.
        started: ISO 8601 with the zone.
        seconds: how long it took.
        selection: in words, as the ledger has it.
        seed: of a random order; None without.
        exit_code: of the run.
        isolation: the run's; groups may have others.
        workers: of the pass with the most.
        tests: how many ended with each verdict.
        failures: the tests that failed in the end, and files that could not be collected.
        remarks: what a person should know of.
        crashed_workers: their names.
        error: what ended it.
        left_behind: objects that are left on the engine.
        images: names by kind, `suite` and `postgres`.
        architecture: the engine's, such as `amd64`.
    """

    format: int = FORMAT
    run: str
    project: str
    runner: str
    started: str
    seconds: float
    selection: str
    seed: int | None
    exit_code: int
    isolation: str
    workers: int
    tests: dict[str, int]
    failures: list[RunFailure]
    remarks: list[str]
    crashed_workers: list[str]
    error: RunError | None
    left_behind: list[str]
    images: dict[Literal["suite", "postgres"], str]
    architecture: str


def list_failures(log: AttemptLog, failures: FailureLog) -> list[RunFailure]:
    """The tests that failed in the end, after files that could not be collected.

    Args:
        log: the attempts.
        failures: where they failed, and where their state is kept.
    """
    found = [
        RunFailure(test=each.test, attempt=0, verdict="error", message=each.message, file=each.file, line=each.line)
        for each in failures.uncollected
    ]
    failed = {*find_failed(log.last)}
    for each in log.last:
        if each.test in failed:
            place = failures.find(each.test, each.number)
            found.append(
                RunFailure(
                    test=each.test,
                    attempt=each.number,
                    verdict=each.verdict,
                    error=each.error,
                    message=each.message,
                    file=place.file,
                    line=place.line,
                    worker=each.worker,
                    kept=failures.kept.get(each.test, ""),
                )
            )
    return found


def write(report: RunReport) -> bytes:
    """The file; tests may have ids with half of a surrogate pair, which no file can hold."""
    return (json.dumps(to_builtins(report), ensure_ascii=False, indent=1) + "\n").encode(errors="replace")


def parse(data: bytes, place: str) -> RunReport:
    """The report in a file.

    Args:
        data: the file.
        place: its name, for errors.

    Raises:
        SettingsError: it is damaged, or of a newer format.
    """
    try:
        table: Any = decode(data)
        found = table.get("format") if isinstance(table, dict) else None
        if type(found) is int and found > FORMAT:
            cause = f"its format is {found}; this version of the runner knows {FORMAT}"
            raise SettingsError(f"cannot read `{place}`", cause, "update ephemeral-runner")
        if found != FORMAT:
            raise DecodeError(f"`format` is {found!r}, expected {FORMAT}")
        return convert(table, RunReport)
    except (DecodeError, ValidationError, RecursionError) as error:
        cause = str(error)
        cause = cause if cause.startswith("JSON") else cause[:1].lower() + cause[1:]
        hint = "it is damaged: `events.jsonl` and `junit.xml` beside it may still tell how the run went"
        raise SettingsError(f"cannot read `{place}`", cause, hint) from None
