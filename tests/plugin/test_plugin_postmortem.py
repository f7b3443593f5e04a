"""What the plugin tells of failed tests, before their teardown; verdicts stay as they are."""

import json
import sys
import threading
import time

import pytest

from runner.core.failure import parse_told

FIXTURES = """
import os, pathlib, pytest

@pytest.fixture
def row():
    pathlib.Path("row").touch()
    yield
    pathlib.Path("row").unlink()
"""

LATE = """
import pathlib, pytest, time

@pytest.fixture
def late():
    yield
    pathlib.Path("torn").write_text(str(time.time()))
"""

CHECK = """
import os, pathlib, pytest
from runner.plugin import postmortem

def ask(self, event, answer, **data):
    seen = pathlib.Path("seen")
    with seen.open("a") as target:
        print(data["test"], data["phase"], pathlib.Path("row").exists(), file=target)
postmortem.Channel.ask = ask
"""
"""A conftest whose runner answers at once, and sees whether teardown has run."""


def provide(suite, **wiring):
    suite.provide(wiring={"keeps": True, **wiring})


def wanted(ran):
    return [(each["test"].rpartition("::")[2], each["phase"]) for each in ran.named("failure-wanted")]


def answer(suite, name, text=""):
    suite.announce()
    (suite.folder / "ready" / name).write_text(text)


def read_told(suite, worker="master"):
    return parse_told((suite.workers / worker / "failure.json").read_bytes())


def test_a_failure_is_told_before_any_teardown(suite):
    suite.write(
        "def test_call(row): assert 0\n"
        "import pytest\n"
        "@pytest.fixture\n"
        "def broken(row): raise ValueError\n"
        "def test_setup(broken): pass\n"
        "@pytest.fixture\n"
        "def late(row):\n    yield\n    assert 0\n"
        "def test_teardown(late): pass\n"
        "def test_both(late): assert 0\n",
        FIXTURES + CHECK,
    )
    provide(suite)
    suite.run()
    seen = (suite.folder / "seen").read_text().splitlines()
    assert [line.partition("::")[2] for line in seen] == [
        "test_call call True",
        "test_setup setup True",
        # The row's own teardown had its turn by then.
        "test_teardown teardown False",
        "test_both call True",
    ]


def test_all_that_only_the_process_knows_is_told(suite, monkeypatch):
    monkeypatch.setenv("OF_THE_TEST", "ünï")
    suite.write(
        "import pytest\n"
        "@pytest.mark.smoke\n"
        "@pytest.mark.parametrize('x', ['[/ \\U0001f600'])\n"
        "def test_a(x):\n    print('said')\n    assert x == 1\n"
    )
    provide(suite)
    answer(suite, "failure-master-1-1")
    before = time.time()
    ran = suite.run("-p", "no:randomly")
    told = read_told(suite)
    assert ran.verdicts().popitem()[1] == ["failed"]
    assert "assert x == 1" in told.traceback
    assert told.sections == [("Captured stdout call", "said\n")]
    assert told.environment["OF_THE_TEST"] == "ünï"
    assert told.python == ".".join(map(str, sys.version_info[:3]))
    assert told.groups == ["smoke"]
    assert before < told.began < time.time()
    assert (told.databases, told.overlays, told.pids, told.unseen) == ([], [], [], [])


@pytest.mark.parametrize(
    "test",
    [
        "def test_a(): pass",
        "import pytest\n@pytest.mark.xfail\ndef test_a(): assert 0",
        "import pytest\ndef test_a(): pytest.xfail('x')",
        "import pytest\ndef test_a(): pytest.skip('x')",
    ],
)
def test_what_is_no_failure_is_not_told(suite, test):
    suite.write(test)
    provide(suite)
    assert wanted(suite.run()) == []
    assert not (suite.workers / "master" / "failure.json").exists()


def test_a_test_that_passes_though_it_should_fail_is_told(suite):
    suite.write("import pytest\n@pytest.mark.xfail(strict=True)\ndef test_a(): pass")
    provide(suite)
    answer(suite, "failure-master-1-1")
    assert wanted(suite.run()) == [("test_a", "call")]


def test_without_room_nothing_is_told(suite):
    suite.write("def test_a(): assert 0")
    suite.provide(wiring={"keeps": False})
    assert wanted(suite.run()) == []


def test_after_enough_only_tests_that_kept_their_state_ask_again(suite):
    suite.write("import pytest\n@pytest.mark.parametrize('n', range(4))\ndef test_a(n): assert 0")
    provide(suite)
    answer(suite, "failure-master-1-1")
    answer(suite, "failure-master-1-2", "enough")
    ran = suite.run()
    assert [test for test, _ in wanted(ran)] == ["test_a[0]", "test_a[1]"]
    assert len(ran.verdicts()) == 4


def test_each_attempt_asks_and_a_refusal_changes_no_verdict(suite):
    suite.write("import pytest\n@pytest.mark.flaky(reruns=1)\ndef test_a(): assert 0")
    provide(suite, restores=False)
    answer(suite, "failure-master-1-1", "the disk is full")
    answer(suite, "failure-master-1-2")
    ran = suite.run()
    assert [(each["attempt"], each["phase"]) for each in ran.named("failure-wanted")] == [(1, "call"), (2, "call")]
    assert ran.verdicts() == {"test_a": ["rerun", "failed"]}


DAMAGES = {
    "what the test has patched": """
import platform, pytest
@pytest.fixture(autouse=True)
def patched(monkeypatch):
    monkeypatch.setattr(platform, "python_version", 1)
""",
    "a folder that the test has removed": """
import shutil, pytest
@pytest.fixture(autouse=True)
def removed():
    shutil.rmtree("workers/master", ignore_errors=True)
""",
    "a bug": """
from runner.plugin import postmortem
def broken(*_): raise RuntimeError
postmortem.Postmortem._describe = broken
""",
    "a time limit of the test": """
import pytest
from runner.plugin import postmortem
def late(*_): pytest.fail("the time limit")
postmortem.Postmortem._describe = late
""",
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_our_own_failure_changes_no_verdict(suite, damage):
    suite.write("def test_a(): assert 0\ndef test_b(): pass", damage)
    provide(suite)
    ran = suite.run()
    ran.result.assert_outcomes(failed=1, passed=1)
    assert wanted(ran) == []


def test_warnings_as_errors_do_not_keep_it_from_being_told(suite):
    suite.write("import warnings\ndef test_a():\n    warnings.warn('x')")
    provide(suite)
    answer(suite, "failure-master-1-1")
    assert wanted(suite.run("-W", "error")) == [("test_a", "call")]


def test_a_pytest_inside_a_test_and_a_forked_child_tell_nothing(suite):
    suite.write(
        "import os, subprocess, sys, pytest\n"
        "def test_inner():\n"
        "    if 'INNER' in os.environ: assert 0\n"
        "    done = subprocess.run([sys.executable, '-m', 'pytest', '-k', 'inner'], env={**os.environ, 'INNER': '1'})\n"
        "    assert done.returncode == 1\n"
        "def test_forked(pytestconfig, request):\n"
        "    if (child := os.fork()) == 0:\n"
        "        plugin = pytestconfig.pluginmanager.get_plugin('ephemeral-runner-postmortem')\n"
        "        os._exit(plugin._is_wanted(request.node))\n"
        "    assert os.waitpid(child, 0)[1] == 0\n"
    )
    provide(suite)
    ran = suite.run()
    ran.result.assert_outcomes(passed=2)
    assert wanted(ran) == []


def test_workers_tell_of_their_own(suite):
    suite.write("def test_a(): assert 0")
    provide(suite)
    answer(suite, "failure-gw0-1-1")
    ran = suite.run("-n", "1")
    assert [each["slot"] for each in ran.named("failure-wanted")] == ["gw0"]
    assert read_told(suite, "gw0") is not None


def test_texts_are_bounded(suite):
    suite.write("def test_a():\n    print('x' * 3_000_000 + 'end')\n    assert 0")
    provide(suite)
    answer(suite, "failure-master-1-1")
    suite.run()
    ((_, text),) = read_told(suite).sections
    assert len(text) < 1_000_100
    assert text.startswith("[2000004 characters left out]\nxxx")
    assert text.endswith("xend\n")


def test_the_test_waits_until_its_state_is_kept(suite):
    suite.write("def test_a(late): assert 0", LATE)
    provide(suite)
    suite.announce()
    kept = []

    def keep():
        while not any("failure-wanted" in line for line in suite.reports.read_text().splitlines()):
            time.sleep(0.01)
        time.sleep(0.5)
        kept.append(time.time())
        answer(suite, "failure-master-1-1")

    thread = threading.Thread(target=keep)
    thread.start()
    suite.run()
    thread.join()
    assert float((suite.folder / "torn").read_text()) >= kept[0]
    assert json.loads((suite.workers / "master" / "failure.json").read_text())["began"] < kept[0]
