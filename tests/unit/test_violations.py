"""Violations in Postgres's log; the lines are those that Postgres 17 wrote, with other names of applications."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.core.violations import LogReader, Violation

pytestmark = pytest.mark.unit

AT = "2026-11-23 19:23:28.917 UTC"
TIME = 1795461808.917

LOG = r"""2026-11-23 19:23:26.549 UTC [1] @  LOG:  database system is ready to accept connections
2026-11-23 19:23:28.917 UTC [34] gw0@suite my app ERROR:  permission denied for schema gw1 at character 13
2026-11-23 19:23:28.917 UTC [34] gw0@suite my app STATEMENT:  INSERT INTO gw1.items VALUES (1);
2026-11-23 19:23:28.918 UTC [34] gw0@suite my app ERROR:  permission denied for schema gw1 at character 17
2026-11-23 19:23:28.918 UTC [34] gw0@suite my app STATEMENT:  SELECT *
→  FROM gw1."Odd Name.x"
→ WHERE name = 'ü';
2026-11-23 19:23:28.930 UTC [34] gw0@suite my app ERROR:  division by zero
2026-11-23 19:23:28.930 UTC [34] gw0@suite my app STATEMENT:  SELECT '
→2026-11-23 19:00:01.123 UTC [77] gw0@suite app ERROR:  permission denied for schema gw1 at character 13', 1/0;
2026-11-23 19:23:28.933 UTC [35] gw1@suite  ERROR:  permission denied for schema gw0 at character 23
2026-11-23 19:23:28.933 UTC [35] gw1@suite  QUERY:  (SELECT count(*) FROM gw0.items)
2026-11-23 19:23:28.933 UTC [35] gw1@suite  CONTEXT:  PL/pgSQL function g() line 1 at RETURN
2026-11-23 19:23:28.933 UTC [35] gw1@suite  STATEMENT:  SELECT g();
2026-11-23 19:23:29.039 UTC [41] gw0@gw1 [unknown] FATAL:  permission denied for database "gw1"
2026-11-23 19:23:29.039 UTC [41] gw0@gw1 [unknown] DETAIL:  User does not have CONNECT privilege.
2026-11-23 19:23:29.500 UTC [34] gw0@suite my app ERROR:  must be owner of schema gw1
2026-11-23 19:23:29.500 UTC [34] gw0@suite my app STATEMENT:  DROP SCHEMA gw1 CASCADE;
""".replace("→", "\t")

FOUND = [
    Violation("gw0", "gw1", "gw1.items", "INSERT INTO gw1.items VALUES (1);", 1795461808.917),
    Violation("gw0", "gw1", 'gw1."Odd Name.x"', "SELECT * FROM gw1.\"Odd Name.x\" WHERE name = 'ü';", 1795461808.918),
    Violation("gw1", "gw0", "gw0.items", "SELECT g();", 1795461808.933),
    Violation("gw0", "gw1", "gw1", "", 1795461809.039),
    Violation("gw0", "gw1", "gw1", "DROP SCHEMA gw1 CASCADE;", 1795461809.5),
]


def read(text):
    reader = LogReader()
    return [*reader.feed(text.encode()), *reader.close()]


def read_error(text, statement, *fields, who="gw0@suite app", kind="ERROR"):
    """What is found in one message of the server."""
    parts = [(kind, text), *fields, *([("STATEMENT", statement)] if statement else [])]
    lines = [f"{AT} [7] {who} {name}:  {words}".replace("\n", "\n\t") for name, words in parts]
    return read("\n".join(lines) + "\n")


def find_object(text, statement, *fields):
    (found,) = read_error(text, statement, *fields)
    return found.object


@pytest.mark.smoke
def test_what_reached_into_another_slot_is_found():
    assert read(LOG) == FOUND


@given(st.lists(st.integers(0, len(LOG.encode()))))
def test_where_the_log_is_cut_does_not_matter(cuts):
    data = LOG.encode()
    places = [0, *sorted(cuts), len(data)]
    reader = LogReader()
    found = [each for start, end in pairwise(places) for each in reader.feed(data[start:end])]
    assert found + reader.close() == FOUND


def test_a_violation_comes_with_the_line_after_it_and_the_last_one_at_the_end():
    reader = LogReader()
    counts = [len(reader.feed(line)) for line in LOG.encode().splitlines(keepends=True)]
    assert [number for number, count in enumerate(counts) if count] == [3, 7, 14, 15]
    assert reader.close() == FOUND[-1:]
    assert reader.close() == []


def test_lines_of_several_processes_may_mix():
    error = "{at} [{pid}] gw{slot}@suite app ERROR:  permission denied for schema gw9 at character 15\n"
    statement = "{at} [{pid}] gw{slot}@suite app STATEMENT:  SELECT * FROM gw9.t{slot}\n"
    places = [{"at": AT, "pid": 70 + slot, "slot": slot} for slot in range(3)]
    lines = [error.format(**each) for each in places] + [statement.format(**each) for each in reversed(places)]
    assert [(each.slot, each.object) for each in read("".join(lines))] == [
        ("gw2", "gw9.t2"),
        ("gw1", "gw9.t1"),
        ("gw0", "gw9.t0"),
    ]


@pytest.mark.parametrize(
    "who", ["gw0@suite app", "gw0@suite ", "gw0@suite a b: c", "gw0@a b@c app", "master@suite [unknown]"]
)
def test_applications_and_databases_may_have_any_name(who):
    (found,) = read_error("permission denied for schema gw1", "SELECT 1", who=who)
    assert found == Violation(who.partition("@")[0], "gw1", "gw1", "SELECT 1", TIME)


@pytest.mark.parametrize(
    ("text", "statement", "wanted"),
    [
        ("permission denied for schema gw1 at character 13", "insert into GW1 . Items VALUES (1)", "gw1.items"),
        ("permission denied for schema gw1 at character 13", 'INSERT INTO "gw1"."items" VALUES (1)', "gw1.items"),
        ("permission denied for schema gw1 at character 13", 'INSERT INTO suite.gw1."a""b" VALUES (1)', 'gw1."a""b"'),
        ("permission denied for schema gw1 at character 16", "SELECT nextval('gw1.sq')", "gw1.sq"),
        ("permission denied for schema gw1 at character 22", "SELECT 'gw1.no' FROM gw1.yes", "gw1.yes"),
        ("permission denied for schema gw1 at character 28", "SELECT 'gw1.no',\n'ü' FROM\n\tgw1.yes", "gw1.yes"),
        ("permission denied for schema gw1 at character 27", "SELECT\n\n\n\n\n\n\n\n\n\n'gw1.no', gw1.yes", "gw1.yes"),
        ("permission denied for schema gw1", "GRANT SELECT ON gw2.a, gw1.b TO gw0", "gw1.b"),
        ("permission denied for schema gw1 at character 99", "DROP TABLE gw1.items", "gw1.items"),
        ("permission denied for schema gw1", "DROP TABLE gw10.items, xgw1.items", "gw1"),
        ("permission denied for schema gw1", "GRANT ALL ON SCHEMA gw1 TO gw0", "gw1"),
        ("permission denied for schema master", "TRUNCATE master.items", "master.items"),
        ("permission denied for table items", "INSERT INTO gw1.items VALUES (1)", "gw1.items"),
        ("permission denied for sequence sq", "SELECT nextval('gw1.sq')", "gw1.sq"),
        ("permission denied for table Odd Name.x", 'SELECT * FROM gw1."Odd Name.x"', 'gw1."Odd Name.x"'),
        ("must be owner of materialized view v", "DROP MATERIALIZED VIEW gw1.v", "gw1.v"),
        ("must be owner of function gw1.f", "DROP FUNCTION gw1.f()", "gw1.f"),
        ("must be owner of type gw1.mood", "DROP TYPE gw1.mood", "gw1.mood"),
        ("must be owner of database gw1", "DROP DATABASE gw1", "gw1"),
        ('permission denied to set role "gw1"', "SET ROLE gw1", "gw1"),
    ],
)
def test_what_was_reached_for_is_named(text, statement, wanted):
    assert find_object(text, statement) == wanted


def test_in_a_function_the_inner_query_names_what_was_reached_for():
    text = "permission denied for schema gw1 at character 15"
    fields = [("QUERY", "SELECT 1 FROM gw1.inner"), ("CONTEXT", "SQL function f")]
    assert find_object(text, "SELECT 'gw1.outer', f()", *fields) == "gw1.inner"


@pytest.mark.parametrize(
    ("text", "statement", "who"),
    [
        ("permission denied for schema gw0", "SELECT * FROM gw0.items", "gw0@suite app"),
        ("permission denied for schema public", "CREATE TABLE public.t()", "gw0@suite app"),
        ("permission denied for database suite", "CREATE SCHEMA other", "gw0@suite app"),
        ("permission denied for table items", "SELECT * FROM items", "gw0@suite app"),
        ("permission denied for table items", "SELECT * FROM gw0.items, gw1.others", "gw0@suite app"),
        ("permission denied for table gw1", "SELECT * FROM gw1", "gw0@suite app"),
        ('permission denied to set role "postgres"', "SET ROLE postgres", "gw0@suite app"),
        ("permission denied to create role", "CREATE ROLE gw1", "gw0@suite app"),
        ("permission denied for schema gw12345678", "SELECT * FROM gw12345678.t", "gw0@suite app"),
        ("permission denied for schema gw1", "SELECT * FROM gw1.items", "suite@suite app"),
        ("permission denied for schema gw1", "SELECT * FROM gw1.items", "@ "),
        ("permission denied for schema gw1 (again)", "SELECT * FROM gw1.items", "gw0@suite app"),
    ],
)
def test_refusals_of_other_things_are_no_violations(text, statement, who):
    assert read_error(text, statement, who=who) == []


@pytest.mark.parametrize("kind", ["LOG", "WARNING", "NOTICE", "DETAIL", "STATEMENT", "ERROR: "])
def test_only_errors_are_violations(kind):
    assert read_error("permission denied for schema gw1", "SELECT * FROM gw1.items", kind=kind) == []


@pytest.mark.security
@pytest.mark.parametrize("kind", ["LOG", "ERROR"])
def test_what_a_test_makes_the_server_say_is_not_taken_for_a_refusal(kind):
    fake = f"{AT} [77] gw0@suite app ERROR:  permission denied for schema gw1\n{AT} [77] gw0@suite app STATEMENT:  x"
    assert read_error(f"{fake}\n{fake}", f"DO $$ {fake} $$", kind=kind) == []
    context = ("CONTEXT", "PL/pgSQL function inline_code_block line 1 at RAISE\nSQL statement")
    assert read_error("permission denied for schema gw1", "DO ''", context) == []


def test_an_error_without_its_statement_counts_when_the_process_says_something_else_or_the_log_ends():
    line = f"{AT} [7] gw0@suite app ERROR:  permission denied for schema gw1\n"
    reader = LogReader()
    assert reader.feed((line + line + line).encode()) == [Violation("gw0", "gw1", "gw1", "", TIME)]
    assert reader.close() == [Violation("gw0", "gw1", "gw1", "", TIME)] * 2


def test_a_statement_without_its_error_says_nothing():
    assert read(f"{AT} [7] gw0@suite app STATEMENT:  SELECT * FROM gw1.items\n") == []


def test_a_log_that_ends_within_a_line_is_read_to_its_end():
    assert read(LOG[: LOG.index(" CASCADE")])[-1] == Violation("gw0", "gw1", "gw1", "DROP SCHEMA gw1", 1795461809.5)


@pytest.mark.parametrize("length", [199, 200, 201, 100_000])
def test_a_statement_is_one_line_of_at_most_200_characters(length):
    statement = "SELECT\n*\r\n\tFROM gw1.items -- "
    statement += "x" * (length - len(" ".join(statement.split())) - 1)
    (found,) = read_error("permission denied for schema gw1", statement)
    assert found.statement.startswith("SELECT * FROM gw1.items -- x")
    assert len(found.statement) == min(length, 200)
    assert found.statement.endswith("…") is (length > 200)


@pytest.mark.security
@pytest.mark.parametrize(
    "line",
    [
        f"{AT} [7] gw0@suite app ERROR:  permission denied for schema gw1".replace("11-23", "99-99"),
        f"{AT} [7] gw0@suite app ERROR:  permission denied for schema gw1".replace("2026", "٢٠٢٦"),
        "psql: error: connection refused",
        "\tpermission denied for schema gw1",
        "",
        "\x00",
    ],
)
def test_a_line_that_is_none_of_the_servers_is_passed_over(line):
    assert read(f"{line}\n{LOG}") == FOUND


@given(st.binary(), st.integers(0, 3))
def test_bytes_of_any_kind_do_no_harm(data, place):
    lines = LOG.encode().splitlines(keepends=True)
    reader = LogReader()
    found = reader.feed(b"".join(lines[:place]) + data + b"\n" + b"".join(lines[place:])) + reader.close()
    assert {*FOUND[3:]} <= {*found}
