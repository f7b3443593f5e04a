"""What the suite's user may write to inside its container, and what not."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from environment import Environment

from runner.errors import SettingsError

pytestmark = [pytest.mark.engine, pytest.mark.regression]

TRY = """
import json, os, sys
said = {}
for path in sys.argv[1:]:
    try:
        open(path, "a").close()
        said[path] = "written"
    except OSError as error:
        said[path] = type(error).__name__
print(json.dumps(said))
"""

FILES = {"src/shop.py": "", "tests/data/in.csv": "1\n", "state.json": "{}", "run.sh": "#!/bin/sh\necho ran\n"}


def make_folder(make_project) -> Path:
    folder = make_project(FILES)
    (folder / "run.sh").chmod(0o755)
    return folder


def start(folder: Path, **settings) -> Iterator[Environment]:
    environment = Environment(folder, **settings)
    try:
        environment.start(egress=False)
        yield environment
    finally:
        assert environment.engine.remove_run() == []


@pytest.fixture
def closed(make_project) -> Iterator[Environment]:
    yield from start(make_folder(make_project))


@pytest.fixture
def opened(make_project) -> Iterator[Environment]:
    writable = ["tests/data", "state.json", "new/out", "/tmp", "/var/tmp/", "/srv/missing/deep"]
    yield from start(make_folder(make_project), writable=writable)


def try_to_write(environment: Environment, *paths: str) -> dict[str, str]:
    return json.loads(environment.call("python", "-c", TRY, *paths))


@pytest.mark.smoke
@pytest.mark.security
def test_nothing_that_workers_share_may_be_written(closed: Environment) -> None:
    paths = ["/project/new", "/project/src/new", "/project/src/shop.py", "/project/state.json", "/project/run.sh"]
    paths += ["/tmp/x", "/var/tmp/x", "/run/lock/x", "/opt/venv/x", "/opt/plugin/x", "/opt/api/runner/x", "/etc/x"]
    assert try_to_write(closed, *paths) == dict.fromkeys(paths, "PermissionError")
    for path in ("/project/src/shop.py", "/project/src"):
        code = f"import os; os.chmod({path!r}, 0o777)"
        assert "PermissionError" in closed.python(code)
    assert "PermissionError" in closed.python("import os; os.remove('/project/state.json')")
    assert "PermissionError" in closed.python("import os; os.rename('/project/src', '/project/other')")


def test_what_tests_copy_elsewhere_is_theirs_to_change(closed: Environment) -> None:
    code = "import shutil; shutil.copytree('src', '/run/runner/workers/copy'); print('copied')"
    assert closed.python(code) == "copied\n"
    paths = ["/run/runner/workers/copy/new", "/run/runner/workers/copy/shop.py"]
    assert try_to_write(closed, *paths) == dict.fromkeys(paths, "written")


def test_every_worker_has_room_of_its_own(closed: Environment) -> None:
    paths = ["/run/runner/workers/x", "/run/runner/results/x", "/project/.pytest_cache/x", "/dev/shm/x"]
    assert try_to_write(closed, *paths) == dict.fromkeys(paths, "written")


def test_no_other_folder_of_the_image_is_open_to_everybody(closed: Environment) -> None:
    found = closed.call("find", "/", "-xdev", "-type", "d", "-perm", "-0002")
    assert [line for line in found.splitlines() if "Permission denied" not in line] == []


def test_a_file_that_may_be_executed_still_may(closed: Environment) -> None:
    assert closed.call("./run.sh") == "ran\n"


def test_pytest_runs_without_a_warning_on_what_it_may_not_write(make_project) -> None:
    folder = make_project({"tests/test_a.py": "def test_a():\n    pass\n"})
    for environment in start(folder):
        said = environment.call("pytest", "-W", "error", "tests", PYTEST_DISABLE_PLUGIN_AUTOLOAD="1")
        assert "1 passed" in said
        assert "warning" not in said
        assert environment.call("ls", ".pytest_cache/v/cache").split() == ["nodeids"]


def test_what_is_named_may_be_written_and_the_rest_not(opened: Environment) -> None:
    written = ["/project/tests/data/in.csv", "/project/tests/data/new", "/project/state.json", "/project/new/out/x"]
    written += ["/tmp/x", "/var/tmp/x", "/srv/missing/deep/x"]
    refused = ["/project/tests/x", "/project/new/x", "/project/src/shop.py", "/srv/missing/x", "/srv/x"]
    assert try_to_write(opened, *written, *refused) == {
        **dict.fromkeys(written, "written"),
        **dict.fromkeys(refused, "PermissionError"),
    }
    assert opened.call("stat", "-c", "%a %U", "/tmp", "/srv/missing/deep") == "1777 root\n1777 root\n"


def test_the_whole_project_may_be_opened(make_project) -> None:
    for environment in start(make_folder(make_project), writable=["."]):
        paths = ["/project/new", "/project/src/shop.py", "/project/tests/data/new"]
        assert try_to_write(environment, *paths, "/tmp/x") == dict.fromkeys(paths, "written") | {
            "/tmp/x": "PermissionError"
        }
        environment.call("mv", "state.json", "other.json")
        assert environment.call("cat", "other.json") == "{}"


@pytest.mark.parametrize("path", ["/etc/passwd", "/usr/bin/env"])
def test_a_file_of_the_image_is_no_folder_to_open(make_project, path: str) -> None:
    environment = Environment(make_project({}), writable=[path])
    with pytest.raises(SettingsError) as caught:
        environment.start(egress=False)
    assert caught.value.what == f"cannot make `{path}` writable (`writable`)"
    assert caught.value.cause == "in the environment this is no folder"
    assert environment.engine.remove_run() == []


def test_a_folder_behind_a_link_of_the_image_is_opened_and_the_link_stays(make_project) -> None:
    for environment in start(make_project({}), writable=["/var/lock"]):
        assert try_to_write(environment, "/run/lock/x") == {"/run/lock/x": "written"}
        assert environment.call("readlink", "/var/lock") == "/run/lock\n"


def test_files_reach_the_suite_before_and_while_processes_run(closed: Environment) -> None:
    closed.suite.put_files({"quarantine.json": b"{}", "sub/big": b"x" * 3_000_000})
    assert closed.call("cat", "/run/runner/files/quarantine.json") == "{}"
    assert closed.call("stat", "-c", "%s %a", "/run/runner/files/sub/big") == "3000000 444\n"
    waits = "while not os.path.exists('/run/runner/ready/late'): time.sleep(0.01)"
    closed.suite.run(["python", "-c", f"import os, time\n{waits}\nprint(open('/run/runner/files/late').read())"], {})
    closed.suite.put_files({"late": b"in time", "quarantine.json": b"replaced"})
    closed.suite.answer("late")
    assert closed.read() == "in time\n"
    assert closed.call("cat", "/run/runner/files/quarantine.json") == "replaced"


def test_retry_can_be_imported_from_the_last_entry_of_the_path(closed: Environment) -> None:
    assert closed.python("from runner.retry import retry; print(retry.__module__)") == "runner.retry\n"
    assert closed.python("import sys; print(sys.path[-1])") == "/opt/api\n"


@pytest.mark.parametrize("name", ["runner.py", "runner/__init__.py"])
def test_a_runner_of_the_project_is_imported_instead_of_ours(make_project, name: str) -> None:
    for environment in start(make_project({name: "WHOSE = 'the project'\n"})):
        assert environment.python("import runner; print(runner.WHOSE)", PYTHONSAFEPATH="1") == "the project\n"


def test_a_runner_of_the_project_without_an_init_module_is_imported_beside_ours(make_project) -> None:
    code = "from runner.part import WHOSE; from runner.retry import retry; print(WHOSE)"
    for environment in start(make_project({"runner/part.py": "WHOSE = 'the project'\n"})):
        assert environment.python(code, PYTHONSAFEPATH="1") == "the project\n"
