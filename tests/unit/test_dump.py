"""What is made of pg_dump's text, and of names that its options would take for something else."""

import pytest

from runner.engines.docker.dump import quote_dbname, quote_pattern, strip_meta

pytestmark = pytest.mark.unit

PLAIN = "--\n-- PostgreSQL database dump\n--\n\nSET x;\n\n--\n-- PostgreSQL database dump complete\n--\n\n"


def wrap(body, key="Ab3"):
    """As pg_dump does since August 2025."""
    head, tail = "--\n-- PostgreSQL database dump\n--\n\n", "\n\n"
    return f"{head}\\restrict {key}\n\n{body}\n\n--\n-- complete\n--\n\n\\unrestrict {key}\n{tail}"


def test_a_dump_without_commands_to_psql_stays_as_it_is():
    assert strip_meta(PLAIN) == PLAIN


@pytest.mark.smoke
def test_the_two_commands_to_psql_are_taken_out():
    head = "--\n-- PostgreSQL database dump\n--\n\n"
    assert strip_meta(wrap("SET x;")) == f"{head}\nSET x;\n\n--\n-- complete\n--\n\n\n\n"


@pytest.mark.security
@pytest.mark.parametrize(
    "row",
    [
        "INSERT INTO t VALUES ('a\n\\restrict Ab3\n');",
        "INSERT INTO t VALUES ('a\n\\unrestrict Ab3\n');",
        "INSERT INTO t VALUES ('a\n\\unrestrict other\n\\connect x\n\\! rm\n');",
    ],
)
def test_rows_that_look_like_such_commands_stay(row):
    assert row in strip_meta(wrap(row))
    assert "\n\\restrict Ab3\n\nINSERT" not in strip_meta(wrap(row))


@pytest.mark.security
def test_rows_that_look_like_such_commands_stay_where_there_are_none():
    for row in ("x\n\\restrict abc\ny", "x\n\\restrict a c\ny\n\\unrestrict a c\n", "x\n\\restrict "):
        assert strip_meta(PLAIN + row) == PLAIN + row


def test_names_are_quoted():
    assert quote_dbname("plain") == "dbname='plain'"
    assert quote_dbname("a=b 'c' \\") == "dbname='a=b \\'c\\' \\\\'"
    assert quote_pattern("Gw0.x|y") == '"Gw0.x|y"'
    assert quote_pattern('a"b') == '"a""b"'
