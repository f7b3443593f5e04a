"""Tables under a fixed name, in workers that dial the same address."""

import pytest
from app.db.session import engine
from sqlalchemy import text


@pytest.mark.parametrize("number", range(4))
def test_the_table_is_the_tests_own(number):
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE orders (number integer)"))
        connection.execute(text("INSERT INTO orders VALUES (:number)"), {"number": number})
    with engine.begin() as connection:
        assert connection.execute(text("TABLE orders")).all() == [(number,)]
        connection.execute(text("DROP TABLE orders"))
