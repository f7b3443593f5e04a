"""The lines of one test in Postgres's log."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.core.statements import LONGEST, Wanted, find_statements, reaches

pytestmark = pytest.mark.unit


def stamp(text):
    return datetime.fromisoformat(f"2026-11-27 {text}").replace(tzinfo=UTC).timestamp()


def line(text, time="10:00:01.000", role="gw0", name="[unknown]", pid=7):
    return f"2026-11-27 {time} UTC [{pid}] {role}@suite {name} {text}\n"


def find(log, role="gw0", name="", since="10:00:01.000"):
    return find_statements(log.encode(), Wanted(role, name, stamp(since))).splitlines()


def test_lines_of_other_roles_and_earlier_times_are_left_out():
    wanted = line("LOG:  statement: SELECT 1")
    log = line("LOG:  statement: before", "10:00:00.990") + wanted + line("LOG:  statement: other", role="gw1")
    assert find(log) == [wanted.rstrip()]


def test_a_message_comes_with_all_its_fields_and_lines():
    log = (
        line("LOG:  execute <unnamed>: INSERT INTO item")
        + "\tVALUES ($1)\n"
        + line("DETAIL:  Parameters: $1 = 'x'")
        + line("LOG:  statement: other", role="gw1")
        + line("DETAIL:  Parameters: $1 = 'y'", role="gw1")
        + line("ERROR:  syntax error at character 1")
        + line("STATEMENT:  SELEC 1")
    )
    assert [each.partition("] ")[2] for each in find(log) if not each.startswith("\t")] == [
        "gw0@suite [unknown] LOG:  execute <unnamed>: INSERT INTO item",
        "gw0@suite [unknown] DETAIL:  Parameters: $1 = 'x'",
        "gw0@suite [unknown] ERROR:  syntax error at character 1",
        "gw0@suite [unknown] STATEMENT:  SELEC 1",
    ]
    assert find(log)[1] == "\tVALUES ($1)"


def test_where_workers_share_a_role_the_name_of_the_connection_decides():
    log = line("LOG:  statement: mine", role="suite", name="gw0") + line(
        "LOG:  statement: not", role="suite", name="gw1"
    )
    assert len(find(log, "suite", "gw0")) == 1
    assert len(find(log, "suite")) == 2


def test_what_the_plugin_asked_itself_is_left_out():
    log = line("LOG:  statement: /* ephemeral-runner */ SAVEPOINT x") + "\tmore\n" + line("LOG:  statement: SELECT 1")
    assert [each[-8:] for each in find(log)] == ["SELECT 1"]


def test_the_first_line_may_be_cut():
    assert find("te: SELECT 1\n\tmore\n" + line("LOG:  statement: SELECT 2"))[0].endswith("SELECT 2")


def test_of_too_many_lines_the_last_are_kept():
    log = "".join(line(f"LOG:  statement: {number:0100}") for number in range(10_000))
    found = find_statements(log.encode(), Wanted("gw0", "", stamp("10:00:00")))
    assert len(found) <= LONGEST + 4
    assert found.startswith("...\n2026-")
    assert found.endswith("9999")


def test_a_piece_reaches_back_when_its_first_whole_line_is_older():
    log = ("cut\n" + line("LOG:  statement: x", "10:00:01.500")).encode()
    assert reaches(log, stamp("10:00:02"))
    assert not reaches(log, stamp("10:00:01.500"))
    assert not reaches(b"cut\n\tmore\n", stamp("10:00:02"))
    assert reaches(b"\0" * 100 + log, stamp("10:00:00"))


@given(st.binary())
def test_any_bytes_are_read(log):
    assert isinstance(find_statements(log, Wanted("gw0", "", 0.0)), str)
    assert reaches(log, 0.0) in {True, False}
