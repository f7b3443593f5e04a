"""The sample project `rules`: each broken rule of isolation is named, with the test that broke it."""

import json
import re
import shutil
from pathlib import Path

import pytest
from commands import ORDERS, run

pytestmark = [pytest.mark.engine, pytest.mark.e2e, pytest.mark.xdist_group("rules")]

RULES = ORDERS.parent / "rules"


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    """A private copy of the project; all copies share one suite image."""
    return Path(shutil.copytree(RULES, tmp_path / "rules", ignore=shutil.ignore_patterns(".runner", "__pycache__")))


def find_remarks(stdout: str) -> list[str]:
    return sorted(json.loads(stdout)["remarks"])


def test_a_write_outside_the_test_s_own_folders_names_the_rule_and_tmp_path(rules: Path) -> None:
    ended = run(rules, "run", "shared_files", "-n", "2", "--json")
    assert ended.exit_code == 1
    assert json.loads(ended.stdout)["tests"] == {"failed": 2, "passed": 5}
    remarks = find_remarks(ended.stdout)
    assert len(remarks) == 2
    for remark, path in zip(remarks, ["/project/report.txt", "/tmp/report.txt"], strict=True):
        assert remark.startswith(f"isolation rule broken: no shared files: this test wrote `{path}`")
        assert "use the fixture `tmp_path`" in remark
        assert re.search(r"\(shared_files/test_report.py::test_a_report_goes_into_\w+, worker gw\d\)$", remark)


def test_a_path_that_a_setting_opens_can_be_written(rules: Path) -> None:
    ended = run(rules, "run", "shared_files", "--json", RUNNER_WRITABLE=".,/tmp")
    assert json.loads(ended.stdout)["tests"] == {"passed": 7}, ended.stderr
    assert ended.exit_code == 0


def test_reaching_into_another_slot_names_test_worker_and_table_though_the_test_caught_the_error(rules: Path) -> None:
    ended = run(rules, "run", "shared_rows", "-n", "2", "--dist", "load", "--json")
    assert ended.exit_code == 1
    remarks = find_remarks(ended.stdout)
    assert len(remarks) == 2
    pattern = (
        r"isolation rule broken: no shared rows: (.*) \(worker gw\d\) was refused `(\w+).orders` of \2: INSERT INTO"
    )
    found = [match[1] for match in (re.match(pattern, remark) for remark in remarks) if match]
    assert found == [
        "shared_rows/test_orders.py::test_writes_into_another_slot",
        "shared_rows/test_orders.py::test_writes_into_another_slot_and_takes_no_notice",
    ]


def test_a_caught_refusal_alone_makes_the_run_fail(rules: Path) -> None:
    ended = run(rules, "run", "shared_rows", "-k", "notice or refused", "-n", "2")
    assert ended.exit_code == 1
    assert "2 passed" in ended.stdout
    assert "error: rules of isolation were broken: 1" in ended.stderr


def test_a_fixed_port_that_another_worker_holds_is_named(rules: Path) -> None:
    ended = run(rules, "run", "port_conflicts", "-n", "2", "--json")
    assert ended.exit_code == 1
    (remark,) = find_remarks(ended.stdout)
    pattern = r"isolation rule broken: no port conflicts: port 8080 is held by worker (gw\d); .*, worker (gw\d)\)"
    match = re.fullmatch(pattern, remark)
    assert match is not None
    assert match[1] != match[2]


def test_the_audit_finds_the_tests_that_depend_on_each_other(rules: Path) -> None:
    ended = run(rules, "audit", "shared_state", "--json")
    assert ended.exit_code == 1, ended.stderr
    prefix = "shared_state/test_basket.py::test_"
    found = {each["test"]: (each["kind"], each["company"]) for each in json.loads(ended.stdout)["findings"]}
    assert found == {
        f"{prefix}a_new_basket_is_empty": ("fails after", [f"{prefix}an_article_goes_into_the_basket"]),
        f"{prefix}a_basket_can_be_checked_out": ("needs", [f"{prefix}an_article_goes_into_the_basket"]),
    }


def test_a_random_order_is_printed_and_can_be_repeated(rules: Path) -> None:
    first = run(rules, "run", "shared_state", "--shuffle", "-n", "0", "--", "-v")
    seed = re.search(r"--shuffle=(\d+) repeats it", first.stderr)
    assert seed is not None
    second = run(rules, "run", "shared_state", f"--shuffle={seed[1]}", "-n", "0", "--", "-v")
    order = [line.split()[0] for line in first.stdout.splitlines() if re.match(r"\S+::\S+ (PASSED|FAILED)", line)]
    assert len(order) == 4
    assert order == [
        line.split()[0] for line in second.stdout.splitlines() if re.match(r"\S+::\S+ (PASS|FAIL)ED", line)
    ]
    assert first.exit_code == second.exit_code


def test_only_transient_failures_are_tried_again_and_ledger_and_junit_hold_each_attempt(rules: Path) -> None:
    ended = run(rules, "run", "retries", "--json")
    assert ended.exit_code == 1
    summary = json.loads(ended.stdout)
    assert summary["tests"] == {"rerun": 2, "passed": 3, "failed": 1}
    retried = {each["test"].rpartition("::")[2]: (each["error"], each["reason"]) for each in summary["retried"]}
    assert retried == {
        "test_a_transaction_meets_another": ("psycopg.errors.SerializationFailure [40001]", "declared"),
        "test_a_device_answers_the_second_time": ("RuntimeError", "mark"),
    }
    results = Path(summary["results"])
    junit = (results / "junit.xml").read_text()
    assert junit.count("<flakyFailure ") == 2
    assert junit.count("<failure ") == 1
    (kept,) = results.glob("failures/retries-*-meets-another-*/attempt-1.sql")
    assert "CREATE TABLE gw0.leftover" in kept.read_text() or "CREATE TABLE gw1.leftover" in kept.read_text()
    flaky = json.loads(run(rules, "flaky", "--json").stdout)
    assert {each["test"].rpartition("::")[2] for each in flaky["tests"]} == set(retried)


def test_with_a_budget_of_nothing_the_exit_code_is_97_though_all_tests_passed(rules: Path) -> None:
    ended = run(rules, "run", "retries", "-k", "not sum", "--retry-budget", "0")
    assert ended.exit_code == 97
    assert ended.error == (
        "error: the retry budget was exceeded: 2 of 3 tests needed a retry\n"
        "cause: 0 may (0.00% of the tests, `retry_budget`)\n"
        "hint:  a retry is no substitute for a repair; `runner flaky` shows which tests need it"
    )


def test_a_test_in_quarantine_does_not_decide_until_its_day_is_over(rules: Path) -> None:
    pyproject = rules / "pyproject.toml"
    before = pyproject.read_text()
    entry = '[[tool.runner.quarantine]]\ntest = "retries/test_retries.py::test_a_sum_is_wrong"\nuntil = {}\n'
    pyproject.write_text(before + entry.format("2999-12-31"))
    covered = run(rules, "run", "retries", "-k", "sum or steady")
    assert covered.exit_code == 0
    assert "in quarantine, does not count: retries/test_retries.py::test_a_sum_is_wrong" in covered.stderr
    pyproject.write_text(before + entry.format("2020-01-01"))
    assert run(rules, "run", "retries", "-k", "sum").exit_code == 1
    expired = run(rules, "run", "retries", "-k", "steady")
    assert expired.exit_code == 90
    assert "cause: `retries/test_retries.py::test_a_sum_is_wrong` since 2020-01-01" in expired.stderr


def test_an_audit_names_a_test_that_ends_its_process_and_goes_on(rules: Path) -> None:
    (rules / "shared_state" / "test_zz.py").write_text("import os\n\ndef test_ends(): os._exit(3)\n")
    # In this order, which the file of the process's end comes after, two tests have changed places.
    ended = run(rules, "audit", "shared_state", "--json", "--shuffle=7")
    assert ended.exit_code == 1, ended.stderr
    assert "shared_state/test_zz.py::test_ends ended the process" in ended.stderr
    assert json.loads(ended.stdout)["findings"], "those before it have verdicts"


def test_an_audit_of_what_cannot_be_collected_and_of_nothing(rules: Path) -> None:
    (rules / "shared_state" / "test_zz.py").write_text("import nothing_of_this_name\n")
    ended = run(rules, "audit", "shared_state")
    assert ended.exit_code == 2
    assert ended.error.startswith("error: cannot collect the tests: pytest ended with the exit code 2")
    assert run(rules, "audit", "retries", "-k", "nothing").exit_code == 95
