"""What such a suite expects of its container."""

import pytest


@pytest.mark.parametrize("number", range(4))
def test_the_database_is_the_suite_s_own(connection, number):
    assert connection.execute("SELECT current_user, current_database()").fetchone() == ("shop", "shop")
    connection.execute("CREATE TABLE IF NOT EXISTS things (number int)")
    connection.execute("INSERT INTO things VALUES (%s)", [number])
    connection.commit()


def test_commands_inside_it_are_answered(postgres):
    code, said = postgres.exec(["psql", "-U", "shop", "-d", "shop", "-Atc", "SELECT 1"])
    assert (code, said.strip()) == (0, b"1")
