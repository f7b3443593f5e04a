"""What the plugin tells the runner about the tests of a suite."""

import pytest

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
    [told] = ran.reports
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
    suite.write("import os\nos.close(3)\ndef test_a(): pass\n")
    suite.run("-n", "0").result.assert_outcomes(passed=1)
