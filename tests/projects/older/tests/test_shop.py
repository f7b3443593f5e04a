import os
import shutil
import subprocess
import sys
from importlib.metadata import version

import psycopg2


def test_its_metadata_chose_the_python_and_its_script_is_installed():
    assert version("older") == "0.9"
    assert sys.version_info[:2] == (3, 11)
    assert subprocess.check_output(["older-shop"], text=True) == "3.11\n"


def test_a_driver_that_is_compiled_finds_its_library_and_the_compiler_stayed_behind():
    connection = psycopg2.connect(os.environ["DATABASE_URL"])
    with connection, connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        assert cursor.fetchone() == (1,)
    connection.close()
    assert shutil.which("gcc") is None
