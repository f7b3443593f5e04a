"""The SQL of a retry ledger: its tables, what is written to and asked of them, and their rows."""

from collections.abc import Mapping, Sequence
from math import isfinite
from typing import Any

from msgspec.structs import astuple, replace

from runner.core.attempts import Attempt
from runner.core.runs import RunRecord

FORMAT = 1
"""Kept in `PRAGMA user_version`; raised when older versions of the runner cannot use the tables any more."""

# Test ids, which are long, stand once. `groups` holds names with a space between, `seed` digits of any number, or none.
SCHEMA = (
    """CREATE TABLE runs (
        id INTEGER PRIMARY KEY, run TEXT NOT NULL UNIQUE, started TEXT NOT NULL, project TEXT NOT NULL,
        "commit" TEXT NOT NULL, image TEXT NOT NULL, selection TEXT NOT NULL,
        seed TEXT NOT NULL CHECK (seed NOT GLOB '*[^0-9]*'), exit_code INTEGER NOT NULL,
        seconds REAL NOT NULL CHECK (typeof(seconds) = 'real'))""",
    "CREATE TABLE tests (id INTEGER PRIMARY KEY, test TEXT NOT NULL UNIQUE)",
    """CREATE TABLE attempts (
        run INTEGER NOT NULL REFERENCES runs, test INTEGER NOT NULL REFERENCES tests, number INTEGER NOT NULL,
        verdict TEXT NOT NULL, seconds REAL NOT NULL CHECK (typeof(seconds) = 'real'), error TEXT NOT NULL,
        worker TEXT NOT NULL, groups TEXT NOT NULL, PRIMARY KEY (run, test, number)) WITHOUT ROWID""",
    f"PRAGMA user_version = {FORMAT}",
)

# The greater row wins, as in `runner.core.runs.merge_runs`.
ON_KNOWN_RUN = """ON CONFLICT (run) DO UPDATE SET
    (started, project, "commit", image, selection, seed, exit_code, seconds) =
    (excluded.started, excluded.project, excluded."commit", excluded.image, excluded.selection, excluded.seed,
     excluded.exit_code, excluded.seconds)
    WHERE (excluded.started, excluded.project, excluded."commit", excluded.image, excluded.selection,
           excluded.seed, excluded.exit_code, excluded.seconds)
    > (started, project, "commit", image, selection, seed, exit_code, seconds)"""

ON_KNOWN_ATTEMPT = """ON CONFLICT (run, test, number) DO UPDATE SET
    (verdict, seconds, error, worker, groups) =
    (excluded.verdict, excluded.seconds, excluded.error, excluded.worker, excluded.groups)
    WHERE (excluded.verdict, excluded.seconds, excluded.error, excluded.worker, excluded.groups)
    > (verdict, seconds, error, worker, groups)"""

ADD_RUN = f"""
    INSERT INTO runs (run, started, project, "commit", image, selection, seed, exit_code, seconds)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) {ON_KNOWN_RUN}"""  # noqa: S608 -- constants only, here and below

ADD_TEST = "INSERT OR IGNORE INTO tests (test) VALUES (?)"

ADD_ATTEMPT = f"""
    INSERT INTO attempts SELECT runs.id, tests.id, ?, ?, ?, ?, ?, ? FROM runs, tests
    WHERE runs.run = ? AND tests.test = ? {ON_KNOWN_ATTEMPT}"""  # noqa: S608

# `WHERE true` tells the parser that `ON` begins no join.
MERGE = (
    f"""
    INSERT INTO runs (run, started, project, "commit", image, selection, seed, exit_code, seconds)
    SELECT run, started, project, "commit", image, selection, seed, exit_code, seconds
    FROM other.runs WHERE true {ON_KNOWN_RUN}""",  # noqa: S608
    "INSERT OR IGNORE INTO tests (test) SELECT test FROM other.tests",
    f"""
    INSERT INTO attempts
    SELECT our_run.id, our_test.id, theirs.number, theirs.verdict, theirs.seconds, theirs.error, theirs.worker,
           theirs.groups
    FROM other.attempts AS theirs
    JOIN other.runs AS their_run ON their_run.id = theirs.run
    JOIN other.tests AS their_test ON their_test.id = theirs.test
    JOIN main.runs AS our_run ON our_run.run = their_run.run
    JOIN main.tests AS our_test ON our_test.test = their_test.test
    WHERE true {ON_KNOWN_ATTEMPT}""",  # noqa: S608
)

SIZE = "SELECT (SELECT count(*) FROM runs), (SELECT count(*) FROM attempts)"

TESTS = "SELECT id, test FROM tests"

NEWEST_RUNS = """
    SELECT run, started, project, "commit", image, selection, seed, exit_code, seconds, id
    FROM runs ORDER BY started DESC, run DESC LIMIT ?"""

ATTEMPTS = "SELECT test, number, verdict, seconds, error, worker, groups FROM attempts WHERE run = ?"

# With max(), SQLite takes the other columns from the row that has the greatest number.
DURATIONS = """
    SELECT tests.test, avg(seconds) FROM (
        SELECT test, verdict, seconds, max(number) FROM attempts
        WHERE run IN (SELECT id FROM runs ORDER BY started DESC, run DESC LIMIT ?) GROUP BY run, test) AS ends
    JOIN tests ON tests.id = ends.test WHERE verdict <> 'rerun' GROUP BY ends.test"""

NEWEST_RUN_OF_SELECTION = (
    "SELECT id FROM runs WHERE selection = ? AND exit_code IN (0, 97) ORDER BY started DESC, run DESC LIMIT 1"
)

# A test is left out when an attempt after the failed one did not end as skipped, under its id or, as xdist changes ids
# with `--dist loadgroup`, under the other one; or when a later run with the same selection passed without the test,
# which is not there any more. Of the first two tables only the newest runs are read.
FAILED = """
    WITH newest AS MATERIALIZED (
        SELECT id, selection, exit_code, row_number() OVER (ORDER BY started DESC, run DESC) AS age
        FROM runs ORDER BY started DESC, run DESC LIMIT ?),
    failed AS MATERIALIZED (
        SELECT test, age, number, groups, selection FROM newest CROSS JOIN attempts ON attempts.run = newest.id
        WHERE verdict IN ('failed', 'error', 'rerun')),
    grouped AS MATERIALIZED (
        SELECT one.id AS one, other.id AS other FROM tests AS one JOIN tests AS other ON other.test = plain(one.test)
        WHERE instr(one.test, '@') AND one.id <> other.id),
    pairs AS MATERIALIZED (SELECT one, other FROM grouped UNION ALL SELECT other, one FROM grouped)
    SELECT tests.test, failed.groups FROM failed JOIN tests ON tests.id = failed.test
    WHERE NOT EXISTS (
        SELECT 1 FROM newest CROSS JOIN attempts AS later ON later.run = newest.id AND later.test = failed.test
        WHERE newest.age <= failed.age AND (newest.age < failed.age OR later.number > failed.number)
        AND later.verdict <> 'skipped')
    AND NOT EXISTS (
        SELECT 1 FROM pairs CROSS JOIN newest CROSS JOIN attempts AS later
        ON later.run = newest.id AND later.test = pairs.other
        WHERE pairs.one = failed.test AND newest.age < failed.age AND later.verdict <> 'skipped')
    AND NOT EXISTS (
        SELECT 1 FROM newest WHERE age < failed.age AND selection = failed.selection AND exit_code IN (0, 97)
        AND NOT EXISTS (SELECT 1 FROM attempts WHERE run = newest.id AND test = failed.test))
    ORDER BY age, tests.test"""

NAMES = "SELECT test FROM tests ORDER BY id"

COUNT_TESTS = "SELECT count(DISTINCT test) FROM attempts WHERE run = ?"


def make_run_row(run: RunRecord) -> list[Any]:
    """A run as `ADD_RUN` takes it."""
    seed = "" if run.seed is None else str(run.seed)
    return [clean(each) for each in astuple(replace(run, seed=seed))]


def read_run(row: Sequence[Any]) -> RunRecord:
    """A run from a row of `NEWEST_RUNS`."""
    run = RunRecord(**dict(zip(RunRecord.__struct_fields__, row, strict=False)))
    return replace(run, seed=int(run.seed) if run.seed else None)


def read_attempt(row: Sequence[Any], tests: Mapping[int, str]) -> Attempt:
    """An attempt from a row of `ATTEMPTS`."""
    test, number, verdict, seconds, error, worker, groups = row
    return Attempt(
        test=tests[test],
        number=number,
        verdict=verdict,
        seconds=seconds,
        error=error,
        worker=worker,
        groups=tuple(groups.split()),
    )


def clean(value: Any) -> Any:
    """A value as SQLite takes it: tests may have ids with half of a surrogate pair, and times that are no number."""
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    return 0.0 if isinstance(value, float) and not isfinite(value) else value


def make_attempt_row(run: str, attempt: Attempt) -> list[Any]:
    """An attempt as `ADD_ATTEMPT` takes it."""
    fields = [attempt.number, attempt.verdict, attempt.seconds, attempt.error, attempt.worker]
    return [clean(each) for each in (*fields, " ".join(attempt.groups), run, attempt.test)]
