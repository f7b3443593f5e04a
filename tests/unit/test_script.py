"""The result of `setup` as the text of a file, and the key under which it is kept."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.core.script import BOUNDARY, Script, make_snapshot_key, parse_script, strip_schema, subtract

pytestmark = pytest.mark.unit

TEXT = st.text().filter(lambda text: BOUNDARY not in text)


@given(preamble=TEXT.filter(lambda text: BOUNDARY not in text + BOUNDARY[:-1]), body=st.text())
def test_a_script_survives_the_way_through_a_file(preamble, body):
    assert parse_script(Script(preamble, body).as_text()) == Script(preamble, body)


@pytest.mark.parametrize("text", ["", "CREATE TABLE a ();\n", BOUNDARY[:-1]])
def test_a_text_without_the_boundary_is_no_script(text):
    assert parse_script(text) is None


def key(setup=("a",), inputs=None, environment=("image",)):
    return make_snapshot_key(setup, {"a.sql": b"1"} if inputs is None else inputs, environment)


def test_the_key_is_16_hex_digits_and_does_not_depend_on_the_order_of_files():
    assert key() == key()
    assert len(key()) == 16
    assert int(key(), 16) >= 0
    assert key(inputs={"a": b"1", "b": b"2"}) == key(inputs={"b": b"2", "a": b"1"})


def test_the_key_depends_on_everything_that_decides_the_result():
    keys = [
        key(),
        key(setup=("a", "b")),
        key(setup=("b", "a")),
        key(setup=("ab",)),
        key(setup=()),
        key(setup=("a", "image"), environment=()),
        key(setup=("a", ""), environment=("image",)),
        key(environment=("", "image")),
        key(environment=("image", "")),
        key(environment=("im", "age")),
        key(inputs={}),
        key(inputs={"a.sql": b"2"}),
        key(inputs={"b.sql": b"1"}),
        key(inputs={"a.sql": b"", "1": b""}),
        key(inputs={"a.sql": b"1", "b.sql": b""}),
    ]
    assert len(set(keys)) == len(keys)


PARTS = st.lists(st.text(max_size=3), max_size=3)
FILES = st.dictionaries(st.text(max_size=3), st.binary(max_size=3), max_size=3)


@given(one=st.tuples(PARTS, FILES, PARTS), other=st.tuples(PARTS, FILES, PARTS))
def test_two_different_snapshots_never_share_a_key(one, other):
    assert (make_snapshot_key(*one) == make_snapshot_key(*other)) == (one == other)


def test_only_the_statement_that_makes_the_schema_is_taken_away_and_only_once():
    body = "SET x = 1;\nCREATE SCHEMA runner_template;\nCREATE TABLE runner_template.a ();\n"
    assert strip_schema(body, "runner_template") == "SET x = 1;\nCREATE TABLE runner_template.a ();\n"
    assert strip_schema(body, "runner") == body
    assert strip_schema(body * 2, "runner_template").count("CREATE SCHEMA") == 1
    text = "INSERT INTO a VALUES ('CREATE SCHEMA runner_template;');\n"
    assert strip_schema(text, "runner_template") == text


def test_a_snapshot_that_was_cut_or_changed_is_none():
    whole = Script("CREATE EXTENSION a;\n", "CREATE TABLE a ();\nCREATE TABLE b ();\n").as_text()
    for size in range(len(whole) - 1):
        assert parse_script(whole[:size]) is None
    assert parse_script(whole.replace("TABLE b", "TABLE c")) is None


def section(name, kind, sql):
    return f"--\n-- Name: {name}; Type: {kind}; Schema: -; Owner: -\n--\n\n{sql}\n"


LAST_WORDS = "\n--\n-- PostgreSQL database dump complete\n--\n\n"


def test_what_every_database_begins_with_is_not_made_again_where_it_was_the_last_object_either():
    comment = section("EXTENSION citext", "COMMENT", "COMMENT ON EXTENSION citext IS 'x';")
    table = section("item", "TABLE", "CREATE TABLE public.item ();")
    known = "SET a = b;\n" + comment + LAST_WORDS
    found = subtract("SET a = b;\n" + comment + "\nSET default_tablespace = '';\n\n" + table + LAST_WORDS, known)
    assert "COMMENT" not in found
    assert "CREATE TABLE public.item" in found
