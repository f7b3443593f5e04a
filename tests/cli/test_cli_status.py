"""`runner status` without an engine: runs that have ended, and names that mean none or several."""

import json
import subprocess
import sys

import pytest

pytestmark = pytest.mark.unit

RUN, OTHER = "20261124-134743-da683c", "20261124-150000-3f9a2c"
MISSING = {"DOCKER_HOST": "unix:///nonexistent.sock"}
EVENTS = [
    {"event": "run-started", "at": 0.0, "project": "sample", "time": 1000.0},
    {"event": "step-started", "at": 1.0, "step": "tests"},
    {"event": "test-finished", "at": 2.0, "test": "a", "verdict": "failed", "worker": "gw0"},
    {"event": "step-finished", "at": 3.0, "step": "teardown", "seconds": 0.1, "note": "all removed"},
    {"event": "run-finished", "at": 3.5, "exit_code": 1},
]

HOLDING = """
import sys
from pathlib import Path
from runner.report.run_files import hold
file = Path(sys.argv[1]).open("a")
hold(file)
print("held", flush=True)
sys.stdin.read()
"""


def make_run(project, run, events, end="\n"):
    made = project.path / ".runner/runs" / run
    made.mkdir(parents=True)
    (made / "events.jsonl").write_text("\n".join(map(json.dumps, events)) + end)
    return made


@pytest.fixture
def hold():
    """Makes a run seem to live, until the test ends."""
    started = []

    def start(folder):
        process = subprocess.Popen(
            [sys.executable, "-c", HOLDING, folder / "events.jsonl"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            encoding="utf-8",
        )
        started.append(process)
        assert process.stdout.readline() == "held\n"

    yield start
    for process in started:
        process.communicate("")


@pytest.mark.smoke
def test_a_run_that_has_ended_says_how_and_needs_no_engine(cli):
    project = cli.project()
    made = make_run(project, RUN, EVENTS)
    assert project.run("status", environ=MISSING).assert_exit(0).stdout == (
        f"sample  run {RUN}  has ended: exit code 1, after 3.50 s\n  tests     1 failed\n  results   {made}\n"
    )
    found = project.run("status", RUN[-4:], "--json", environ=MISSING).assert_exit(0).json
    assert (found["run"], found["living"], found["exit_code"], found["tests"]) == (RUN, False, 1, {"failed": 1})


def test_without_any_run_a_friendly_line_is_printed(cli):
    project = cli.project()
    outcome = project.run("status", environ=MISSING).assert_exit(0)
    assert (outcome.stdout, outcome.stderr) == ("no run has left results here; `runner run` makes one\n", "")
    assert project.run("status", "--json", environ=MISSING).assert_exit(0).json is None


def test_a_run_that_is_gone_is_told(cli):
    project = cli.project()
    make_run(project, RUN, EVENTS)
    outcome = project.run("status", "nope", environ=MISSING).assert_exit(90)
    outcome.assert_error(
        "error: no results of a run `nope`\n"
        "cause: its folder is gone, or the name is none: an id, its beginning or end, or `latest`\n"
        f"hint:  there are {RUN}"
    )


def test_events_that_are_cut_in_the_middle_of_a_line_are_read_up_to_there(cli):
    project = cli.project()
    make_run(project, RUN, EVENTS[:4], end='\n{"event": "run-fin')
    assert "has ended, after 3.00 s" in project.run("status", environ=MISSING).assert_exit(0).stdout


def test_two_living_runs_have_to_be_told_apart(cli, hold):
    project = cli.project()
    for run in (RUN, OTHER):
        hold(make_run(project, run, EVENTS[:2]))
    project.run("status", environ=MISSING).assert_exit(90).assert_error(
        f"error: more than one run lives\ncause: {OTHER}, {RUN}\nhint:  name one: its id, its beginning or end"
    )


def test_a_living_run_cannot_be_looked_into_without_an_engine(cli, hold):
    project = cli.project()
    hold(make_run(project, RUN, EVENTS[:2]))
    outcome = project.run("status", environ=MISSING).assert_exit(91)
    assert outcome.stderr.startswith("error: cannot reach the Docker engine at `unix:///nonexistent.sock`\n")


def test_a_run_that_lives_comes_before_a_newer_one_that_has_ended(cli, hold):
    project = cli.project()
    make_run(project, OTHER, EVENTS)
    hold(make_run(project, RUN, EVENTS[:2]))
    project.run("status", environ=MISSING).assert_exit(91)
    assert OTHER in project.run("status", "latest", environ=MISSING).assert_exit(0).stdout


@pytest.mark.parametrize("seconds", ["0", "-1", "soon"])
def test_a_time_that_is_none_is_refused(cli, seconds):
    assert "--watch" in cli.project().run("status", "--watch", seconds).assert_exit(2).stderr


def test_watching_a_run_that_has_ended_ends_at_once(cli):
    project = cli.project()
    make_run(project, RUN, EVENTS)
    assert "exit code 1" in project.run("status", "--watch", "1", environ=MISSING).assert_exit(0).stdout
