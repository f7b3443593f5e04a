"""Runs as a ledger keeps them, and the rule by which two ledgers become one. Pure."""

from collections.abc import Iterable
from typing import Any

from msgspec import Struct

from runner.core.attempts import Attempt


class RunRecord(Struct, frozen=True, kw_only=True):
    """One run.

    Attributes:
        run: the run's id.
        started: when, in UTC, as ISO 8601 text in one form, so that the texts sort by time.
        project: the project's name.
        commit: the version of the sources, or empty.
        image: the suite image's name.
        selection: what was asked for, in words.
        seed: of a random order of the tests, from 0; None without.
        exit_code: how the run ended.
        seconds: how long it took.
    """

    run: str
    started: str
    project: str
    commit: str = ""
    image: str = ""
    selection: str = ""
    seed: int | None = None
    exit_code: int = 0
    seconds: float = 0.0


Run = tuple[RunRecord, list[Attempt]]


def merge_runs(ours: Iterable[Run], theirs: Iterable[Run]) -> list[Run]:
    """The runs of two ledgers as one, oldest first, the attempts of each by test and number.

    A run is known by its id, an attempt by its run, test and number. Where both have the same one with other fields,
    the greater wins (`rank_run`, `rank_attempt`), so that neither the order of merges nor repeating them matters.
    """
    records: dict[str, RunRecord] = {}
    attempts: dict[str, dict[tuple[str, int], Attempt]] = {}
    for record, tried in [*ours, *theirs]:
        records[record.run] = max(record, records.get(record.run, record), key=rank_run)
        kept = attempts.setdefault(record.run, {})
        for attempt in tried:
            key = (attempt.test, attempt.number)
            kept[key] = max(attempt, kept.get(key, attempt), key=rank_attempt)
    ordered = sorted(records.values(), key=lambda record: (record.started, record.run))
    return [(record, [attempts[record.run][key] for key in sorted(attempts[record.run])]) for record in ordered]


def rank_run(record: RunRecord) -> tuple[Any, ...]:
    """What makes one record of a run greater than another; a seed counts as text, as a ledger keeps it."""
    seed = "" if record.seed is None else str(record.seed)
    texts = (record.started, record.project, record.commit, record.image, record.selection, seed)
    return (*texts, record.exit_code, record.seconds)


def rank_attempt(attempt: Attempt) -> tuple[Any, ...]:
    """What makes one record of an attempt greater than another: the fields that a ledger keeps."""
    return (attempt.verdict, attempt.seconds, attempt.error, attempt.worker, attempt.groups)
