"""Each test has a database that the plugin makes on the server that it is told."""

import pytest


@pytest.mark.parametrize("number", range(4))
def test_every_test_has_an_empty_database(postgresql, number):
    postgresql.execute("CREATE TABLE things (number int)")
    postgresql.execute("INSERT INTO things VALUES (%s)", [number])
    assert postgresql.execute("SELECT number FROM things").fetchall() == [(number,)]
