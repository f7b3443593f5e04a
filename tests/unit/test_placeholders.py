"""Placeholders in arguments: what is filled in at once, what a worker fills in, what is left alone."""

import pytest

from runner.core.placeholders import expand, fill_arguments, has_placeholder

pytestmark = pytest.mark.unit

SERVER = {"host": "localhost", "port": "5432", "user": "{slot}", "password": "a b/c", "dbname": "{slot}"}


def test_what_is_the_same_for_all_slots_is_filled_in_before_pytest_reads_it():
    assert fill_arguments(["--port={port}", "--host", "{host}", "-x"], SERVER) == [
        "--port=5432",
        "--host",
        "localhost",
        "-x",
    ]


def test_what_differs_between_slots_is_left_to_their_workers():
    url, dsn = fill_arguments(["--dburi={url}", "--dsn={dsn}"], SERVER)
    assert url == "--dburi=postgresql://{user}:a%20b%2Fc@localhost:5432/{dbname}"
    assert dsn == "--dsn=host=localhost port=5432 user={user} password='a b/c' dbname='{dbname}'"
    assert has_placeholder(url)


@pytest.mark.parametrize("argument", ["-k{test}", "--json={}", "--x={{user}}", "--fmt={:d}", "{"])
def test_other_braces_are_the_user_s_own(argument):
    assert fill_arguments([argument], SERVER) == [argument]
    assert not has_placeholder(argument)


def test_without_a_database_an_argument_that_needs_one_is_left_out():
    assert fill_arguments(["-x", "--dburi={url}", "--n={slot}"], None) == ["-x"]


def test_a_doubled_brace_is_no_placeholder():
    assert expand("{{url}} {url}") == "{{url}} postgresql://{user}:{password}@{host}:{port}/{dbname}"
