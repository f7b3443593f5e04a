"""`runner logs` without an engine: which run, which log, and for whom."""

import json
import subprocess
import sys
import time

import pexpect
import pytest
from project_folder import make_environ

pytestmark = pytest.mark.unit

RUN, OTHER = "20261124-134743-da683c", "20261124-150000-3f9a2c"
ENDED = '{"event": "step-finished", "at": 1.0, "step": "teardown", "seconds": 0.1, "note": ""}\n'
MISSING = {"DOCKER_HOST": "unix:///nonexistent.sock"}

WRITING = """
import sys, time
from pathlib import Path
from runner.report.run_files import hold
folder = Path(sys.argv[1])
file = (folder / "events.jsonl").open("w", buffering=1)
hold(file)
log = (folder / "suite.log").open("wb", 0)
log.write(b"one\\n")
print("begun", flush=True)
for line in sys.stdin:
    log.write(line.encode())
file.write(sys.argv[2])
"""


@pytest.fixture
def folder(cli):
    """A project with one run that has ended."""
    project = cli.project()
    make_run(project, RUN, {"suite.log": "\x1b[32m.\x1b[0m\n1 passed\n", "postgres.log": "ready\n"})
    return project


def make_run(project, run, files):
    made = project.path / ".runner/runs" / run
    made.mkdir(parents=True)
    for name, text in {"events.jsonl": ENDED, **files}.items():
        (made / name).write_text(text)
    return made


@pytest.fixture
def writer(folder):
    """A run that lives: it writes what it is told, and ends with its input."""
    made = folder.path / ".runner/runs" / OTHER
    made.mkdir()
    command = [sys.executable, "-c", WRITING, made, ENDED]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8") as process:
        process.stdout.readline()
        yield process
        process.kill()


def start(folder, *args):
    return subprocess.Popen(
        [sys.executable, "-m", "runner", "logs", *args],
        cwd=folder.path,
        env=make_environ(MISSING),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )


@pytest.mark.smoke
def test_a_pipe_gets_the_log_of_the_newest_run_without_colours(folder):
    assert folder.run("logs").assert_exit(0).stdout == ".\n1 passed\n"


@pytest.mark.parametrize("name", [RUN, "latest", "20261124", "da683c"])
def test_a_run_may_be_named_and_so_may_the_log(folder, name):
    assert folder.run("logs", name, "--postgres").assert_exit(0).stdout == "ready\n"


def test_a_terminal_gets_the_colours_that_are_in_the_file(folder):
    child = pexpect.spawn(
        sys.executable, ["-m", "runner", "logs"], cwd=str(folder.path), env=make_environ({"TERM": "xterm"}), timeout=30
    )
    child.expect(pexpect.EOF)
    assert child.before == b"\x1b[32m.\x1b[0m\r\n1 passed\r\n"
    child.close()
    assert child.exitstatus == 0


def test_the_paths_of_the_logs_are_there_as_json(folder):
    made = folder.path / ".runner/runs" / RUN
    assert folder.run("logs", "--json").json == {
        "run": RUN,
        "suite": str(made / "suite.log"),
        "postgres": str(made / "postgres.log"),
        "services": None,
    }


def test_a_log_that_the_run_has_not_is_told(folder):
    folder.run("logs", "--services").assert_exit(90).assert_error(
        f"error: the run `{RUN}` has no `services.log`\nhint:  `runner logs --json` shows which there are"
    )


def test_two_logs_at_once_are_refused(folder):
    outcome = folder.run("logs", "--suite", "--postgres").assert_exit(90)
    assert outcome.stderr.startswith("error: cannot show `--suite` and `--postgres` at once\n")


def test_a_run_that_is_gone_is_told(folder):
    outcome = folder.run("logs", "nope").assert_exit(90)
    assert outcome.stderr.startswith("error: no results of a run `nope`\n")
    assert f"hint:  there are {RUN}" in outcome.stderr


def test_an_ambiguous_name_is_told(folder):
    make_run(folder, OTHER, {})
    outcome = folder.run("logs", "2026").assert_exit(90)
    assert f"cause: {OTHER}, {RUN}" in outcome.stderr


def test_without_results_the_hint_says_how_to_get_some(cli):
    cli.project().run("logs").assert_exit(90).assert_error(
        "error: no run has left results here\nhint:  `runner run` makes one"
    )


def test_an_error_is_there_as_json_too(cli):
    assert cli.project().run("logs", "--json").assert_exit(90).json["error"]["code"] == 90


def test_following_a_run_that_has_ended_ends_at_once(folder):
    assert folder.run("logs", "--follow").assert_exit(0).stdout == ".\n1 passed\n"


def test_a_living_run_is_followed_until_it_ends(folder, writer):
    with start(folder, "--follow") as process:
        assert process.stdout.readline() == "one\n"
        writer.stdin.write("two\n")
        writer.stdin.flush()
        assert process.stdout.readline() == "two\n"
        writer.stdin.write("three\n")
        writer.stdin.close()
        assert process.stdout.read() == "three\n"
        assert (process.wait(), process.stderr.read()) == (0, "")


def test_a_run_whose_runner_was_killed_is_not_followed_for_ever(folder, writer):
    with start(folder, "-f") as process:
        assert process.stdout.readline() == "one\n"
        writer.kill()
        assert (process.wait(30), process.stderr.read()) == (0, "")


def test_ctrl_c_leaves_quietly(folder, writer):
    with start(folder, "-f") as process:
        assert process.stdout.readline() == "one\n"
        process.send_signal(2)
        assert (process.wait(30), process.stderr.read()) == (130, "")


def test_a_reader_that_goes_away_is_noticed_though_nothing_is_written(folder, writer):
    with start(folder, "-f") as process:
        assert process.stdout.readline() == "one\n"
        began = time.monotonic()
        process.stdout.close()
        assert (process.wait(30), process.stderr.read()) == (141, "")
        assert time.monotonic() - began < 10


def test_json_is_one_document(folder):
    assert json.loads(folder.run("logs", RUN, "--json").stdout)
