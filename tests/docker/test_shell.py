"""`runner shell`: at a real terminal, with one command, on a mounted project and on a copy."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pexpect
import pytest
from commands import NOTHING_LEFT, Make, find_container, make_environment, run, start
from terminals import open_terminal

pytestmark = [pytest.mark.engine, pytest.mark.regression]

PROMPT = r"small\S* master:\S* ?[$#] "
SEEN = "import os\nimport psycopg\n\ndef test_seen():\n    psycopg.connect(os.environ['DATABASE_URL']).close()\n"


@pytest.fixture
def folder(make_project: Make) -> Path:
    return make_project({"tests/test_seen.py": SEEN})


def open_shell(folder: Path, *args: str, rows: int = 30, columns: int = 100) -> pexpect.spawn:
    return open_terminal(folder, "shell", *args, rows=rows, columns=columns, TERM="xterm-256color")


def leave(shell: pexpect.spawn) -> str:
    shell.sendeof()
    shell.expect(pexpect.EOF, timeout=20)
    shell.close()
    return shell.before


@pytest.mark.smoke
def test_a_person_stands_in_the_environment_and_leaves_nothing(folder: Path) -> None:
    shell = open_shell(folder)
    shell.expect(r"project   /project is .*mounted for writing")
    shell.expect("database  `psql`: suite as role master; from another terminal `runner psql`")
    shell.expect(PROMPT)

    shell.sendline("stty size")
    shell.expect("30 100\r\n")
    shell.setwinsize(41, 121)
    time.sleep(0.5)
    shell.sendline("stty size")
    shell.expect("41 121\r\n")

    began = time.monotonic()
    shell.sendline("sleep 60")
    time.sleep(0.5)
    shell.sendintr()
    shell.expect(PROMPT)
    assert time.monotonic() - began < 10

    (folder / "edited.txt").write_text("seen at once\n")
    shell.sendline("cat edited.txt")
    shell.expect("seen at once\r\n")
    shell.sendline("echo back > written.txt")
    shell.expect(PROMPT)

    shell.sendline("psql -Atc 'select current_user || current_schema'")
    shell.expect("mastermaster\r\n")
    shell.sendline("sleep 60 &")
    shell.sendline("jobs")
    shell.expect("Running")
    shell.sendline("kill %1; pytest -q tests")
    shell.expect(r"1 passed", timeout=60)
    shell.expect(PROMPT)

    rest = leave(shell)
    assert shell.exitstatus == 0
    assert "all removed" in rest
    assert rest.splitlines()[-1] == NOTHING_LEFT
    assert (folder / "written.txt").read_text() == "back\n"
    assert (folder / "written.txt").stat().st_uid == folder.stat().st_uid
    assert not (folder / ".pytest_cache").exists()
    assert not [*folder.glob(".runner/runs/*")], "a shell is no run"


def test_parallel_workers_typed_in_a_shell_get_slots_of_their_own(folder: Path) -> None:
    names = (
        "import os\nimport psycopg\nimport pytest\n\n@pytest.mark.parametrize('n', range(4))\ndef test_slot(n):\n"
        "    with psycopg.connect(os.environ['DATABASE_URL']) as connection:\n"
        "        (user,) = connection.execute('select current_user').fetchone()\n"
        "    assert user == os.environ['PYTEST_XDIST_WORKER']\n\n"
        "def test_own(fresh_database):\n    psycopg.connect(fresh_database).close()\n"
    )
    (folder / "tests" / "test_slot.py").write_text(names)
    ended = run(folder, "shell", "--", "pytest", "-q", "-n", "2", "tests/test_slot.py")
    assert ended.exit_code == 0, ended.stdout
    assert "5 passed" in ended.stdout


def test_one_command_has_its_streams_and_its_exit_code(folder: Path) -> None:
    script = "cat; echo problem >&2; exit 7"
    process = subprocess.run(
        [sys.executable, "-m", "runner", "shell", "--", "sh", "-c", script],
        cwd=folder,
        env=make_environment(),
        input="through a pipe\n",
        capture_output=True,
        text=True,
        check=False,
        timeout=200,
    )
    assert process.returncode == 7
    assert process.stdout == "through a pipe\n"
    assert "problem" in process.stderr
    assert process.stderr.splitlines()[-1] == NOTHING_LEFT


def test_a_large_output_arrives_whole_and_json_keeps_standard_output_for_itself(folder: Path) -> None:
    ended = run(folder, "shell", "--", "sh", "-c", "seq 1 200000")
    assert ended.stdout.splitlines()[-1] == "200000"
    assert len(ended.stdout.splitlines()) == 200000
    told = run(folder, "shell", "--json", "--", "sh", "-c", "echo said; exit 3")
    assert told.exit_code == 3
    assert json.loads(told.stdout)["exit_code"] == 3
    assert json.loads(told.stdout)["left_behind"] == []
    assert "said" in told.stderr


def test_a_private_copy_can_be_written_and_changes_nothing_here(folder: Path) -> None:
    ended = run(folder, "shell", "--copy", "--", "sh", "-c", "id -un; echo x >> pyproject.toml; echo y > new; ls")
    assert ended.exit_code == 0, ended.stderr
    assert ended.stdout.splitlines()[0] == "suite"
    assert "new" in ended.stdout
    assert not (folder / "new").exists()
    assert "\nx\n" not in (folder / "pyproject.toml").read_text()


def test_what_belongs_to_the_owner_of_the_project_stays_so(folder: Path) -> None:
    for path in (folder, *folder.rglob("*")):
        os.chown(path, 4711, 4712)
    before = folder.stat()
    ended = run(folder, "shell", "--", "sh", "-c", "id -un; id -u; touch mine; pytest -q -n 1 tests")
    assert ended.exit_code == 0, ended.stdout + ended.stderr
    assert ended.stdout.splitlines()[:2] == ["suite", "4711"]
    assert ((folder / "mine").stat().st_uid, (folder / "mine").stat().st_gid) == (4711, 4712)
    assert folder.stat().st_mode == before.st_mode


def test_the_shell_has_the_rights_of_a_test_and_no_more(folder: Path) -> None:
    ended = run(folder, "shell", "--copy", "--", "sh", "-c", "grep -E 'CapEff|CapBnd|NoNewPrivs' /proc/self/status")
    assert [line.split()[1].strip("0") for line in ended.stdout.splitlines()] == ["", "", "1"]


def test_root_may_install_packages(folder: Path) -> None:
    ended = run(folder, "shell", "--root", "--", "sh", "-c", "id -u; chown 1:1 /srv && dpkg --audit && echo may")
    assert ended.exit_code == 0, ended.stderr
    assert ended.stdout.split() == ["0", "may"]


def test_a_group_s_environment_has_its_network(folder: Path) -> None:
    ended = run(
        folder, "shell", "--group", "security", "--", "sh", "-c", "cut -d: -f1 /proc/net/dev; psql -Atc 'select 41 + 1'"
    )
    assert ended.exit_code == 0, ended.stderr
    assert "eth0" not in ended.stdout
    assert ended.stdout.splitlines()[-1] == "42"


def test_a_group_without_a_database_has_none(make_project: Make) -> None:
    folder = make_project({}, '[tool.runner.groups.unit]\nmarks = ["unit"]\ndatabase = false\n')
    ended = run(folder, "shell", "-g", "unit", "--", "sh", "-c", 'echo "${DATABASE_URL:-none}"')
    assert ended.stdout == "none\n"
    assert "postgres" not in ended.stderr


def test_the_database_s_own_container(folder: Path) -> None:
    ended = run(folder, "shell", "--service", "postgres", "--", "psql", "-Atc", "show server_version_num")
    assert ended.exit_code == 0, ended.stderr
    assert ended.stdout.startswith("17")


@pytest.mark.parametrize("isolation", ["database", "none"])
def test_other_kinds_of_slots(folder: Path, isolation: str) -> None:
    ended = run(folder, "shell", "--isolation", isolation, "--", "psql", "-Atc", "select current_database()")
    assert ended.stdout == {"database": "master\n", "none": "suite\n"}[isolation]


def test_a_closed_terminal_takes_the_environment_with_it(folder: Path, engine) -> None:
    shell = open_shell(folder)
    shell.expect(PROMPT)
    shell.sendline("sleep 100")
    os.close(shell.child_fd)  # As the window's end does; pexpect's own way would send a signal of its own too.
    deadline = time.monotonic() + 20
    while shell.isalive() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert shell.exitstatus == 129


def test_a_killed_runner_takes_the_shell_with_it(folder: Path, engine, tmp_path: Path) -> None:
    own = tmp_path / "temporary"
    own.mkdir()
    process = start(folder, "shell", "--", "sleep", "100", TMPDIR=str(own))
    deadline = time.monotonic() + 60
    while True:
        try:
            container = find_container(engine, process, "suite")
            break
        except LookupError:
            assert time.monotonic() < deadline
            time.sleep(0.1)
    time.sleep(1)
    process.kill()
    process.communicate()
    deadline = time.monotonic() + 10
    while engine.containers.list(filters={"id": container.id}) or [*own.iterdir()]:
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_the_logs_of_a_shell_that_failed_are_kept(make_project: Make) -> None:
    folder = make_project({}, "setup = ['sh -c \"echo broken; exit 3\"']")
    ended = run(folder, "shell", "--", "true")
    assert ended.exit_code == 94
    (kept,) = (folder / ".runner" / "shells").glob("*/suite.log")
    assert kept.read_text() == "broken\n"
    assert f"results   {kept.parent}" in ended.stderr


def test_a_signal_ends_a_command_in_order(folder: Path, engine) -> None:
    process = start(folder, "shell", "--", "sh", "-c", "echo began; sleep 100")
    assert process.stdout is not None
    assert process.stdout.readline() == "began\n"
    process.terminate()
    _, errors = process.communicate(timeout=20)
    assert process.returncode == 143
    assert errors.splitlines()[-1] == NOTHING_LEFT


def test_a_reader_that_goes_away_ends_the_command(folder: Path) -> None:
    command = f"{sys.executable} -m runner shell -- yes | head -1; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=folder,
        env=make_environment(),
        capture_output=True,
        text=True,
        timeout=200,
        check=True,
    )
    assert done.stdout.splitlines() == ["y", "141"]
    assert done.stderr.splitlines()[-1] == NOTHING_LEFT


def test_a_program_that_is_not_there_has_the_exit_code_of_shells(folder: Path) -> None:
    ended = run(folder, "shell", "--", "no-such-program")
    assert ended.exit_code == 127
    assert "no-such-program: not found" in ended.stderr


def test_without_a_terminal_it_is_said_how_to_run_one_command(folder: Path) -> None:
    ended = run(folder, "shell")
    assert ended.exit_code == 90
    assert ended.error == (
        "error: cannot open a shell without a terminal\n"
        "cause: standard input or standard output is none\n"
        "hint:  one command needs none: `runner shell -- COMMAND`"
    )


@pytest.mark.parametrize(
    ("args", "error"),
    [
        (("--group", "secruity"), "error: unknown group `secruity`\nhint:  did you mean `security`"),
        (("--service", "redis"), "error: unknown service `redis`"),
    ],
)
def test_what_is_not_there_is_named(folder: Path, args: tuple[str, ...], error: str) -> None:
    ended = run(folder, "shell", *args, "--", "true")
    assert ended.exit_code == 90
    assert ended.error.startswith(error)


def test_an_engine_on_another_machine_cannot_mount_and_says_what_can(folder: Path, engine, monkeypatch) -> None:
    from runner.engines.docker.access import make_options
    from runner.engines.protocol import Access
    from runner.errors import SettingsError

    monkeypatch.setattr(engine.api, "base_url", "http://192.0.2.1:2375")
    with pytest.raises(SettingsError) as raised:
        make_options(engine, Access(folder))
    assert raised.value.hint == "`--copy` works on a private copy of the project"
