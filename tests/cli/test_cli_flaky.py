"""`runner flaky` and `runner ledger`: what they show of ledgers that the tests make, without an engine."""

import pytest
from project_folder import PYPROJECT

from runner.core.attempts import Attempt
from runner.core.runs import RunRecord
from runner.report.ledger import open_ledger

pytestmark = pytest.mark.unit

NO_ENGINE = {"DOCKER_HOST": "unix:///nonexistent.sock"}
HINT = "hint:  `runner run` records every run; `runner ledger merge FILE` adds those of other machines"
NOTHING = {"retried": 0, "total": 0, "share": 0.0}
EMPTY = {
    "runs": 0,
    "overall": NOTHING,
    "trend": {"direction": "unknown", "older": NOTHING, "newer": NOTHING},
    "seconds": 0,
    "seconds_lost": 0,
    "share_lost": 0.0,
    "groups": {},
    "tests": [],
}


def attempt(test, number=1, verdict="passed", seconds=1.0, error="", groups=("smoke",)):
    return Attempt(test=test, number=number, verdict=verdict, seconds=seconds, error=error, groups=groups)


STABLE = [attempt("tests/test_a.py::test_stable", seconds=2.0)]
FLAKY = [
    attempt("tests/test_a.py::test_flaky", 1, "rerun", 0.5, "psycopg.errors.SerializationFailure [40001]", ("slow",)),
    attempt("tests/test_a.py::test_flaky", 2, groups=("slow",)),
]


def fill(path, *runs, start=0):
    """A ledger with these runs, one after the other."""
    with open_ledger(path) as ledger:
        for number, attempts in enumerate(runs, start):
            started = f"2026-01-01T00:{number:02}:00+00:00"
            ledger.record(RunRecord(run=f"run-{number}", started=started, project="sample"), attempts)


@pytest.fixture
def folder(cli):
    """A project without runs."""
    return cli.project()


@pytest.fixture
def path(folder):
    """Where its ledger is."""
    return folder.path / ".runner/ledger.sqlite"


@pytest.mark.smoke
def test_the_tables_show_rates_trend_time_and_tests(folder, path):
    fill(path, STABLE, STABLE + FLAKY, STABLE, STABLE + FLAKY)
    outcome = folder.run("flaky", environ=NO_ENGINE).assert_exit(0)
    assert outcome.stdout.splitlines() == [
        "runs: 4",
        "tests that needed a retry: 2 of 6 (33.3 %)",
        "trend: steady; older half 1 of 3 (33.3 %), newer half 1 of 3 (33.3 %)",
        "time spent on retries: 1.0 s of 11.0 s (9.1 %)",
        "",
        "group  retried  rate",
        "slow   2 of 2   100.0 %",
        "smoke  0 of 4   0.0 %",
        "",
        "test                         retried      rate     last error" + 35 * " " + "lost   due for repair",
        "tests/test_a.py::test_flaky  2 of 2 runs  100.0 %  psycopg.errors.SerializationFailure [40001]  1.0 s  yes",
    ]
    assert outcome.stderr == ""


def test_the_same_is_there_as_json(folder, path):
    fill(path, STABLE + FLAKY)
    assert folder.run("flaky", "--json").assert_exit(0).json == {
        "runs": 1,
        "overall": {"retried": 1, "total": 2, "share": 0.5},
        "trend": {
            "direction": "unknown",
            "older": NOTHING,
            "newer": {"retried": 1, "total": 2, "share": 0.5},
        },
        "seconds": 3.5,
        "seconds_lost": 0.5,
        "share_lost": pytest.approx(0.5 / 3.5),
        "groups": {
            "slow": {"retried": 1, "total": 1, "share": 1.0},
            "smoke": {"retried": 0, "total": 1, "share": 0.0},
        },
        "tests": [
            {
                "test": "tests/test_a.py::test_flaky",
                "rate": {"retried": 1, "total": 1, "share": 1.0},
                "seconds_lost": 0.5,
                "last_error": "psycopg.errors.SerializationFailure [40001]",
                "due": False,
            }
        ],
    }


def test_only_the_last_runs_count(folder, path):
    fill(path, STABLE + FLAKY, STABLE, STABLE)
    assert folder.run("flaky", "--last", "2", "--json").assert_exit(0).json["overall"]["retried"] == 0
    assert folder.run("flaky", "--last", "3", "--json").assert_exit(0).json["overall"]["retried"] == 1


def test_without_a_number_it_is_the_last_twenty(folder, path):
    fill(path, FLAKY, *[STABLE] * 20)
    assert folder.run("flaky", "--json").assert_exit(0).json["runs"] == 20


def test_runs_without_retries_have_no_table_of_tests(folder, path):
    fill(path, [attempt("a", groups=())])
    assert folder.run("flaky").assert_exit(0).stdout.splitlines() == [
        "runs: 1",
        "tests that needed a retry: 0 of 1 (0.0 %)",
        "trend: unknown; older half 0 of 0 (0.0 %), newer half 0 of 1 (0.0 %)",
        "time spent on retries: 0.0 s of 1.0 s (0.0 %)",
    ]


def test_a_group_is_shown_alone(folder, path):
    fill(path, STABLE, STABLE + FLAKY)
    found = folder.run("flaky", "--group", "slow", "--json").assert_exit(0).json
    assert (found["runs"], list(found["groups"]), found["overall"]["total"]) == (1, ["slow"], 1)


def test_a_group_that_only_old_runs_know_can_be_shown(folder, path):
    fill(path, [attempt("a", groups=("gone",))])
    assert folder.run("flaky", "-g", "gone", "--json").assert_exit(0).json["runs"] == 1


def test_an_unknown_group_is_refused_with_the_nearest(folder, path):
    fill(path, STABLE)
    folder.run("flaky", "--group", "smok").assert_exit(90).assert_error(
        "error: unknown group `smok`\nhint:  did you mean `smoke`"
    )


def test_a_known_group_without_runs_is_told(folder, path):
    fill(path, STABLE)
    outcome = folder.run("flaky", "--group", "e2e").assert_exit(0)
    assert outcome.stdout == f"no run of the group `e2e` is in the ledger `{path}`\n{HINT}\n"


@pytest.mark.smoke
@pytest.mark.parametrize("empty", [False, True], ids=["missing", "empty"])
def test_a_ledger_without_runs_is_told_with_a_hint_and_none_is_made(folder, path, empty):
    if empty:
        fill(path)
    outcome = folder.run("flaky").assert_exit(0)
    assert (outcome.stdout, outcome.stderr) == (f"no run is in the ledger `{path}`\n{HINT}\n", "")
    assert folder.run("flaky", "--json").assert_exit(0).json == EMPTY
    assert path.exists() == empty


@pytest.mark.parametrize("number", ["0", "-1", "many"])
def test_a_number_of_runs_that_is_none_is_refused(folder, number):
    assert "--last" in folder.run("flaky", "--last", number).assert_exit(2).stderr


def test_a_damaged_ledger_is_told_and_stays(folder, path):
    path.parent.mkdir()
    path.write_text("rubbish")
    hint = "move the file away; a run does so by itself, and begins a new one"
    outcome = folder.run("flaky", "--json").assert_exit(90)
    outcome.assert_error(f"error: cannot use the ledger `{path}`\ncause: file is not a database\nhint:  {hint}")
    assert outcome.json["error"]["cause"] == "file is not a database"
    assert path.read_text() == "rubbish"


@pytest.mark.smoke
def test_other_ledgers_are_merged_and_what_was_new_is_told(folder, path, tmp_path):
    fill(path, STABLE)
    fill(tmp_path / "one.sqlite", STABLE + FLAKY, start=1)
    fill(tmp_path / "two.sqlite", STABLE + FLAKY, STABLE, start=1)
    files = [str(tmp_path / name) for name in ("one.sqlite", "two.sqlite")]
    outcome = folder.run("ledger", "merge", *files, environ=NO_ENGINE).assert_exit(0)
    assert outcome.stdout.splitlines() == [
        f"{files[0]}: 1 new run, 3 new attempts",
        f"{files[1]}: 1 new run, 1 new attempt",
    ]
    assert folder.run("ledger", "merge", files[1], "--json").assert_exit(0).json == {
        "path": str(path),
        "merged": [{"file": files[1], "runs": 0, "attempts": 0}],
    }
    assert folder.run("flaky", "--json").assert_exit(0).json["runs"] == 3


def test_merging_begins_a_ledger_where_there_is_none_and_keeps_it_out_of_git(folder, path, tmp_path):
    fill(tmp_path / "other.sqlite", STABLE)
    found = folder.run("ledger", "merge", str(tmp_path / "other.sqlite"), "--json").assert_exit(0).json
    assert found["merged"][0]["runs"] == 1
    assert sorted(each.name for each in path.parent.iterdir()) == [".gitignore", "ledger.sqlite"]


def test_a_file_is_found_from_where_the_command_is_called(folder, path, tmp_path):
    fill(tmp_path / "other.sqlite", STABLE)
    outcome = folder.run("ledger", "merge", "other.sqlite", "-C", str(folder.path), cwd=tmp_path).assert_exit(0)
    assert outcome.stdout == "other.sqlite: 1 new run, 1 new attempt\n"
    assert path.is_file()


def test_what_came_before_a_file_that_cannot_be_merged_is_kept(folder, path, tmp_path):
    fill(tmp_path / "other.sqlite", STABLE)
    outcome = folder.run("ledger", "merge", str(tmp_path / "other.sqlite"), "missing.sqlite").assert_exit(90)
    outcome.assert_error("error: cannot read the ledger `missing.sqlite`\ncause: no such file or directory")
    assert folder.run("flaky", "--json").json["runs"] == 1


def test_a_file_that_is_no_ledger_is_told(folder, tmp_path):
    (tmp_path / "notes.txt").write_text("rubbish")
    outcome = folder.run("ledger", "merge", str(tmp_path / "notes.txt"), "--json").assert_exit(90)
    hint = "name a file that `runner ledger path` shows in another checkout"
    outcome.assert_error(
        f"error: cannot use the ledger `{tmp_path / 'notes.txt'}`\ncause: file is not a database\nhint:  {hint}"
    )
    assert outcome.json["exit_code"] == 90


def test_merging_nothing_is_refused(folder):
    assert "FILE..." in folder.run("ledger", "merge").assert_exit(2).stderr


def test_the_path_of_the_ledger_follows_the_setting(cli):
    folder = cli.project({"pyproject.toml": PYPROJECT + '[tool.runner]\nresults = "out"\n'})
    path = folder.path / "out/ledger.sqlite"
    assert folder.run("ledger", "path").assert_exit(0).stdout == f"{path}\n"
    assert folder.run("ledger", "path", "--json").assert_exit(0).json == {"path": str(path), "exists": False}
    fill(path)
    assert folder.run("ledger", "path", "--json").assert_exit(0).json["exists"] is True


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (
            ["flaky"],
            ["--last", "--group", "--json", "--project", "runner flaky --last 100 --group regression", "5 runs"],
        ),
        (["ledger"], ["path", "merge", "runner ledger merge ci-*.sqlite --json"]),
        (["ledger", "merge"], ["FILE...", "--json", "--project", "runner ledger merge ../other/.runner/ledger.sqlite"]),
        (["ledger", "path"], ["--json", "--project"]),
    ],
    ids=" ".join,
)
def test_help_shows_every_flag_and_examples(folder, args, words):
    text = folder.run(*args, "--help", environ={"COLUMNS": "120"}).assert_exit(0).stdout
    assert [word for word in words if word not in text] == []
