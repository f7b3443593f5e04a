"""`run.json`: written when a run ends, read again, and refused where it is damaged or newer."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from fakes import FakeEngine, make_leftover
from msgspec.structs import replace
from told_events import TEST, finish, locate

from runner.cli.done import Done
from runner.core.attempt_log import AttemptLog
from runner.core.events import Event
from runner.core.failing import Failing
from runner.core.failure_log import FailureLog
from runner.core.outcome import Tally
from runner.core.passes import Needs, Pass
from runner.core.plan import Plan, Selection
from runner.core.run_report import FORMAT, RunError, RunFailure, RunReport, list_failures, parse, write
from runner.core.settings import Settings
from runner.errors import LeftBehindError, SettingsError
from runner.report.console import paint
from runner.report.run_files import EVENTS, hold
from runner.report.run_reports import find_reported, keep_report, read_report
from runner.report.run_story import make_command, tell
from runner.session import Outcome

pytestmark = pytest.mark.unit

STARTED = datetime(2026, 11, 24, 13, 47, 43, tzinfo=UTC)
FAILURE = RunFailure(
    test=TEST,
    attempt=1,
    verdict="failed",
    error="AssertionError",
    message="AssertionError: assert 1 == 2",
    file="tests/test_a.py",
    line=7,
    worker="gw0",
    kept="failures/tests-test-a-py-test-a-0a1b2c3d",
)
PASSED = RunReport(
    run="20261124-134743-da683c",
    project="orders",
    runner="0.1.0",
    started=STARTED.isoformat(),
    seconds=27.72,
    selection="the default selection",
    seed=None,
    exit_code=0,
    isolation="schema",
    workers=2,
    tests={"passed": 3},
    failures=[],
    remarks=[],
    crashed_workers=[],
    error=None,
    left_behind=[],
    images={"suite": "ephemeral-runner/suite-orders:1", "postgres": "ephemeral-runner/postgres:2"},
    architecture="amd64",
)
FULL = replace(
    PASSED,
    seed=4711,
    exit_code=96,
    tests={"passed": 3, "failed": 1},
    failures=[FAILURE],
    remarks=["retried: x"],
    crashed_workers=["gw1"],
    error=RunError(code=96, what="could not remove container `a`", hint="`runner clean`"),
    left_behind=["container a"],
)


def hear(*events):
    log, failures = AttemptLog(), FailureLog()
    for event in events:
        log.add(event)
        failures.add(event)
    return log, failures


@pytest.mark.smoke
@pytest.mark.parametrize("report", [PASSED, FULL], ids=["passed", "full"])
def test_what_is_written_is_read(report):
    assert parse(write(report), "run.json") == report


def test_the_file_has_the_fields_that_others_read():
    table = json.loads(write(FULL))
    assert [*table] == [
        *("format", "run", "project", "runner", "started", "seconds", "selection", "seed", "exit_code", "isolation"),
        *("workers", "tests", "failures", "remarks", "crashed_workers", "error", "left_behind", "images"),
        "architecture",
    ]
    assert table["format"] == FORMAT == 1
    assert [*table["failures"][0]] == [
        *("test", "attempt", "verdict", "error", "message", "file", "line", "worker", "kept"),
    ]
    assert table["error"] == {
        "code": 96,
        "what": "could not remove container `a`",
        "cause": "",
        "hint": "`runner clean`",
    }


def test_an_id_that_no_file_can_hold_is_written_with_a_substitute():
    report = replace(PASSED, failures=[replace(FAILURE, test="test_a.py::test_é[\ud800]")])
    assert parse(write(report), "x").failures[0].test == "test_a.py::test_é[?]"


@pytest.mark.parametrize(
    ("data", "cause"),
    [
        (b"", "input data was truncated"),
        (b"{", "input data was truncated"),
        (b"[1]", "`format` is None, expected 1"),
        (b"{}", "`format` is None, expected 1"),
        (b'{"format": "1"}', "`format` is '1', expected 1"),
        (b'{"format": 0}', "`format` is 0, expected 1"),
        (b'{"format": 1}', "object missing required field `run`"),
        (write(PASSED)[:100], "input data was truncated"),
        (write(PASSED).replace(b"27.72", b'"long"'), "expected `float`, got `str` - at `$.seconds`"),
        (write(FULL).replace(b'"line": 7', b'"line": "7"'), "expected `int`, got `str` - at `$.failures[0].line`"),
        (b"\xff\xfe", "JSON is malformed"),
        (b'{"format": 1, "run": "\\ud800"}', "input data was truncated"),
    ],
)
def test_a_damaged_file_is_refused_with_the_place(data, cause):
    with pytest.raises(SettingsError) as caught:
        parse(data, "x/run.json")
    assert caught.value.what == "cannot read `x/run.json`"
    assert caught.value.cause.lower().startswith(cause.lower())
    assert caught.value.hint.startswith("it is damaged: `events.jsonl`")


def test_a_newer_format_is_refused_with_what_to_do():
    with pytest.raises(SettingsError) as caught:
        parse(b'{"format": 2, "anything": []}', "run.json")
    assert caught.value.as_text() == (
        "error: cannot read `run.json`\n"
        "cause: its format is 2; this version of the runner knows 1\n"
        "hint:  update ephemeral-runner"
    )


def test_fields_that_a_later_version_adds_do_no_harm():
    assert parse(write(PASSED).replace(b'"format": 1', b'"format": 1, "more": []'), "x") == PASSED


def test_the_failures_are_the_tests_whose_last_attempt_failed_with_place_and_kept_state():
    log, failures = hear(
        finish("rerun", message="first"),
        finish("failed", attempt=2, error="E", message="second"),
        locate(attempt=2, line=9),
        finish("rerun", "b.py::test_b"),
        finish("passed", "b.py::test_b", 2),
        finish("passed", "c.py::test_c"),
        finish("error", "c.py::test_c", message="teardown"),
        Event("failure-kept", 1.0, {"test": TEST, "attempt": 1, "folder": "failures/old"}),
        Event("failure-kept", 1.0, {"test": TEST, "attempt": 2, "folder": "failures/new"}),
        Event("failure-kept", 1.0, {"test": "c.py::test_c", "attempt": 1, "folder": "../../etc"}),
    )
    assert list_failures(log, failures) == [
        RunFailure(
            test=TEST, attempt=2, verdict="failed", error="E", message="second", file="tests/test_a.py", line=9,
            worker="gw0", kept="failures/new",
        ),
        RunFailure(test="c.py::test_c", attempt=1, verdict="error", message="teardown", file="c.py", worker="gw0"),
    ]  # fmt: skip


def test_a_file_that_could_not_be_collected_is_a_failure_of_no_attempt():
    data = {"test": "a.py", "file": "a.py", "line": 3, "text": "t", "message": "SyntaxError"}
    assert list_failures(*hear(Event("collection-failed", 1.0, data))) == [
        RunFailure(test="a.py", attempt=0, verdict="error", message="SyntaxError", file="a.py", line=3)
    ]


def test_a_run_that_ended_is_reported_whole():
    log, failures = hear(finish("failed"), locate())
    tally = Tally(crashed=["gw1"])
    tally.verdicts["failed"] = 1
    left = make_leftover("a")
    error = LeftBehindError("could not remove container `a`", hint="h")
    outcome = Outcome(96, error, tally, log, lines=["line"], left=[left], seconds=1.23456)
    passes = (Pass("a", "", Needs(0)), Pass("b", "", Needs(3)))
    plan = Plan(Settings(isolation="database"), Selection(("smoke",)), passes, seed=7, failing=Failing(note="note"))
    done = Done("run-1", None, outcome, plan)
    report = done.make_report("sample", STARTED, FakeEngine(), failures, "amd64")
    assert report == replace(
        report,
        run="run-1", project="sample", started="2026-11-24T13:47:43+00:00", seconds=1.235, selection="--group smoke",
        seed=7, exit_code=96, isolation="database", workers=3, tests={"failed": 1}, remarks=["note", "line"],
        crashed_workers=["gw1"], left_behind=["container a"], architecture="amd64",
        error=RunError(code=96, what="could not remove container `a`", hint="h"),
        images={"suite": FakeEngine.image, "postgres": FakeEngine.postgres_image},
    )  # fmt: skip
    assert [each.test for each in report.failures] == [TEST]


def test_the_report_appears_whole_or_not_at_all(tmp_path):
    assert keep_report(tmp_path, PASSED) == ""
    assert read_report(tmp_path) == PASSED
    assert [each.name for each in tmp_path.iterdir()] == ["run.json"]


def test_a_report_that_cannot_be_written_is_told_and_fails_nothing(tmp_path):
    gone = tmp_path / "gone"
    problem = f"no run.json: cannot write `{gone}/run.json`: no such file or directory"
    assert keep_report(gone, PASSED) == problem


@pytest.fixture
def root(tmp_path):
    for run in ("20261124-1-a", "20261125-2-b", "20261126-3-c"):
        (tmp_path / "runs" / run).mkdir(parents=True)
    keep_report(tmp_path / "runs/20261124-1-a", PASSED)
    return tmp_path


def test_without_a_name_the_newest_run_with_a_report_is_meant(root):
    assert find_reported(root, "").name == "20261124-1-a"
    assert find_reported(root, "latest").name == "20261126-3-c"
    assert find_reported(root, "2-b").name == "20261125-2-b"


def test_a_run_without_a_report_that_ended_is_told_so(root):
    with pytest.raises(SettingsError) as caught:
        read_report(root / "runs/20261126-3-c")
    assert caught.value.what == "the run `20261126-3-c` has left no summary"
    assert "it was killed, or was no `runner run`" in caught.value.cause


def test_a_run_that_still_runs_is_told_so_and_is_the_newest(root):
    folder = root / "runs/20261125-2-b"
    with (folder / EVENTS).open("w") as events:
        hold(events)
        assert find_reported(root, "") == folder
        with pytest.raises(SettingsError) as caught:
            read_report(folder)
        assert caught.value.as_text() == (
            "error: the run `20261125-2-b` is still running\n"
            "hint:  `runner status` shows what it does; `runner last` takes the id of an earlier run"
        )


def story(report, results="/p/.runner/runs/x", later=timedelta(minutes=5)):
    return [paint(line, has_colour=False) for line in tell(report, results, STARTED + later)]


def test_a_passed_run_is_told_in_few_lines():
    when = STARTED.astimezone()
    assert story(PASSED) == [
        "orders  run 20261124-134743-da683c  passed",
        f"  when      {when:%Y-%m-%d %H:%M:%S}, 5 minutes ago, took 27.72 s",
        "  selection the default selection",
        "  tests     3 passed  schema isolation, 2 workers",
        "  results   /p/.runner/runs/x",
    ]


@pytest.mark.smoke
def test_a_failed_run_tells_each_failure_with_place_reason_state_and_what_to_do():
    assert story(FULL)[2:] == [
        "  selection the default selection",
        "  order     random: --shuffle=4711 repeats it",
        "  tests     3 passed, 1 failed  schema isolation, 2 workers",
        "  crashed   gw1",
        f"  failed {TEST}  gw0",
        "      tests/test_a.py:7: AssertionError: assert 1 == 2",
        "      state kept in failures/tests-test-a-py-test-a-0a1b2c3d",
        "  retried: x",
        "error: could not remove container `a`",
        "hint:  `runner clean`",
        "  left      container a",
        "  results   /p/.runner/runs/x",
        "  inspect   runner shell --failed",
        "  again     runner run --last-failed",
    ]


def test_of_several_kept_states_the_first_is_named_as_a_shell_takes_it():
    odd = replace(FAILURE, test="test_a.py::test_a[x 'y']")
    assert "  inspect   runner shell --failed 'test_a.py::test_a[x '\"'\"'y'\"'\"']'" in story(
        replace(FULL, failures=[odd, FAILURE])
    )


def test_attempts_collection_and_what_is_not_known_have_words_of_their_own():
    failures = [
        replace(FAILURE, attempt=2, kept="", line=0),
        RunFailure(test="a.py", attempt=0, verdict="error", message="SyntaxError", file="a.py", line=3),
        RunFailure(test="b.py::b", attempt=1, verdict="error"),
    ]
    lines = story(replace(FULL, failures=failures))
    assert f"  failed {TEST}  gw0, attempt 2" in lines
    assert "      tests/test_a.py: AssertionError: assert 1 == 2" in lines
    assert "  could not be collected a.py" in lines
    assert "      a.py:3: SyntaxError" in lines
    assert lines[lines.index("  error b.py::b") + 1] == "  retried: x"
    assert not any("inspect" in line for line in lines)
    assert "runner run --last-failed" not in "".join(story(replace(FULL, failures=failures[1:2])))


@pytest.mark.parametrize(
    ("code", "word"),
    [(0, "passed"), (1, "failed, exit code 1"), (97, "failed, exit code 97"), (130, "interrupted, exit code 130")],
)
def test_the_first_line_says_how_the_run_ended(code, word):
    assert story(replace(PASSED, exit_code=code))[0].endswith(f"  {word}")


def test_of_many_failures_the_first_are_told_and_the_others_counted():
    lines = story(replace(FULL, failures=[FAILURE] * 23))
    assert sum(line.startswith("  failed ") for line in lines) == 20
    assert "  and 3 more: `runner last --json` has all" in lines


@pytest.mark.parametrize(
    ("later", "words"),
    [
        (timedelta(seconds=-5), "just now"),
        (timedelta(seconds=59), "just now"),
        (timedelta(minutes=1), "1 minute ago"),
        (timedelta(hours=2, minutes=5), "2 hours ago"),
        (timedelta(days=1, hours=3), "1 day ago"),
    ],
)
def test_the_time_is_also_told_from_now(later, words):
    assert f", {words}, took " in story(PASSED, later=later)[1]


def test_a_time_that_is_none_is_shown_as_it_is():
    assert story(replace(PASSED, started="yesterday"))[1] == "  when      yesterday, took 27.72 s"


@pytest.mark.security
def test_nothing_that_tests_wrote_moves_the_cursor_of_a_terminal():
    evil = "\x1b[2J\r\n\x9b31m\u202e"
    failure = replace(FAILURE, test=evil, message=evil, file=evil, worker=evil, kept=evil)
    report = replace(FULL, failures=[failure, failure], remarks=[evil], selection=evil, crashed_workers=[evil])
    text = "".join(story(report))
    assert text.isprintable()
    assert "\\x1b[2J\\r\\n\\x9b31m\\u202e" in text


@pytest.mark.parametrize(
    ("selection", "command"),
    [
        ("the default selection", "runner run --last-failed"),
        ("--last-failed", "runner run --last-failed"),
        ("--group smoke", "runner run --last-failed --group smoke"),
        ("--failed-first --group smoke", "runner run --last-failed --group smoke"),
        ("the default selection -- --maxfail=1", "runner run --last-failed -- --maxfail=1"),
    ],
)
def test_the_command_for_what_failed_has_the_selection_of_the_run(selection, command):
    assert make_command(selection) == command
