"""What is found out without being asked: an option, variables, an extension, a parameter of the server."""

import os

import psycopg

SETTINGS = {name: os.environ[name] for name in ("SHOP_CURRENCY", "SHOP_TITLE")}


def test_the_address_of_the_command_line_leads_to_a_slot(connection):
    connection.execute("CREATE TABLE carts (number int)")


def test_the_address_of_the_variable_keeps_its_form():
    with psycopg.connect(os.environ["SHOP_DSN"]) as connection:
        assert connection.execute("SHOW application_name").fetchone() == ("shop",)


def test_what_ci_copies_into_a_file_is_in_the_environment():
    assert SETTINGS == {"SHOP_CURRENCY": "EUR", "SHOP_TITLE": "{a} shop"}


def test_an_extension_that_the_role_may_not_make_is_there(connection):
    connection.execute("CREATE EXTENSION IF NOT EXISTS citext")
    assert connection.execute("SELECT 'A'::citext = 'a'").fetchone() == (True,)


def test_transactions_in_two_phases(connection):
    connection.tpc_begin(connection.xid(1, "shop", "test"))
    connection.execute("CREATE TABLE orders (number int)")
    connection.tpc_prepare()
    connection.tpc_rollback()
