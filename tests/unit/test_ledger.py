"""The retry ledger: what is recorded is read, ledgers merge in any order, and no file that fails does harm."""

import sqlite3
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from runner.core.attempts import Attempt
from runner.core.runs import RunRecord, merge_runs
from runner.errors import SettingsError
from runner.report.ledger import find_ledger, open_ledger, record_run
from runner.report.ledger_file import UnusableLedgerError, lock
from runner.report.ledger_sql import SCHEMA

pytestmark = pytest.mark.unit

ALL = 1000
PLACE = "hint:  name a folder that can be written: `RUNNER_RESULTS=/tmp/results`"
MOVE = "hint:  move the file away; a run does so by itself, and begins a new one"
OTHER = "hint:  name a file that `runner ledger path` shows in another checkout"


def make_run(number, **more):
    return RunRecord(run=f"run-{number}", started=f"2026-01-01T00:00:{number:02}+00:00", project="shop", **more)


def attempt(test, number=1, verdict="passed", seconds=1.0, **more):
    return Attempt(test=test, number=number, verdict=verdict, seconds=seconds, **more)


FULL = RunRecord(
    run="run-7",
    started="2026-01-01T00:00:07+00:00",
    project="shop",
    commit="0a1b2c",
    image="suite:1",
    selection="--group smoke",
    seed=0,
    exit_code=1,
    seconds=12.5,
)


@pytest.fixture
def path(tmp_path):
    return tmp_path / ".runner/ledger.sqlite"


@pytest.mark.smoke
def test_what_is_recorded_is_read_without_messages_and_texts(path):
    attempts = [
        attempt("b", worker="gw1", groups=("smoke", "slow")),
        attempt("a", 2, seconds=0.25),
        attempt(
            "a", 1, "rerun", error="psycopg.errors.SerializationFailure [40001]", message="m", text="t", reason="r"
        ),
    ]
    with open_ledger(path) as ledger:
        ledger.record(FULL, attempts)
    with open_ledger(path) as ledger:
        assert ledger.read(ALL) == [
            (
                FULL,
                [
                    attempt("a", 1, "rerun", error="psycopg.errors.SerializationFailure [40001]"),
                    attempt("a", 2, seconds=0.25),
                    attempt("b", worker="gw1", groups=("smoke", "slow")),
                ],
            )
        ]


def test_the_newest_runs_come_the_oldest_of_them_first(path):
    with open_ledger(path) as ledger:
        for number in (2, 5, 1, 4, 3):
            ledger.record(make_run(number), [])
        assert [[run.run for run, _ in ledger.read(last)] for last in (0, -1, 2, 9)] == [
            [],
            [],
            ["run-4", "run-5"],
            ["run-1", "run-2", "run-3", "run-4", "run-5"],
        ]


@pytest.mark.parametrize("seed", [None, 0, 7, 10**40])
def test_any_seed_is_kept(path, seed):
    with open_ledger(path) as ledger:
        ledger.record(make_run(1, seed=seed), [])
        assert ledger.read(1)[0][0].seed == seed


@pytest.mark.security
def test_ids_and_times_that_a_test_made_up_are_no_error(path):
    odd = [attempt("a\ud800", error="\x00'; DROP TABLE runs"), attempt("b", seconds=float("nan")), attempt("c" * 10**6)]
    with open_ledger(path) as ledger:
        ledger.record(make_run(1), odd)
        ((_, read),) = ledger.read(ALL)
    assert read == [attempt("a\\ud800", error="\x00'; DROP TABLE runs"), attempt("b", seconds=0.0), odd[2]]


def test_of_two_attempts_with_one_number_the_later_counts(path):
    with open_ledger(path) as ledger:
        ledger.record(make_run(1), [attempt("a", verdict="passed"), attempt("a", verdict="error")])
        assert [each.verdict for each in ledger.read(ALL)[0][1]] == ["error"]


@pytest.mark.smoke
def test_durations_are_means_of_the_last_attempts_in_the_newest_runs(path):
    with open_ledger(path) as ledger:
        ledger.record(make_run(1), [attempt("a", seconds=100.0), attempt("old", seconds=7.0)])
        ledger.record(make_run(2), [attempt("a", 1, "rerun", 50.0), attempt("a", 2, "failed", 2.0)])
        ledger.record(make_run(3), [attempt("a", seconds=4.0), attempt("b", seconds=0.5)])
        assert ledger.read_durations(2) == {"a": 3.0, "b": 0.5}
        assert ledger.read_durations(3) == {"a": pytest.approx(106 / 3), "b": 0.5, "old": 7.0}
        assert ledger.read_durations(0) == {}


def test_a_test_that_was_to_be_tried_again_did_not_finish(path):
    with open_ledger(path) as ledger:
        ledger.record(make_run(1), [attempt("a", 1, "rerun", 50.0)])
        assert ledger.read_durations(1) == {}


@pytest.mark.performance
def test_durations_of_many_tests_are_there_at_once(path):
    tests = [f"tests/test_module_{number // 20}.py::TestThing::test_case[{number}]" for number in range(20_000)]
    with open_ledger(path) as ledger:
        for number in range(5):
            ledger.record(make_run(number), [attempt(test, groups=("regression",)) for test in tests])
        begun = time.perf_counter()
        assert len(ledger.read_durations(5)) == 20_000
        assert time.perf_counter() - begun < 1.5


def test_tests_are_counted_in_the_newest_run_of_the_selection(path):
    with open_ledger(path) as ledger:
        ledger.record(make_run(1, selection="all"), [attempt("a"), attempt("b"), attempt("c")])
        ledger.record(make_run(2, selection="all"), [attempt("a", 1, "rerun"), attempt("a", 2), attempt("b")])
        ledger.record(make_run(3, selection="one"), [attempt("a")])
        ledger.record(make_run(4, selection="none"), [])
        assert [ledger.count_tests(text) for text in ("all", "one", "none", "other", "")] == [2, 1, 0, None, None]


texts = st.sampled_from(["", "a", "b", "é", "\U0001f40d", "Z z"])
numbers = st.integers(1, 3)
seconds = st.sampled_from([0.0, -0.0, 0.1, 2.5, 1e9])
records = st.builds(
    RunRecord,
    run=st.sampled_from(["r1", "r2", "r3"]),
    started=texts,
    project=texts,
    commit=texts,
    image=texts,
    selection=texts,
    seed=st.sampled_from([None, 0, 9, 10]),
    exit_code=st.integers(0, 2),
    seconds=seconds,
)
tries = st.builds(
    Attempt,
    test=st.sampled_from(["t1", "t2", "t[é]"]),
    number=numbers,
    verdict=st.sampled_from(["passed", "failed", "rerun"]),
    seconds=seconds,
    error=texts,
    worker=st.sampled_from(["master", "gw0", "gw10", "gw9"]),
    groups=st.sampled_from([(), ("a",), ("a", "b"), ("a-b",), ("b",)]),
)
books = st.lists(st.tuples(records, st.lists(tries, max_size=4)), max_size=4)
quick = settings(database=None, deadline=None)


@given(books, books, books)
@quick
def test_merging_is_commutative_associative_and_idempotent(one, two, three):
    both = merge_runs(one, two)
    assert both == merge_runs(two, one)
    assert merge_runs(both, three) == merge_runs(one, merge_runs(two, three))
    assert merge_runs(both, both) == merge_runs(both, one) == merge_runs(both, two) == merge_runs(both, []) == both


@given(books, books)
@quick
def test_merging_loses_and_invents_nothing(one, two):
    merged = merge_runs(one, two)
    given_records = [record for record, _ in [*one, *two]]
    keys = {(record.run, each.test, each.number) for record, attempts in [*one, *two] for each in attempts}
    assert {record.run for record, _ in merged} == {record.run for record in given_records}
    assert all(record in given_records for record, _ in merged)
    assert {(record.run, each.test, each.number) for record, attempts in merged for each in attempts} == keys
    assert len(merged) == len({record.run for record, _ in merged})


def fill(path, book):
    with open_ledger(path) as ledger:
        for record, attempts in book:
            ledger.record(record, attempts)
        return ledger.read(ALL)


def count_rows(book):
    return len(book), sum(len(attempts) for _, attempts in book)


@given(books, books)
@settings(quick, max_examples=25)
def test_merging_files_does_what_the_rule_says_both_ways_and_only_once(one, two):
    with TemporaryDirectory() as folder, ExitStack() as stack:
        first, second = Path(folder, "first.sqlite"), Path(folder, "second.sqlite")
        ours, theirs = fill(first, one), fill(second, two)
        expected = merge_runs(ours, theirs)
        ledger = stack.enter_context(open_ledger(first))
        new = ledger.merge(second)
        assert ledger.read(ALL) == expected
        assert new == tuple(all_ - old for all_, old in zip(count_rows(expected), count_rows(ours), strict=True))
        assert ledger.merge(second) == (0, 0)
        other = stack.enter_context(open_ledger(second))
        assert other.read(ALL) == theirs
        other.merge(first)
        assert other.read(ALL) == ledger.read(ALL) == expected


@given(records, records, st.lists(tries, max_size=6))
@settings(quick, max_examples=25)
def test_recording_a_run_again_follows_the_same_rule(one, two, attempts):
    two = replace(two, run=one.run)
    last = list({(each.test, each.number): each for each in attempts}.values())
    with TemporaryDirectory() as folder:
        found = fill(Path(folder, "ledger.sqlite"), [(one, attempts), (two, attempts)])
    assert found == merge_runs([(one, last)], [(two, last)])


LOW = RunRecord(run="r", started="a", project="a", commit="a", image="a", selection="a", exit_code=1, seconds=1.0)
HIGH = RunRecord(
    run="r", started="b", project="b", commit="b", image="b", selection="b", seed=5, exit_code=2, seconds=2.0
)
LOW_TRY = Attempt(test="t", number=1, verdict="a", seconds=1.0, error="a", worker="a", groups=())
HIGH_TRY = Attempt(test="t", number=1, verdict="b", seconds=2.0, error="b", worker="b", groups=("b",))


def make_greater(low, high, names):
    """For each field a pair whose greater one is so by that field, while every later field says the opposite."""
    pairs = []
    for at, name in enumerate(names):
        after = {each: getattr(high, each) for each in names[at + 1 :]}
        pairs.append((replace(low, **after), replace(low, **{name: getattr(high, name)})))
    return pairs


@pytest.mark.parametrize(("lesser", "greater"), make_greater(LOW, HIGH, RunRecord.__struct_fields__[1:]))
def test_of_two_records_of_a_run_the_first_field_that_differs_decides(tmp_path, lesser, greater):
    paths = {record: tmp_path / f"{name}.sqlite" for record, name in ((lesser, "lesser"), (greater, "greater"))}
    for record, path in paths.items():
        fill(path, [(record, [])])
    for one, other in ((lesser, greater), (greater, lesser)):
        assert merge_runs([(one, [])], [(other, [])]) == [(greater, [])]
        with open_ledger(paths[one]) as ledger:
            assert ledger.merge(paths[other]) == (0, 0)
            assert ledger.read(ALL) == [(greater, [])]


@pytest.mark.parametrize(
    ("lesser", "greater"), make_greater(LOW_TRY, HIGH_TRY, ["verdict", "seconds", "error", "worker", "groups"])
)
def test_of_two_records_of_an_attempt_the_first_field_that_differs_decides(tmp_path, lesser, greater):
    for one, other, name in ((lesser, greater, "up"), (greater, lesser, "down")):
        assert merge_runs([(LOW, [one])], [(LOW, [other])]) == [(LOW, [greater])]
        found = fill(tmp_path / f"{name}.sqlite", [(LOW, [one]), (LOW, [other])])
        assert found == [(LOW, [greater])]


def test_a_ledger_merged_with_itself_stays_as_it_is(path, tmp_path):
    with open_ledger(path) as ledger:
        ledger.record(make_run(1), [attempt("a")])
        (tmp_path / "link").symlink_to(path)
        assert ledger.merge(path) == ledger.merge(tmp_path / "link") == (0, 0)


def test_names_of_files_need_no_care(tmp_path):
    odd, other = tmp_path / "ödd ?mode=ro#%20';" / "ledger.sqlite", tmp_path / "file:x?y"
    with open_ledger(odd) as ledger, open_ledger(other) as more:
        more.record(make_run(1), [attempt("a")])
        assert ledger.merge(other) == (1, 1)
    assert odd.is_file()


WRITE = """
import sys
from pathlib import Path
from runner.core.attempts import Attempt
from runner.core.runs import RunRecord
from runner.report.ledger import record_run

path, writer = Path(sys.argv[1]), sys.argv[2]
print("ready", flush=True)
sys.stdin.read()
for number in range(10):
    attempts = [Attempt(test=f"t{each}", number=1, verdict="passed", seconds=1.0) for each in range(300)]
    print(record_run(path, RunRecord(run=f"{writer}-{number}", started="2026", project="shop"), attempts))
"""


def write_at_the_same_time(path, writers):
    """What each writer, in a process of its own, said about each of its 10 runs."""
    command = [sys.executable, "-c", WRITE, str(path)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with ExitStack() as stack:
        started = [stack.enter_context(subprocess.Popen([*command, str(each)], **pipes)) for each in range(writers)]
        for process in started:
            assert process.stdout.readline() == "ready\n"
        for process in started:
            process.stdin.close()
        said = [process.stdout.read().split("\n")[:-1] for process in started]
    assert [process.returncode for process in started] == [0] * writers
    return said


def test_runs_that_write_at_the_same_time_are_all_recorded(path):
    assert write_at_the_same_time(path, 4) == [["None"] * 10] * 4
    with open_ledger(path) as ledger:
        assert {(run.run, len(attempts)) for run, attempts in ledger.read(ALL)} == {
            (f"{writer}-{number}", 300) for writer in range(4) for number in range(10)
        }


def test_only_one_of_two_runs_sets_a_damaged_ledger_aside(path):
    path.parent.mkdir()
    path.write_text("rubbish")
    said = write_at_the_same_time(path, 3)
    assert sorted(line for lines in said for line in lines) == [f"{path}.damaged-1"] + ["None"] * 29
    with open_ledger(path) as ledger:
        assert len(ledger.read(ALL)) == 30


def test_a_run_that_waited_for_another_to_set_the_ledger_aside_uses_the_new_one(path, monkeypatch):
    path.parent.mkdir()
    path.write_text("rubbish")
    waiting = Event()

    def wait(folder):
        waiting.set()
        return lock(folder)

    monkeypatch.setattr("runner.report.ledger.lock", wait)
    with ThreadPoolExecutor(1) as pool:
        with lock(path.parent):
            aside = pool.submit(record_run, path, make_run(1), [attempt("a")])
            assert waiting.wait(10)
            time.sleep(0.2)
            assert path.read_text() == "rubbish"
            path.unlink()
            fill(path, [(make_run(2), [])])
        assert aside.result(10) is None
    assert not list(path.parent.glob("*.damaged-*"))
    with open_ledger(path) as ledger:
        assert [run.run for run, _ in ledger.read(ALL)] == ["run-1", "run-2"]


def test_two_runs_may_begin_the_same_ledger(path):
    path.parent.mkdir()
    with closing(sqlite3.connect(path, isolation_level=None)) as other, ThreadPoolExecutor(1) as pool:
        other.execute("BEGIN IMMEDIATE")
        filled = pool.submit(fill, path, [(make_run(1), [])])
        time.sleep(0.3)
        for statement in SCHEMA:
            other.execute(statement)
        other.execute("COMMIT")
        assert filled.result(10) == [(make_run(1), [])]


def make_sqlite(path, *statements):
    path.parent.mkdir(exist_ok=True)
    with closing(sqlite3.connect(path)) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()


def make_damaged(path):
    """A ledger whose head is whole and whose pages are not."""
    fill(path, [(make_run(1), [attempt(f"t{number}") for number in range(2000)])])
    data = path.read_bytes()
    path.write_bytes(data[:4096] + b"\xff" * (len(data) - 4096))


@dataclass(frozen=True)
class Bad:
    """A file that is no ledger, and the cause that is told."""

    name: str
    make: object
    cause: str


BAD = [
    Bad("rubbish", lambda path: path.write_bytes(b"rubbish"), "file is not a database"),
    Bad("more rubbish", lambda path: path.write_bytes(b"rubbish" * 9999), "file is not a database"),
    Bad("another database", lambda path: make_sqlite(path, "CREATE TABLE a (b)"), "it holds something else"),
    Bad(
        "newer",
        lambda path: make_sqlite(path, "CREATE TABLE a (b)", "PRAGMA user_version = 2"),
        "its format is 2; this version of the runner knows 1",
    ),
]


@pytest.fixture(params=BAD, ids=lambda bad: bad.name)
def bad(request, path):
    path.parent.mkdir()
    request.param.make(path)
    return request.param


def test_a_file_that_is_no_ledger_is_refused_and_stays(path, bad):
    before = path.read_bytes()
    with pytest.raises(UnusableLedgerError) as caught:
        open_ledger(path)
    hint = "hint:  upgrade the runner" if bad.name == "newer" else MOVE
    assert caught.value.as_text() == f"error: cannot use the ledger `{path}`\ncause: {bad.cause}\n{hint}"
    assert caught.value.exit_code == 90
    assert path.read_bytes() == before


def test_a_file_that_is_no_ledger_is_not_merged(path, bad, tmp_path):
    with open_ledger(tmp_path / "ours/ledger.sqlite") as ledger:
        ledger.record(make_run(1), [attempt("a")])
        with pytest.raises(UnusableLedgerError) as caught:
            ledger.merge(path)
        assert caught.value.as_text().splitlines()[:2] == [
            f"error: cannot use the ledger `{path}`",
            f"cause: {bad.cause}",
        ]
        assert caught.value.as_text().splitlines()[2] in {OTHER, "hint:  upgrade the runner"}
        assert count_rows(ledger.read(ALL)) == (1, 1)
        assert fill(tmp_path / "other.sqlite", [(make_run(2), [])])
        assert ledger.merge(tmp_path / "other.sqlite") == (1, 0)


def test_a_run_sets_a_file_that_is_no_ledger_aside_and_begins_a_new_one(path, bad):
    before = path.read_bytes()
    aside = record_run(path, make_run(1), [attempt("a")])
    assert aside == path.with_name("ledger.sqlite.damaged-1")
    assert aside.read_bytes() == before
    assert record_run(path, make_run(2), []) is None
    with open_ledger(path) as ledger:
        assert [run.run for run, _ in ledger.read(ALL)] == ["run-1", "run-2"]


def test_damage_within_the_file_is_found_when_it_is_met(path):
    make_damaged(path)
    before = path.read_bytes()
    with pytest.raises(UnusableLedgerError) as caught, open_ledger(path) as ledger:
        ledger.read(ALL)
    assert caught.value.cause == "database disk image is malformed"
    assert record_run(path, make_run(2), [attempt("a")]) == path.with_name("ledger.sqlite.damaged-1")
    assert path.with_name("ledger.sqlite.damaged-1").read_bytes() == before
    with open_ledger(path) as ledger:
        assert count_rows(ledger.read(ALL)) == (1, 1)


def test_what_was_set_aside_before_is_never_written_over(path):
    for number in (1, 2, 3):
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"rubbish {number}")
        assert record_run(path, make_run(number), []) == path.with_name(f"ledger.sqlite.damaged-{number}")
    kept = [path.with_name(f"ledger.sqlite.damaged-{number}").read_text() for number in (1, 2, 3)]
    assert kept == ["rubbish 1", "rubbish 2", "rubbish 3"]


def test_an_empty_file_becomes_a_ledger_but_is_none_to_merge(path, tmp_path):
    path.parent.mkdir()
    for file in (path, tmp_path / "empty"):
        file.touch()
    with open_ledger(path) as ledger:
        assert ledger.read(ALL) == []
        with pytest.raises(UnusableLedgerError, match="cannot use the ledger"):
            ledger.merge(tmp_path / "empty")


@pytest.mark.security
@pytest.mark.parametrize("column", ["seconds = 'soon'", "verdict = NULL", "number = NULL"])
def test_a_ledger_with_values_that_are_none_adds_nothing(path, tmp_path, column):
    other = tmp_path / "other.sqlite"
    make_sqlite(
        other,
        "CREATE TABLE runs AS SELECT 1 AS id, 'r' AS run, '' AS started, '' AS project, '' AS 'commit', '' AS image,"
        " '' AS selection, '' AS seed, 0 AS exit_code, 1.0 AS seconds",
        "CREATE TABLE tests AS SELECT 1 AS id, 't' AS test",
        "CREATE TABLE attempts AS SELECT 1 AS run, 1 AS test, 1 AS number, '' AS verdict, 1.0 AS seconds, '' AS error,"
        " '' AS worker, '' AS groups",
        "PRAGMA user_version = 1",
    )
    with open_ledger(path) as ledger:
        ledger.record(make_run(1), [attempt("a")])
        before = ledger.read(ALL)
        make_sqlite(other, f"UPDATE attempts SET {column}")
        with pytest.raises(SettingsError, match="cannot use the ledger"):
            ledger.merge(other)
        assert ledger.read(ALL) == before
        make_sqlite(other, "UPDATE attempts SET seconds = 2, verdict = 'passed', number = 1")
        assert ledger.merge(other) == (1, 1)


@pytest.mark.parametrize(("name", "cause"), [("missing", "no such file or directory"), ("folder", "is a directory")])
def test_a_file_to_merge_that_cannot_be_read_is_told_and_never_made(path, tmp_path, name, cause):
    (tmp_path / "folder").mkdir()
    with open_ledger(path) as ledger, pytest.raises(SettingsError) as caught:
        ledger.merge(tmp_path / name)
    assert caught.value.as_text() == f"error: cannot read the ledger `{tmp_path / name}`\ncause: {cause}"
    assert not (tmp_path / "missing").exists()


def test_a_place_that_cannot_be_written_is_told_and_nothing_is_set_aside(tmp_path):
    (tmp_path / "file").touch()
    (tmp_path / "ledger.sqlite").mkdir()
    for path, where, cause in (
        (tmp_path / "file/below/ledger.sqlite", tmp_path / "file/below", "not a directory"),
        (tmp_path / "ledger.sqlite", tmp_path / "ledger.sqlite", "unable to open database file"),
    ):
        with pytest.raises(SettingsError) as caught:
            record_run(path, make_run(1), [])
        assert caught.value.as_text() == f"error: cannot write the ledger `{where}`\ncause: {cause}\n{PLACE}"
    assert sorted(each.name for each in tmp_path.iterdir()) == ["file", "ledger.sqlite"]


WITHOUT_PRIVILEGE = """
import ctypes, os, sys
# Root may write everywhere by the capability DAC_OVERRIDE (1); without it in the bounding set (24), not any more.
ctypes.CDLL(None).prctl(24, 1, 0, 0, 0)
os.execv(sys.executable, [sys.executable, "-c", *sys.argv[1:]])
"""

USE = """
import sys
from pathlib import Path
from runner.core.runs import RunRecord
from runner.errors import SettingsError
from runner.report.ledger import open_ledger, record_run

path = Path(sys.argv[1])
try:
    with open_ledger(path) as ledger:
        print(len(ledger.read(9)))
except SettingsError as error:
    print(error.as_text())
try:
    record_run(path, RunRecord(run="r", started="2026", project="shop"), [])
except SettingsError as error:
    print(error.as_text())
"""


def use_without_privilege(path):
    command = [sys.executable, "-c", WITHOUT_PRIVILEGE, USE, str(path)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout.splitlines()


@pytest.fixture
def locked(path):
    """Makes the ledger's folder, and what is in it, read-only, until the test is over."""

    def make_read_only():
        for each in (*path.parent.iterdir(), path.parent):
            each.chmod(0o555)

    path.parent.mkdir()
    yield make_read_only
    path.parent.chmod(0o755)


def test_a_ledger_in_a_read_only_folder_can_be_read_but_not_written(path, locked):
    fill(path, [(make_run(1), [])])
    locked()
    assert use_without_privilege(path) == [
        "1",
        f"error: cannot write the ledger `{path}`",
        "cause: attempt to write a readonly database",
        PLACE,
    ]


def test_a_damaged_ledger_in_a_read_only_folder_stays(path, locked):
    path.write_text("rubbish")
    locked()
    assert use_without_privilege(path) == [
        f"error: cannot use the ledger `{path}`",
        "cause: file is not a database",
        MOVE,
        f"error: cannot write the ledger `{path}`",
        "cause: permission denied",
        PLACE,
    ]
    assert [each.name for each in path.parent.iterdir()] == ["ledger.sqlite"]


def test_no_ledger_in_a_read_only_folder_is_told(path, locked):
    locked()
    error = [f"error: cannot write the ledger `{path}`", "cause: unable to open database file", PLACE]
    assert use_without_privilege(path) == error * 2


def test_a_ledger_that_another_process_keeps_locked_is_told(path, monkeypatch):
    monkeypatch.setattr("runner.report.ledger_file.BUSY_TIMEOUT", 0.1)
    with open_ledger(path) as ledger, closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(SettingsError) as caught:
            ledger.record(make_run(1), [])
        assert caught.value.as_text() == f"error: cannot use the ledger `{path}`\ncause: database is locked"
        assert not isinstance(caught.value, UnusableLedgerError)


def test_ledgers_stay_out_of_git_where_their_folder_is_new(path, tmp_path):
    with open_ledger(path), open_ledger(tmp_path / "ledger.sqlite"):
        pass
    assert (path.parent / ".gitignore").read_text() == "*\n"
    assert not (tmp_path / ".gitignore").exists()


def test_the_ledger_of_a_project_is_beside_its_results(tmp_path):
    assert find_ledger(tmp_path, ".runner") == tmp_path / ".runner/ledger.sqlite"
    assert find_ledger(tmp_path / "shop", "../out") == tmp_path / "out/ledger.sqlite"
