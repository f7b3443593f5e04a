import os

import fastmul
import psycopg


def test_the_compiled_module_agrees_with_the_database():
    with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
        assert connection.execute("SELECT 6 * 7").fetchone() == (fastmul.mul(6, 7),)


def test_the_package_is_the_project_s_own_though_it_is_not_editable():
    # A package of tests puts the project's folder first.
    assert fastmul.__file__ == "/project/fastmul/__init__.py"
