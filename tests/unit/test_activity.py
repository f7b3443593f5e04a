"""What Postgres answers of its backends."""

import json

import pytest

from runner.errors import PostgresError
from runner.postgres.activity import hide_secrets, read_activity

pytestmark = pytest.mark.unit


@pytest.mark.parametrize("answer", ["", "no JSON", "[" * 5])
def test_an_answer_that_is_no_json_is_told(answer):
    with pytest.raises(PostgresError) as caught:
        read_activity(lambda _database, _statement: answer)
    assert caught.value.what == "cannot read what Postgres says of its backends"


def test_relations_are_named_by_the_database_they_are_in():
    backend = {"pid": 5, "seconds": -0.1, "blockers": [4], "statement": None}
    table = {"kind": "relation", "database": "gw0", "relation": 9, "key": [0, 0, 0], "seconds": -1}
    lock = {"pid": 5, **table, "mode": "ShareLock", "granted": False}
    asked = []

    def ask(database, statement):
        asked.append(database)
        if "pg_class" in statement:
            return json.dumps([["9", "orders", "r"]])
        return json.dumps({"backends": [backend], "locks": [lock]})

    [found] = read_activity(ask)
    assert asked == ["postgres", "gw0"]
    assert (found.target, found.seconds, found.lock_seconds) == ("`orders`", 0.0, 0.0)


@pytest.mark.security
@pytest.mark.parametrize(
    ("statement", "shown"),
    [
        ("ALTER ROLE gw0 PASSWORD 'a''b' VALID", "ALTER ROLE gw0 PASSWORD '***' VALID"),
        ("create role x password\n 'cut in the mid", "create role x password\n '***'"),
        ("SELECT 'password'", "SELECT 'password'"),
    ],
)
def test_passwords_in_statements_are_not_shown(statement, shown):
    assert hide_secrets(statement) == shown
