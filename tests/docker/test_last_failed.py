"""Across disposable runs: what failed runs again, alone or first, and the last run can be looked at."""

import json
import signal
import time
from pathlib import Path

import pytest
from commands import Make, run, start

pytestmark = [pytest.mark.engine, pytest.mark.e2e, pytest.mark.xdist_group("last")]

MODULE = """
import pytest
BROKEN = {broken!r}
def test_a(): pass
@pytest.mark.parametrize("value", ["x y/z", "[a::b]", "\\N{{PARTY POPPER}}"])
def test_odd(value): assert value not in BROKEN
def test_z(): pass
"""
ODD = "tests/test_five.py::test_odd"
BRACKETS, PARTY = f"{ODD}[[a::b]]", f"{ODD}[\\U0001f389]"


def make_module(*broken):
    return MODULE.format(broken=broken)


def read_started(summary):
    """The tests in the order in which they started."""
    return [each["test"] for each in read_events(summary, "test-started")]


def read_events(summary, name):
    lines = (Path(summary["results"]) / "events.jsonl").read_text().splitlines()
    return [each for each in map(json.loads, lines) if each["event"] == name]


def run_json(folder, *args, code, native=""):
    ended = run(folder, "run", *args, "--json", *(["--", native] if native else []))
    assert ended.exit_code == code, ended.stderr
    return json.loads(ended.stdout)


@pytest.mark.parametrize("workers", ["0", "2"])
def test_only_what_failed_runs_again_until_it_passes(make_project: Make, workers: str) -> None:
    folder = make_project({"tests/test_five.py": make_module("[a::b]", "\N{PARTY POPPER}")})
    module, again = folder / "tests/test_five.py", ("--last-failed", "-n", workers)
    assert run_json(folder, "-n", workers, code=1)["tests"] == {"passed": 3, "failed": 2}
    module.write_text(make_module("[a::b]"))
    second = run_json(folder, *again, code=1)
    assert second["tests"] == {"passed": 1, "failed": 1}
    assert sorted(read_started(second)) == sorted([BRACKETS, PARTY])
    assert second["remarks"] == ["2 tests failed and have not passed since: they run alone"]
    third = run_json(folder, *again, code=1)
    assert (third["tests"], read_started(third)) == ({"failed": 1}, [BRACKETS])
    module.write_text(make_module())
    assert run_json(folder, *again, code=0)["tests"] == {"passed": 1}
    last = run_json(folder, *again, code=0)
    assert last["tests"] == {"passed": 5}
    assert last["remarks"][0] == "no test is known to have failed: all that are selected run"


@pytest.mark.parametrize("workers", ["0", "2"])
def test_what_failed_starts_first_also_where_it_is_the_last_of_many_scopes(make_project: Make, workers: str) -> None:
    text = "def test_a(): pass\ndef test_b(): pass\ndef test_c(): assert {good}\n"
    names = [f"tests/test_{name}.py" for name in ("one", "two", "three", "four", "five")]
    folder = make_project({name: text.format(good="five" in name) for name in names})
    run_json(folder, "-n", workers, code=1)
    summary = run_json(folder, "--ff", "-n", workers, code=1)
    failed = {f"{name}::test_c" for name in names if "five" not in name}
    by_worker: dict[str, list[bool]] = {}
    for each in read_events(summary, "test-started"):
        by_worker.setdefault(each["worker"], []).append(each["test"] in failed)
    assert sum(map(len, by_worker.values())) == 15
    assert [sorted(each, reverse=True) for each in by_worker.values()] == [*by_worker.values()]
    assert all(each[0] for each in by_worker.values()), "every worker begins with some"
    assert summary["remarks"] == ["4 tests failed and have not passed since: they run first"]


@pytest.mark.parametrize("workers", ["0", "2"])
def test_pytests_own_options_know_of_earlier_runs(make_project: Make, workers: str) -> None:
    folder = make_project({"tests/test_five.py": make_module("[a::b]", "\N{PARTY POPPER}")})
    run_json(folder, "-n", workers, code=1)
    again = run_json(folder, "-n", workers, native="--lf", code=1)
    assert sorted(read_started(again)) == sorted([BRACKETS, PARTY])
    assert read_started(run_json(folder, "-n", "0", native="--ff", code=1))[:2] == [BRACKETS, PARTY]
    (folder / "tests/test_new.py").write_text("def test_new(): pass\n")
    assert read_started(run_json(folder, "-n", "0", native="--nf", code=1))[0] == "tests/test_new.py::test_new"


def test_a_test_that_is_gone_is_named_and_alone_it_is_an_empty_selection(make_project: Make) -> None:
    folder = make_project(
        {"tests/test_five.py": make_module("[a::b]"), "tests/test_old.py": "def test_old(): assert 0\n"}
    )
    run_json(folder, "-n", "0", code=1)
    (folder / "tests/test_old.py").write_text("def test_renamed(): pass\n")
    summary = run_json(folder, "--lf", "-n", "0", code=1)
    assert read_started(summary) == [BRACKETS]
    assert summary["remarks"][1:] == [
        "failed before, is not there any more, and is forgotten now: tests/test_old.py::test_old"
    ]
    nothing = run_json(folder, "--lf", "tests/test_old.py", "-n", "2", code=95)
    assert nothing["error"] == {
        "code": 95,
        "what": "no test that failed before matches tests/test_old.py",
        "cause": f"not selected: {BRACKETS}",
        "hint": "select others, or run all without `--last-failed`",
    }
    (folder / "tests/test_five.py").write_text(make_module())
    run_json(folder, "-n", "0", code=0)
    forgotten = run_json(folder, "--lf", "-n", "0", code=0)
    assert forgotten["tests"] == {"passed": 6}, "a whole run that passes without a test forgets it"


def test_only_the_containers_that_failed_tests_need_are_started(make_project: Make) -> None:
    folder = make_project(
        {
            "tests/test_plain.py": "def test_a(): pass\n",
            "tests/test_safe.py": "import pytest\n@pytest.mark.security\ndef test_s(): assert 0\n",
            "tests/test_pure.py": "import pytest\n@pytest.mark.pure\ndef test_p(): assert 0\n",
        },
        "[tool.runner.groups.pure]\ndatabase = false\n",
    )
    run_json(folder, "-n", "0", code=1)
    (folder / "tests/test_safe.py").write_text("import pytest\n@pytest.mark.security\ndef test_s(): pass\n")
    assert read_steps(run_json(folder, "--lf", "-n", "0", code=1)).count("suite") == 2
    steps = read_steps(run_json(folder, "--lf", "-n", "0", code=1))
    assert steps == ["image", "suite", "tests", "teardown"], "no Postgres for the one test that needs none"
    # It needs one now, which the ledger does not know.
    (folder / "tests/test_pure.py").write_text("import pytest\n@pytest.mark.security\ndef test_p(): assert 0\n")
    summary = run_json(folder, "--lf", "-n", "0", code=1)
    assert read_started(summary) == ["tests/test_pure.py::test_p"]


def read_steps(summary):
    return [each["step"] for each in read_events(summary, "step-started")]


def test_random_order_and_a_quarantine_go_with_it(make_project: Make) -> None:
    settings = f"quarantine = [{{test = '{ODD}', until = 2999-01-01}}]\n"
    folder = make_project({"tests/test_five.py": make_module("[a::b]", "x y/z")}, settings)
    assert run_json(folder, "-n", "0", code=0)["tests"]["failed"] == 2
    summary = run_json(folder, "--lf", "--shuffle=3", "-n", "0", code=0)
    assert (summary["tests"], summary["seed"]) == ({"failed": 2}, 3)


def test_a_damaged_ledger_is_said_and_everything_runs(make_project: Make) -> None:
    folder = make_project({"tests/test_five.py": make_module("[a::b]")})
    (folder / ".runner").mkdir()
    (folder / ".runner/ledger.sqlite").write_text("this is no ledger, " * 100)
    summary = run_json(folder, "--lf", "-n", "0", code=1)
    assert summary["tests"] == {"passed": 4, "failed": 1}
    assert summary["remarks"][0] == (
        "no test is known to have failed: all that are selected run; the ledger cannot be read: file is not a database"
    )
    assert read_started(run_json(folder, "--lf", "-n", "0", code=1)) == [BRACKETS]


def test_the_last_run_is_there_however_it_ended(make_project: Make) -> None:
    folder = make_project({"tests/test_five.py": make_module("[a::b]"), "tests/test_slow.py": "def test_x(): pass\n"})

    def read_last():
        return json.loads(run(folder, "last", "--json").stdout)

    assert run(folder, "last").exit_code == 90
    failed = run_json(folder, "-n", "0", "tests/test_five.py", code=1)
    last = read_last()
    assert (last["run"], last["exit_code"], last["selection"]) == (failed["run"], 1, "tests/test_five.py")
    [failure] = last["failures"]
    assert (failure["test"], failure["file"], failure["line"]) == (BRACKETS, "tests/test_five.py", 6)
    assert last["architecture"] in {"amd64", "arm64"}
    shown = run(folder, "last").stdout
    assert f"failed {BRACKETS}" in shown
    assert "again     runner run --last-failed tests/test_five.py" in shown
    run_json(folder, "-n", "0", "-m", "nobody_declared_it", code=90)
    assert read_last()["error"]["what"] == "unknown mark `nobody_declared_it` in -m"
    run_json(folder, "-n", "0", "-k", "matches_nothing", code=95)
    assert read_last()["exit_code"] == 95
    (folder / "tests/test_broken.py").write_text("1 / 0\n")
    run_json(folder, "-n", "0", code=2)
    assert [each["test"] for each in read_last()["failures"]] == ["tests/test_broken.py"]
    (folder / "tests/test_broken.py").unlink()
    assert run(folder, "audit", "tests/test_slow.py").exit_code == 0
    assert read_last()["exit_code"] == 2, "an audit is no run for its verdict"


def test_a_run_that_lives_is_told_and_one_that_was_interrupted_is_there(make_project: Make) -> None:
    folder = make_project({"tests/test_slow.py": "import time\ndef test_sleeps(): time.sleep(60)\n"})
    process = start(folder, "run", "-n", "0", "--", "-s")
    deadline = time.monotonic() + 60
    while not any("test-started" in each.read_text() for each in folder.glob(".runner/runs/*/events.jsonl")):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    ended = run(folder, "last")
    assert ended.exit_code == 90
    assert "is still running\nhint:  `runner status` shows" in ended.error
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=30)
    last = json.loads(run(folder, "last", "--json").stdout)
    assert (last["exit_code"], last["error"]["what"]) == (130, "the run was ended by SIGINT")
