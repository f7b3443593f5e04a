"""An address in the text, which is in the tests' names too, and a work tree that the tests write to."""

import time
from pathlib import Path

import psycopg
import pytest

from tests.settings import ADDRESS

ROOT = Path(__file__).parents[1]
VERSIONS = ROOT / "versions"


@pytest.fixture(params=[ADDRESS])
def database(request):
    with psycopg.connect(request.param, autocommit=True) as connection:
        yield connection


@pytest.mark.parametrize("number", range(4))
def test_a_table_of_a_fixed_name_is_the_tests_own(database, number):
    database.execute("DROP TABLE IF EXISTS item")
    database.execute("CREATE TABLE item (number integer)")
    database.execute("INSERT INTO item VALUES (%s)", [number])
    time.sleep(0.1)
    assert database.execute("SELECT number FROM item").fetchall() == [(number,)]


@pytest.mark.parametrize("number", range(4))
def test_files_in_the_work_tree_are_the_tests_own(number):
    VERSIONS.mkdir(exist_ok=True)
    target = VERSIONS / "revision.py"
    target.write_text(f"NUMBER = {number}\n")
    time.sleep(0.1)
    assert target.read_text() == f"NUMBER = {number}\n"
    target.unlink()


def test_a_file_of_the_project_can_be_written():
    (ROOT / "pyproject.toml").write_text("# rewritten\n")
    Path("/tmp/report").write_text("done")
