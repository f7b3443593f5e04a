"""pytest-postgresql as it is by default: it starts a server of its own for each worker."""

import pytest


@pytest.mark.parametrize("number", range(3))
def test_every_test_has_an_empty_database(postgresql, number):
    postgresql.execute("CREATE TABLE things (number int)")
    postgresql.execute("INSERT INTO things VALUES (%s)", [number])
    assert postgresql.execute("SELECT number FROM things").fetchall() == [(number,)]
