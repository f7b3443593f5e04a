"""The sample project `orders` through the real engine: isolation, groups, crashed workers."""

import json
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from commands import NOTHING_LEFT, run, start

pytestmark = [pytest.mark.engine, pytest.mark.e2e, pytest.mark.xdist_group("orders")]

ALL_GROUPS = [
    word for name in ("smoke", "regression", "slow", "e2e", "security", "performance", "unit") for word in ("-g", name)
]


@pytest.mark.parametrize("isolation", ["schema", "database"])
def test_all_groups_are_green_with_four_workers(orders: Path, isolation: str) -> None:
    ended = run(orders, "run", *ALL_GROUPS, "-n", "4", "--isolation", isolation, "--json")
    assert ended.exit_code == 0, ended.stderr
    summary = json.loads(ended.stdout)
    assert summary["tests"] == {"passed": 193}
    assert summary["left_behind"] == []
    assert ended.last_line == NOTHING_LEFT
    suites = ET.parse(Path(summary["results"]) / "junit.xml").getroot()
    assert sum(int(suite.get("tests", "0")) for suite in suites) == 193
    assert len(suites) == 4  # unit without a database, performance without workers, security without network, the rest


def test_the_same_in_one_shared_schema_is_red(orders: Path) -> None:
    ended = run(orders, "run", "-g", "regression", "-g", "e2e", "-n", "4", "--isolation", "none", "--json")
    assert ended.exit_code == 1
    summary = json.loads(ended.stdout)
    assert summary["tests"].get("failed", 0) + summary["tests"].get("error", 0) > 0


@pytest.mark.parametrize("isolation", ["schema", "database"])
def test_a_crashed_worker_is_replaced_by_one_with_a_clean_slot(orders: Path, isolation: str) -> None:
    ended = run(orders, "run", "-g", "crash", "-n", "2", "--isolation", isolation, "--json")
    assert ended.exit_code == 1, ended.stderr
    assert ended.seconds < 60
    summary = json.loads(ended.stdout)
    assert len(summary["crashed_workers"]) == 1
    assert summary["tests"] == {"failed": 1, "passed": 5}, "what took its worker down is not tried again"
    events = [json.loads(line) for line in (Path(summary["results"]) / "events.jsonl").read_text().splitlines()]
    workers = {event["worker"] for event in events if event["event"] == "test-finished"}
    assert workers - {"gw0", "gw1"}, "the replacement has an id of its own"


def test_without_xdist_the_one_process_has_the_slot_master(orders: Path) -> None:
    ended = run(orders, "run", "-g", "smoke", "-n", "0", "--json")
    assert ended.exit_code == 0, ended.stderr
    results = Path(json.loads(ended.stdout)["results"])
    assert "slot: master in database suite" in (results / "suite.log").read_text()
    assert json.loads(ended.stdout)["tests"] == {"passed": 12}


def test_groups_counts_the_tests_of_each_group(orders: Path) -> None:
    ended = run(orders, "groups", "--json")
    assert ended.exit_code == 0, ended.stderr
    counts = {name: group["tests"] for name, group in json.loads(ended.stdout)["groups"].items()}
    assert counts == {
        "smoke": 12, "regression": 49, "slow": 8, "e2e": 11, "security": 30, "performance": 3, "unit": 81, "crash": 6,
    }  # fmt: skip


def test_pytest_s_own_selection_and_arguments_reach_pytest(orders: Path) -> None:
    args = ("run", "-m", "not slow", "-k", "version", "tests/test_processes.py", "--json", "--", "--maxfail=1", "-v")
    ended = run(orders, *args)
    assert ended.exit_code == 0, ended.stderr
    log = (Path(json.loads(ended.stdout)["results"]) / "suite.log").read_text()
    assert "test_console_script_knows_its_version" in log


def test_the_metadata_of_the_project_is_installed_and_a_changed_source_rebuilds_nothing(orders: Path) -> None:
    run(orders, "run", "-g", "smoke")
    source = orders / "src" / "orders" / "money.py"
    source.write_text(source.read_text() + "\nCHANGED = 1\n")
    (orders / "tests" / "test_changed.py").write_text(
        "import importlib.metadata\nfrom orders import money\n\n"
        "def test_new_source_and_metadata():\n"
        "    assert money.CHANGED == 1\n"
        "    assert importlib.metadata.version('orders') == '1.4.2'\n"
    )
    ended = run(orders, "run", "tests/test_changed.py", "-n", "0")
    assert ended.exit_code == 0, ended.stdout
    assert "already there" in ended.stderr


def test_two_runs_of_one_project_at_the_same_time_are_both_green(orders: Path) -> None:
    both = [start(orders, "run", "-g", "regression", "-n", "2", "--json") for _ in range(2)]
    for process in both:
        stdout, stderr = process.communicate(timeout=200)
        assert process.returncode == 0, stderr
        assert json.loads(stdout)["tests"] == {"passed": 49}
        assert stderr.splitlines()[-1] == NOTHING_LEFT
