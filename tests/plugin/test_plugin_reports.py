"""What the plugin tells the runner about the tests of a suite."""

import time

import pytest

from runner.core.events import parse_event
from runner.core.groups import Group

pytestmark = pytest.mark.unit

EVERY_VERDICT = """
import pytest

@pytest.fixture
def breaks(): raise RuntimeError("in setup")

@pytest.fixture
def breaks_later():
    yield
    raise RuntimeError("in teardown")

def test_passes(): pass
def test_fails(): assert False
def test_skips(): pytest.skip("not today")
@pytest.mark.skip
def test_is_skipped(): pass
@pytest.mark.xfail
def test_fails_as_expected(): assert False
@pytest.mark.xfail
def test_passes_unexpectedly(): pass
@pytest.mark.xfail(strict=True)
def test_passes_against_a_strict_mark(): pass
def test_has_a_broken_setup(breaks): pass
def test_has_a_broken_teardown(breaks_later): pass
"""

VERDICTS = {
    "test_passes": ["passed"],
    "test_fails": ["failed"],
    "test_skips": ["skipped"],
    "test_is_skipped": ["skipped"],
    "test_fails_as_expected": ["xfailed"],
    "test_passes_unexpectedly": ["xpassed"],
    "test_passes_against_a_strict_mark": ["failed"],
    "test_has_a_broken_setup": ["error"],
    "test_has_a_broken_teardown": ["passed", "error"],
}


@pytest.mark.smoke
@pytest.mark.parametrize("workers", ["0", "2"])
def test_every_verdict_is_told_as_pytest_counts_it(suite, workers):
    suite.provide(None)
    suite.write(EVERY_VERDICT)
    ran = suite.run("-n", workers)
    ran.result.assert_outcomes(passed=2, failed=2, skipped=2, xfailed=1, xpassed=1, errors=2)
    assert ran.verdicts() == VERDICTS
    told = [each["verdict"] for each in ran.named("test-finished")]
    assert {verdict: told.count(verdict) for verdict in told} == {
        "passed": 2,
        "failed": 2,
        "skipped": 2,
        "xfailed": 1,
        "xpassed": 1,
        "error": 2,
    }


SUBTESTS = """
import unittest

class ATest(unittest.TestCase):
    def test_one_fails(self):
        for number in range(4):
            with self.subTest(number=number):
                assert number not in {1, 2}
    def test_all_pass(self):
        for number in range(2):
            with self.subTest(number=number):
                pass

def test_the_fixture(subtests):
    with subtests.test("a"):
        assert False
"""


@pytest.mark.parametrize("workers", ["0", "2"])
def test_subtests_are_parts_of_their_test_and_no_tests(suite, workers):
    suite.provide(None)
    suite.write(SUBTESTS)
    found = {name.rpartition("::")[2]: verdicts for name, verdicts in suite.run("-n", workers).verdicts().items()}
    assert found == {"test_one_fails": ["failed"], "test_all_pass": ["passed"], "test_the_fixture": ["failed"]}


def test_every_test_starts_before_it_is_finished_and_names_its_worker(suite):
    suite.provide(None)
    suite.write("def test_a(): pass\ndef test_b(): pass\n")
    reports = suite.run("-n", "0").named("test-started", "test-finished")
    assert [(each["test"], each.get("verdict"), each.get("worker")) for each in reports] == [
        ("test_suite.py::test_a", None, "master"),
        ("test_suite.py::test_a", "passed", "master"),
        ("test_suite.py::test_b", None, "master"),
        ("test_suite.py::test_b", "passed", "master"),
    ]
    assert all(each["seconds"] >= 0 for each in reports if "verdict" in each)


def test_a_test_that_starts_names_its_groups_and_whether_it_means_to_cross_slots(suite):
    suite.provide(None, groups={"one": Group(marks=["a", "b"]), "two": Group(marks=["c"]), "three": Group(marks=["d"])})
    suite.write(
        """
        import pytest
        pytestmark = pytest.mark.c

        @pytest.mark.b
        @pytest.mark.crosses_slots
        def test_a(): pass
        def test_b(): pass
        """
    )
    before = time.time()
    first, second = suite.run("-n", "0", "--strict-markers").named("test-started")
    times = [each.pop("time") for each in (first, second)]
    assert before < times[0] < times[1] < time.time()
    usual = {"worker": "master", "attempt": 1}
    assert first == {"test": "test_suite.py::test_a", "groups": ["one", "two"], "crosses": True, **usual}
    assert second == {"test": "test_suite.py::test_b", "groups": ["two"], "crosses": False, **usual}


@pytest.mark.parametrize("workers", ["0", "2"])
def test_what_was_collected_is_told_once_with_the_marks_of_all_tests(suite, workers):
    suite.provide(None)
    suite.write("import pytest\n@pytest.mark.smoke\ndef test_a(): pass\n@pytest.mark.slow\ndef test_b(): pass\n")
    assert suite.run("-n", workers, "-m", "not slow").named("collected") == [{"tests": 2, "marks": ["slow", "smoke"]}]


def test_a_failure_is_told_with_its_class_and_its_first_line_and_no_traceback(suite):
    suite.provide(None)
    suite.write(
        """
        import pytest
        class Refused(Exception):
            sqlstate = "42501"
        def test_a():
            raise Refused("first\\nsecond")
        @pytest.fixture
        def broken(): raise KeyError("x")
        def test_b(broken): pass
        def test_c(): pass
        """
    )
    told = suite.run("-n", "0").named("test-finished")
    assert [(each["error"], each["message"], each["reason"], each["text"], each["attempt"]) for each in told] == [
        ("test_suite.Refused [42501]", "test_suite.Refused: first", "", "", 1),
        ("KeyError", "KeyError: 'x'", "", "", 1),
        ("", "", "", "", 1),
    ]


def test_every_report_is_one_that_the_runner_takes(suite):
    suite.provide(None)
    suite.write(EVERY_VERDICT)
    ran = suite.run("-n", "2")
    lines = suite.reports.read_bytes().splitlines()
    assert len(lines) == len(ran.reports) > 20
    assert [line for line in lines if parse_event(line, 0.0) is None] == []


def test_a_replacement_for_a_crashed_worker_wants_a_slot_of_its_own(suite):
    suite.provide_slots("gw0", "gw1")
    suite.write("import os\ndef test_crashes(): os._exit(9)\ndef test_a(): assert os.environ['PGUSER'] == 'gw1'\n")
    ran = suite.run("-n", "1", "--dist", "load")
    ran.result.assert_outcomes(passed=1, failed=1)
    assert ran.named("worker-crashed") == [{"worker": "gw0"}]
    assert ran.named("slot-wanted") == [{"slot": "gw0"}, {"slot": "gw1"}]
    assert ran.verdicts()["test_a"] == ["passed"]
    assert ran.environ("gw1")["PGUSER"] == "gw1"


def test_a_test_whose_worker_crashed_is_counted_as_pytest_counts_it(suite):
    suite.provide(None)
    suite.write("import os\ndef test_crashes(): os._exit(9)\n")
    ran = suite.run("-n", "1", "--max-worker-restart", "0")
    ran.result.assert_outcomes(failed=1)
    assert ran.verdicts() == {"test_crashes": ["failed"]}


def test_an_expression_with_an_unknown_mark_is_told_before_any_worker_starts(suite):
    suite.provide(None)
    suite.write()
    ran = suite.run("-n", "1", "-m", "smoke and not smok")
    assert ran.result.ret == pytest.ExitCode.USAGE_ERROR
    told, ended = ran.reports
    assert ended == {"event": "pytest-ended"}
    assert (told["event"], told["mark"]) == ("unknown-mark", "smok")
    assert {"smoke", "regression", "parametrize"} <= set(told["known"])


def test_an_expression_of_known_marks_is_let_through(suite):
    suite.provide(None)
    suite.write("import pytest\n@pytest.mark.smoke\ndef test_a(): pass\ndef test_b(): pass\n")
    ran = suite.run("-n", "0", "-m", "(smoke or security) and not slow and not skipif(reason='x y')")
    assert list(ran.verdicts()) == ["test_a"]


def test_a_pytest_inside_a_test_reaches_the_same_slot_and_does_not_report(suite):
    suite.provide_slots()
    suite.write(
        """
        import subprocess, sys

        def test_outer(tmp_path):
            inner = tmp_path / "test_inner.py"
            inner.write_text("import os\\ndef test_inner(): assert os.environ['PGUSER'] == 'master'\\n")
            command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", inner]
            subprocess.run(command, check=True, close_fds=False)
        """
    )
    ran = suite.run("-n", "0")
    ran.result.assert_outcomes(passed=1)
    assert list(ran.verdicts()) == ["test_outer"]


def test_a_collection_is_told_with_marks_and_nothing_runs(suite):
    suite.provide(None)
    suite.write(
        """
        import pytest
        pytestmark = pytest.mark.smoke

        @pytest.mark.security
        @pytest.mark.parametrize("n", [1, 2])
        def test_a(n): raise RuntimeError

        def test_b(): raise RuntimeError

        @pytest.mark.slow
        def test_that_is_not_selected(): raise RuntimeError
        """
    )
    ran = suite.run("--collect-only", "-q", "-n", "0", "-m", "not slow")
    assert ran.named("test-collected") == [
        {"test": "test_suite.py::test_a[1]", "marks": ["parametrize", "security", "smoke"]},
        {"test": "test_suite.py::test_a[2]", "marks": ["parametrize", "security", "smoke"]},
        {"test": "test_suite.py::test_b", "marks": ["smoke"]},
    ]
    assert ran.named("test-started", "test-finished") == []


def test_a_runner_that_is_gone_does_not_disturb_the_suite(suite):
    suite.provide(None)
    suite.write("import os\nos.closerange(200, 300)\ndef test_a(): pass\n")
    ran = suite.run("-n", "0")
    ran.result.assert_outcomes(passed=1)
    assert ran.reports == []


FIND_REPORTS = """
import os

def is_reports(descriptor):
    try:
        return os.path.samestat(os.fstat(descriptor), os.stat("reports.jsonl"))
    except OSError:
        return False

FOUND = [number for number in range(1024) if is_reports(number)]
"""


def test_reports_go_through_a_high_descriptor_alone(suite):
    suite.provide(None)
    suite.write(FIND_REPORTS + "def test_a():\n    assert len(FOUND) == 1 and FOUND[0] > 199, FOUND\n")
    ran = suite.run("-n", "0")
    ran.result.assert_outcomes(passed=1)
    assert ran.verdicts() == {"test_a": ["passed"]}


def test_processes_that_a_test_starts_do_not_inherit_the_descriptor_of_reports(suite):
    suite.provide(None)
    (suite.folder / "find.py").write_text(FIND_REPORTS + "print(FOUND)\n")
    suite.write(
        FIND_REPORTS
        + """
import subprocess, sys

def test_a():
    command = [sys.executable, "find.py"]
    said = subprocess.run(command, close_fds=False, check=True, capture_output=True, text=True).stdout
    assert FOUND and said == "[]\\n"
"""
    )
    suite.run("-n", "0").result.assert_outcomes(passed=1)


def test_a_test_that_closes_file_descriptors_and_opens_a_file_gets_no_reports_in_it(suite):
    suite.provide(None)
    suite.write(
        """
        import os
        from contextlib import suppress

        def test_takes_the_number():
            with suppress(OSError):
                os.close(3)
            opened = os.open("own.txt", os.O_CREAT | os.O_WRONLY)
            if opened != 3:
                os.dup2(opened, 3)
            os.write(3, b"mine\\n")

        def test_after(): pass
        """
    )
    ran = suite.run("-n", "0", "-s")  # Pytest's own capturing holds low numbers too.
    ran.result.assert_outcomes(passed=2)
    assert (suite.folder / "own.txt").read_text() == "mine\n"
    assert ran.verdicts() == {"test_takes_the_number": ["passed"], "test_after": ["passed"]}


@pytest.mark.parametrize("workers", ["0", "2"])
def test_what_is_skipped_says_why_also_a_whole_file_which_is_told_once(suite, workers):
    suite.provide(None)
    suite.write(EVERY_VERDICT)
    (suite.folder / "test_file.py").write_text("import pytest\npytest.skip('no database', allow_module_level=True)\n")
    ran = suite.run("-n", workers)
    told = {each["test"].rpartition("::")[2]: each["message"] for each in ran.named("test-finished")}
    assert told["test_skips"] == "not today"
    assert told["test_is_skipped"] == "unconditional skip"
    assert told["test_fails_as_expected"] == told["test_passes"] == ""
    [skipped] = ran.named("collection-skipped")
    assert skipped["message"] == "no database"
