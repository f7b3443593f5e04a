"""Known causes in a real run that fails for several; silence that is not success; a run without settings."""

import json
import shutil
from pathlib import Path

import pytest
from commands import SMALL, Make, run

pytestmark = [pytest.mark.engine, pytest.mark.slow, pytest.mark.xdist_group("explain")]

CONFTEST = """\
import os

import pytest

ADDRESS = os.environ.get("APP_DATABASE_URL", "postgresql://app:app@localhost:5433/app")


@pytest.fixture
def address():
    return ADDRESS
"""

CAUSES = """\
import asyncio, ctypes, os
import psycopg, pytest

@pytest.mark.parametrize("number", range(2))
def test_elsewhere(address, number):
    psycopg.connect(address)

def test_right():
    with psycopg.connect(os.environ["TEST_DATABASE_URL"], autocommit=True) as connection:
        connection.execute("CREATE DATABASE extra")

def test_module():
    import freezegun

def test_library():
    ctypes.CDLL("libodbc.so.2")

def test_service():
    asyncio.run(asyncio.open_connection("127.0.0.1", 6379))

def test_path():
    open("out.txt", "w")

def test_unknown():
    assert 1 == 2
"""

SILENT = """\
import os
import pytest

@pytest.mark.skipif("APP_DATABASE_URL" not in os.environ, reason="need postgres: APP_DATABASE_URL is not set")
def test_database():
    pass

def test_pure():
    pass
"""

USING = """\
import os
import psycopg

def test_database():
    psycopg.connect(os.environ["TEST_DATABASE_URL"]).close()
"""

HANGING = """\
import os
import psycopg

def test_waits_for_itself():
    address = os.environ["TEST_DATABASE_URL"]
    with psycopg.connect(address) as first, psycopg.connect(address, autocommit=True) as second:
        first.execute("CREATE TABLE rows (id integer)")
        first.commit()
        first.execute("LOCK TABLE rows")
        second.execute("SELECT * FROM rows")
"""


def test_one_run_with_many_causes_is_explained_and_says_what_a_project_without_settings_went_by(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(SMALL, tmp_path / "small"))
    for name, text in {"conftest.py": CONFTEST, "test_causes.py": CAUSES}.items():
        (folder / name).write_text(text)
    ended = run(folder, "run", CI="true")
    assert ended.exit_code == 1
    lines = [line.strip() for line in (ended.stdout + ended.stderr).splitlines()]
    assert "why       runner explain" in lines
    start = lines.index("settings  there are none for this project; what the run went by:")
    assert lines[start + 1] == "detected  lock: requirements with hashes  (requirements.txt)"
    assert 'APP_DATABASE_URL = "postgresql://{user}:{password}@{host}:{port}/{dbname}"' in lines[start:]
    assert lines[-1].startswith("left behind")

    told = json.loads(run(folder, "explain", "--json").stdout)
    causes = {each["kind"]: each for each in told["causes"]}
    assert causes.keys() == {"elsewhere", "createdb", "module", "library", "service", "read-only"}
    assert told["causes"][0] is causes["elsewhere"]
    assert len(causes["elsewhere"]["tests"]) == 2
    assert [(each["file"], each["line"]) for each in causes["elsewhere"]["where"]] == [("conftest.py", 5)]
    assert causes["elsewhere"]["do"][1].startswith("APP_DATABASE_URL = ")
    assert 'packages = ["libodbc2"]' in causes["library"]["do"]
    assert causes["service"]["what"].startswith("Redis is not there")
    assert causes["read-only"]["do"][1] == 'writable = ["out.txt"]'
    assert [each["error"] for each in told["unknown"]] == ["assert 1 == 2"]


def test_a_database_that_no_test_used_fails_in_ci_and_warns_elsewhere(make_project: Make) -> None:
    folder = make_project({"test_silent.py": SILENT})
    strict = run(folder, "run", "--json", CI="true")
    assert strict.exit_code == 98, strict.stderr
    told = json.loads(strict.stdout)
    assert told["tests"] == {"passed": 1, "skipped": 1}
    assert told["error"]["what"] == "no test used the database that was prepared for them"
    skips = "1 test was skipped for want of a database: `need postgres: APP_DATABASE_URL is not set`"
    assert told["remarks"] == [skips]
    assert "`APP_DATABASE_URL`" in run(folder, "explain").stdout

    loose = run(folder, "run", "--no-strict", "--json", CI="true")
    assert loose.exit_code == 0
    assert json.loads(loose.stdout)["remarks"][1].startswith("warning: no test used the database")

    (folder / "test_using.py").write_text(USING)
    assert run(folder, "run", "--strict").exit_code == 0


def test_a_hang_is_explained_by_what_the_test_waited_for_when_the_limit_was_reached(make_project: Make) -> None:
    folder = make_project({"test_hanging.py": HANGING})
    assert run(folder, "run", "-n", "0", "--timeout", "4").exit_code == 93
    [cause] = json.loads(run(folder, "explain", "--json").stdout)["causes"]
    assert cause["kind"] == "hang"
    assert "test_hanging.py::test_waits_for_itself hangs" in cause["what"]
    assert "deadlock that goes through the test itself" in cause["what"]
