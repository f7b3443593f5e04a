"""The folder of a kept state, its record, and its SQL in blocks."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.core.failure import Failure, parse_failure, parse_told
from runner.core.overlay import split_dump, split_overlay
from runner.report.failures import make_folder_name, read_failure, read_failures, write_failure

pytestmark = pytest.mark.unit

ODD = "tests/a b.py::Test::test_a[x/y-[1]-\U0001f600-ü]"


def make(test=ODD, **changes):
    usual = {"attempt": 1, "phase": "call", "pass_": "default", "groups": [], "seed": None, "python": "3.13.5"}
    slot = {"worker": "gw0", "slot": "gw0", "isolation": "schema", "role": "gw0", "database": "suite"}
    return Failure(test=test, schemas=["gw0"], began=1.0, time=2.0, **usual | slot | changes)


def test_a_state_is_read_as_it_was_written(tmp_path):
    failure = make(databases=["gw0_1_db1"], unseen=["x"], problems=["y"])
    files = {"state.sql": b"one\r\ntwo", "gw0_1_db1.sql": b"3", "traceback.txt": b"t"}
    size = write_failure(tmp_path, failure, files)
    (kept,) = read_failures(tmp_path)
    assert kept.failure == failure
    assert kept.folder == tmp_path / make_folder_name(ODD)
    assert kept.scripts == {"state.sql": "one\r\ntwo", "gw0_1_db1.sql": "3"}
    assert (kept.read("traceback.txt"), kept.read("output.txt")) == ("t", "")
    assert size == sum(path.stat().st_size for path in kept.folder.iterdir())


def test_the_record_has_the_agreed_names():
    assert b'"pass": "default"' in make().as_json()
    assert b'"format": 1' in make().as_json()


def test_another_attempt_takes_the_place_of_the_first_and_other_dumps_stay(tmp_path):
    write_failure(tmp_path, make(databases=["db1"]), {"state.sql": b"1", "transaction.sql": b"1", "db1.sql": b"1"})
    folder = tmp_path / make_folder_name(ODD)
    (folder / "attempt-1.sql").write_text("of the retry")
    write_failure(tmp_path, make(attempt=2), {"state.sql": b"2"})
    assert sorted(path.name for path in folder.iterdir()) == [
        "attempt-1.sql",
        "db1.sql",
        "failure.json",
        "state.sql",
    ]
    assert read_failure(folder).failure.attempt == 2
    assert read_failure(folder).scripts == {"state.sql": "2"}


def test_what_cannot_be_written_leaves_the_earlier_state_as_it_was(tmp_path):
    write_failure(tmp_path, make(), {"state.sql": b"1"})
    with pytest.raises(OSError, match="No such file"):
        write_failure(tmp_path, make(attempt=2), {"state.sql": b"2", "no/such": b"folder"})
    assert read_failures(tmp_path)[0].scripts == {"state.sql": "1"}
    assert [path.name for path in (tmp_path / "failures").glob(".*")] == []


def test_two_tests_never_share_a_folder():
    assert make_folder_name("a.py::test[1/2]") != make_folder_name("a.py::test[1-2]")
    assert len(make_folder_name("x" * 1000)) < 120


@pytest.mark.parametrize("text", ["", "{}", "[]", "nonsense", '{"format": 1}', "\xff"])
def test_a_damaged_record_is_none(tmp_path, text):
    (tmp_path / "failure.json").write_text(text)
    assert read_failure(tmp_path) is None
    assert parse_told(text.encode()) is None


def test_a_record_of_another_format_is_none():
    assert parse_failure(make().as_json().replace(b'"format": 1', b'"format": 2')) is None


HEAD = "-- ephemeral-runner overlay 0123456789abcdef: what only the transaction of pid 7 saw\n"


def test_an_overlay_comes_in_blocks_whatever_is_in_its_rows():
    row = "INSERT INTO t VALUES ('\n-- fedcba rows of u\n-- ephemeral-runner overlay fedcbafedcbafedc: x\n');"
    text = f"{HEAD}\n-- 0123456789abcdef table t\nCREATE TABLE t ();\n\n-- 0123456789abcdef rows of t\n{row}\n"
    first, second, *_ = split_overlay(text + text)
    assert (first.name, first.has_rows, first.sql.strip()) == ("table t", False, "CREATE TABLE t ();")
    assert (second.name, second.has_rows) == ("rows of t", True)
    assert second.sql.startswith(row)


def test_sql_of_somebody_else_is_one_block():
    assert [each.name for each in split_overlay("SELECT 1;")] == ["all of it"]
    assert list(split_overlay("  \n")) == []


def test_a_dump_comes_in_blocks():
    text = (
        "SET x;\n\n--\n-- Name: item; Type: TABLE; Schema: gw0; Owner: -\n--\n\nCREATE TABLE gw0.item ();\n\n"
        "--\n-- Data for Name: item; Type: TABLE DATA; Schema: gw0; Owner: -\n--\n\nINSERT;\n"
    )
    head, blocks = split_dump(text)
    assert head.strip() == "SET x;"
    assert [(each.name, each.sql.strip()) for each in blocks] == [
        ("table item", "CREATE TABLE gw0.item ();"),
        ("table data item", "INSERT;"),
    ]


@given(st.text())
def test_any_text_can_be_split(text):
    assert "".join(each.sql for each in split_overlay(text)) in {text, ""}
    head, blocks = split_dump(text)
    assert len(head) + sum(len(each.sql) for each in blocks) <= len(text)
