import os
import shutil
from importlib.metadata import version
from pathlib import Path

import fastsum
import psycopg
from fastsum import _add


def test_the_compiled_module_agrees_with_the_database():
    with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
        assert connection.execute("SELECT 2 + 3").fetchone() == (fastsum.add(2, 3),)


def test_sources_are_the_project_s_own_and_the_compiler_stayed_behind():
    assert Path(fastsum.__file__) == Path.cwd() / "src" / "fastsum" / "__init__.py"
    assert Path(_add.__file__).suffix == ".so"
    assert version("fastsum") == "2.1"
    assert shutil.which("gcc") is None
