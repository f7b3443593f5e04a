import os
from pathlib import Path

import psycopg
from app.orders import total


def test_what_lies_beside_the_project_is_there_and_nothing_else():
    assert total(100) == 120
    assert Path("../shared/pricing/rate.json").is_file()
    assert not Path("../other").exists()


def test_the_database_agrees():
    with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
        assert connection.execute("SELECT 100 + 100 * 20 / 100").fetchone() == (total(100),)
