"""`runner last` and what `runner run --last-failed` says before any engine is asked, on results made by hand."""

import pytest
from msgspec.structs import replace
from project_folder import PYPROJECT

from runner.core.run_report import RunFailure, RunReport
from runner.report.run_files import EVENTS, hold
from runner.report.run_reports import keep_report

pytestmark = pytest.mark.unit

RUN, OLDER = "20261124-134743-da683c", "20261123-090000-3f9a2c"
REPORT = RunReport(
    run=RUN,
    project="sample",
    runner="0.1.0",
    started="2026-11-24T13:47:43+00:00",
    seconds=27.72,
    selection="--group smoke",
    seed=None,
    exit_code=1,
    isolation="schema",
    workers=2,
    tests={"passed": 3, "failed": 1},
    failures=[
        RunFailure(
            test="tests/test_a.py::test_a[x é]", attempt=1, verdict="failed", message="assert 1 == 2",
            file="tests/test_a.py", line=7, worker="gw0", kept="failures/a-0a1b2c3d",
        )
    ],
    remarks=[],
    crashed_workers=[],
    error=None,
    left_behind=[],
    images={"suite": "s", "postgres": "p"},
    architecture="amd64",
)  # fmt: skip


@pytest.fixture
def folder(cli):
    """A project without runs."""
    return cli.project()


def keep(folder, report=REPORT):
    results = folder.path / ".runner/runs" / report.run
    results.mkdir(parents=True)
    assert keep_report(results, report) == ""
    return results


@pytest.mark.smoke
def test_the_last_run_is_shown_with_its_failures_and_what_to_do(folder):
    keep(folder, replace(REPORT, run=OLDER))
    results = keep(folder)
    outcome = folder.run("last").assert_exit(0)
    lines = outcome.stdout.splitlines()
    assert lines[0] == f"sample  run {RUN}  failed, exit code 1"
    assert lines[2:] == [
        "  selection --group smoke",
        "  tests     3 passed, 1 failed  schema isolation, 2 workers",
        "  failed tests/test_a.py::test_a[x é]  gw0",
        "      tests/test_a.py:7: assert 1 == 2",
        "      state kept in failures/a-0a1b2c3d",
        f"  results   {results}",
        "  inspect   runner shell --failed",
        "  again     runner run --last-failed --group smoke",
    ]
    assert outcome.stderr == ""


def test_json_has_the_file_and_its_folder(folder):
    results = keep(folder)
    found = folder.run("last", "--json").assert_exit(0).json
    assert (found["run"], found["exit_code"], found["results"]) == (RUN, 1, str(results))
    assert found["failures"][0]["kept"] == "failures/a-0a1b2c3d"


def test_an_earlier_run_is_named_by_a_part_of_its_id(folder):
    keep(folder)
    keep(folder, replace(REPORT, run=OLDER, exit_code=0, failures=[]))
    assert folder.run("last", "20261123").assert_exit(0).stdout.startswith(f"sample  run {OLDER}  passed\n")


def test_results_elsewhere_are_found_by_the_setting(folder):
    keep(folder).parents[1].rename(folder.path / "elsewhere")
    folder.run("last", environ={"RUNNER_RESULTS": "elsewhere"}).assert_exit(0)


def test_a_terminal_without_unicode_gets_codes(folder):
    keep(folder)
    outcome = folder.run("last", environ={"PYTHONIOENCODING": "ascii"}).assert_exit(0)
    assert "test_a[x \\xe9]" in outcome.stdout


def test_without_any_run_the_hint_says_how_to_make_one(folder):
    folder.run("last").assert_exit(90).assert_error(
        "error: no run has left results here\nhint:  `runner run` makes one"
    )
    assert not (folder.path / ".runner").exists()


def test_a_run_that_is_gone_is_told_with_those_that_are_there(folder):
    keep(folder)
    outcome = folder.run("last", OLDER, "--json").assert_exit(90)
    assert outcome.json["error"]["what"] == f"no results of a run `{OLDER}`"
    assert outcome.json["error"]["hint"] == f"there are {RUN}"


def test_a_run_that_still_runs_is_told_with_the_command_that_shows_it(folder):
    keep(folder)
    results = folder.path / ".runner/runs/20261125-000000-000000"
    results.mkdir()
    with (results / EVENTS).open("w") as events:
        hold(events)
        folder.run("last").assert_exit(90).assert_error(
            "error: the run `20261125-000000-000000` is still running\n"
            "hint:  `runner status` shows what it does; `runner last` takes the id of an earlier run"
        )


def test_a_damaged_summary_is_told_with_the_file(folder):
    results = keep(folder)
    (results / "run.json").write_text('{"format": 1, "run": 7}')
    folder.run("last").assert_exit(90).assert_error(
        f"error: cannot read `{results}/run.json`\n"
        "cause: expected `str`, got `int` - at `$.run`\n"
        "hint:  it is damaged: `events.jsonl` and `junit.xml` beside it may still tell how the run went"
    )


def test_a_newer_summary_is_told_with_what_to_do(folder):
    results = keep(folder)
    (results / "run.json").write_text('{"format": 9}')
    assert folder.run("last").assert_exit(90).stderr.endswith("hint:  update ephemeral-runner\n")


def test_a_run_that_left_no_summary_is_told(folder):
    (folder.path / ".runner/runs" / RUN).mkdir(parents=True)
    outcome = folder.run("last").assert_exit(90)
    assert outcome.stderr.startswith(f"error: the run `{RUN}` has left no summary\ncause: no run.json in ")


@pytest.mark.parametrize("option", ["--last-failed", "--lf", "--failed-first", "--ff"])
def test_the_options_are_known_and_reach_for_the_engine(cli, option):
    folder = cli.project(
        {"pyproject.toml": PYPROJECT, "requirements.txt": "a==1 --hash=sha256:00\n", "tests/test_a.py": ""}
    )
    (folder.path / ".runner").mkdir()
    (folder.path / ".runner/ledger.sqlite").write_text("no ledger")
    outcome = folder.run("run", option, environ={"DOCKER_HOST": "unix:///nonexistent.sock"}).assert_exit(91)
    assert "cannot reach the Docker engine" in outcome.stderr
    assert (folder.path / ".runner/ledger.sqlite").read_text() == "no ledger"
