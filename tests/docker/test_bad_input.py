"""Bad input that only a real engine meets: a clear error, an exit code of the table, nothing left, no traceback."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from commands import NOTHING_LEFT, Make, run

pytestmark = [pytest.mark.engine, pytest.mark.regression]

PASSING = {"tests/test_one.py": "import pytest\n\n@pytest.mark.smoke\ndef test_one():\n    pass\n"}


def test_a_selection_that_matches_nothing(make_project: Make) -> None:
    ended = run(make_project(PASSING), "run", "-g", "slow", "-k", "nosuch")
    assert ended.exit_code == 95
    assert ended.error == ('error: no test matches --group slow -k "nosuch"\nhint:  `runner groups` counts the tests')
    assert ended.last_line == NOTHING_LEFT


def test_an_unknown_mark_gets_the_nearest_known_one(make_project: Make) -> None:
    ended = run(make_project(PASSING), "run", "-m", "smok")
    assert ended.exit_code == 90
    assert ended.error == "error: unknown mark `smok` in -m\nhint:  did you mean `smoke`"


def test_a_mark_that_nobody_declared_fails_a_suite_that_is_strict_about_marks(make_project: Make) -> None:
    undeclared = "import pytest\n\n@pytest.mark.smokey\ndef test_one():\n    pass\n"
    folder = make_project({"tests/test_one.py": undeclared, "pytest.ini": "[pytest]\naddopts = --strict-markers\n"})
    ended = run(folder, "run")
    assert ended.exit_code in (1, 2)
    assert "'smokey' not found in `markers` configuration option" in ended.stdout


def test_a_suite_with_a_syntax_error_ends_with_pytest_s_own_exit_code(make_project: Make) -> None:
    ended = run(make_project({"tests/test_broken.py": "def test_one(:\n"}), "run", "-n", "0")
    assert ended.exit_code == 2
    assert "SyntaxError" in ended.stdout
    assert ended.last_line == NOTHING_LEFT


def test_a_hung_test_is_named_when_the_time_is_up(make_project: Make) -> None:
    hung = {"tests/test_hung.py": "import time\n\ndef test_hangs():\n    time.sleep(600)\n"}
    ended = run(make_project(hung, "timeout = 6"), "run", "-n", "2")
    assert ended.exit_code == 93
    lines = ended.error.splitlines()
    assert lines[0] == "error: the tests did not end within 6 s (`timeout`)"
    assert lines[1].startswith("cause: running: tests/test_hung.py::test_hangs (for ")
    assert lines[2] == "hint:  raise the limit: `--timeout SECONDS`"
    assert ended.last_line == NOTHING_LEFT


def test_a_project_path_with_spaces_and_other_letters(make_project: Make, tmp_path: Path) -> None:
    folder = shutil.move(make_project(PASSING), tmp_path / "мой проект ü")
    ended = run(Path(folder), "run", "tests/test_one.py")
    assert ended.exit_code == 0, ended.stderr


def test_results_that_cannot_be_written(make_project: Make) -> None:
    folder = make_project(PASSING)
    (folder / ".runner").write_text("in the way")
    ended = run(folder, "run")
    assert ended.exit_code == 90
    assert ended.stderr == (
        f"error: cannot write results to `{folder}/.runner`\ncause: not a directory\n"
        "hint:  name a folder that can be written: `RUNNER_RESULTS=/tmp/results`\n"
    )


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting a folder read-only takes root; others get the test above")
def test_a_read_only_project_folder_runs_with_its_results_elsewhere(make_project: Make, tmp_path: Path) -> None:
    folder = make_project(PASSING)
    subprocess.run(["mount", "--bind", folder, folder], check=True)
    try:
        subprocess.run(["mount", "-o", "remount,ro,bind", folder], check=True)
        refused = run(folder, "run")
        assert refused.exit_code == 90
        assert "cause: read-only file system" in refused.stderr
        ended = run(folder, "run", RUNNER_RESULTS=str(tmp_path / "elsewhere"))
        assert ended.exit_code == 0, ended.stderr
    finally:
        subprocess.run(["umount", folder], check=True)


def test_a_dependency_that_does_not_exist(make_project: Make) -> None:
    hashes = "--hash=sha256:" + "0" * 64
    folder = make_project({**PASSING, "requirements.txt": f"no-such-distribution-of-anybody==1.0 {hashes}\n"})
    ended = run(folder, "run")
    assert ended.exit_code == 92
    assert "the step `installing the locked dependencies` failed" in ended.error
    assert "no-such-distribution-of-anybody" in ended.error
    assert ended.error.splitlines()[-1] == (
        "hint:  a dependency or its pinned version does not exist for this Python; correct the lock file,"
        " or set `python`"
    )
    assert ended.last_line == NOTHING_LEFT


def test_a_lock_file_whose_hash_does_not_match(make_project: Make) -> None:
    locked = "iniconfig==2.3.1 --hash=sha256:" + "0" * 64 + "\n"
    ended = run(make_project({**PASSING, "requirements.txt": locked}), "run")
    assert ended.exit_code == 92
    assert "iniconfig" in ended.error
    assert ended.error.splitlines()[-1] == (
        "hint:  the lock file does not fit what the index has: lock again, and look into why it changed"
    )


def test_a_requirements_file_that_is_stale(make_project: Make) -> None:
    folder = make_project(PASSING)
    (folder / "small.py").write_text("")
    (folder / "pyproject.toml").write_text(
        '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'
        '[project]\nname = "small"\nversion = "1"\ndependencies = ["flask"]\n'
    )
    ended = run(folder, "run")
    assert ended.exit_code == 92
    assert "flask" in ended.error
    assert ended.error.splitlines()[-1] == ("hint:  the lock file is stale: lock again, so that it fits pyproject.toml")


def lock(folder: Path) -> None:
    uv = Path(shutil.which("uv") or Path(os.sys.executable).with_name("uv"))
    subprocess.run([uv, "lock", "--quiet", "--project", folder], check=True)


@pytest.mark.xdist_group("uv.lock")
def test_uv_lock_is_installed_and_a_stale_one_is_refused(make_project: Make) -> None:
    folder = make_project(PASSING)
    (folder / "requirements.txt").unlink()
    (folder / "tests/test_pins.py").write_text(
        "import importlib.metadata as m\n\ndef test_pins():\n"
        "    assert m.version('iniconfig') == '2.0.0'\n    assert m.version('pytest') == '8.4.2'\n"
        "    for name in ('pytest-xdist', 'pytest-rerunfailures'):\n        assert m.version(name)\n\n"
        "import importlib.util\nHAS_PSYCOPG = importlib.util.find_spec('psycopg')\n\n"
        "def test_ours_is_for_our_fixtures_alone(db_connection):\n"
        "    assert not HAS_PSYCOPG\n    assert db_connection.execute('SELECT 1').fetchone() == (1,)\n"
    )
    pyproject = '[project]\nname = "small"\nversion = "1"\nrequires-python = ">=3.11"\ndependencies = {}\n'
    (folder / "pyproject.toml").write_text(pyproject.format('["iniconfig==2.0.0", "pytest==8.4.2"]'))
    lock(folder)
    ended = run(folder, "run", "-n", "2")
    assert ended.exit_code == 0, ended.stdout + ended.stderr
    (folder / "pyproject.toml").write_text(pyproject.format('["iniconfig==2.0.0", "pytest==8.4.1"]'))
    stale = run(folder, "run")
    assert stale.exit_code == 92
    assert stale.error.splitlines()[-1] == "hint:  the lock file is stale: run `uv lock` and commit it"


def test_a_port_that_is_taken_is_no_trouble_because_the_engine_chooses_a_free_one(make_project: Make) -> None:
    import socket

    uses = {
        "tests/test_port.py": "import os, psycopg\n\ndef test_connects():\n"
        "    psycopg.connect(os.environ['TEST_DATABASE_URL']).close()\n"
    }
    with socket.socket() as taken:
        try:
            taken.bind(("127.0.0.1", 5432))
            taken.listen()
        except OSError:
            pass  # Somebody else holds it, which is as good.
        ended = run(make_project(uses), "run", "-n", "1")
    assert ended.exit_code == 0, ended.stdout


def test_a_group_without_a_database_starts_no_postgres(make_project: Make) -> None:
    plain = (
        "import os, socket\nimport pytest\n\n@pytest.mark.plain\ndef test_has_no_database():\n"
        "    assert 'TEST_DATABASE_URL' not in os.environ\n"
        "    with pytest.raises(ConnectionRefusedError):\n"
        "        socket.create_connection(('127.0.0.1', 5432), timeout=1)\n"
    )
    folder = make_project({"tests/test_plain.py": plain}, "[tool.runner.groups.plain]\ndatabase = false")
    ended = run(folder, "run", "-g", "plain", "-n", "2")
    assert ended.exit_code == 0, ended.stdout
    assert "postgres" not in ended.stderr
