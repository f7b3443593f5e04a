"""`runner audit --isolation` through the real engine: a suite that names `public` needs a database for each worker."""

import json
from pathlib import Path

import pytest
from commands import NOTHING_LEFT, Make, run

pytestmark = [pytest.mark.engine, pytest.mark.slow]

NAMES_PUBLIC = """
import os, psycopg, pytest

@pytest.mark.parametrize("number", range(3))
def test_a_table_in_public_{name}(number):
    with psycopg.connect(os.environ["TEST_DATABASE_URL"], autocommit=True) as connection:
        connection.execute("CREATE TABLE public.things (number int)")
        connection.execute("DROP TABLE public.things")

def test_no_database_at_all_{name}():
    pass
"""


def test_the_cheapest_equal_isolation_is_named_with_the_tests_that_decide_and_their_rule(make_project: Make) -> None:
    files = {f"tests/test_{name}.py": NAMES_PUBLIC.replace("{name}", name) for name in "ab"}
    folder: Path = make_project(files)
    ended = run(folder, "audit", "--isolation", "-n", "2", "--json")
    assert ended.exit_code == 1, ended.stderr
    (found,) = json.loads(ended.stdout)["passes"]
    assert (found["configured"], found["recommended"], found["flaky"]) == ("schema", "database", [])
    assert set(found["serial"].values()) == {"passed"}
    schema, database = found["modes"]
    assert len(schema["differences"]) == 6
    for each in schema["differences"]:
        assert "test_a_table_in_public" in each["test"]
        assert each["rule"] == "schema `public` named"
        assert "permission denied for schema public (tests/test_" in each["evidence"]
    assert database["equal"]
    assert ended.last_line == NOTHING_LEFT
