import os
import subprocess
import sys
from importlib.metadata import version

import psycopg


def test_its_metadata_chose_the_python_and_its_script_is_installed():
    assert version("older") == "0.9"
    assert sys.version_info[:2] == (3, 11)
    assert subprocess.check_output(["older-shop"], text=True) == "3.11\n"


def test_the_database_answers():
    with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
