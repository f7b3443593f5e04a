"""Where Python code is: faulthandler's text, and how processes are asked for it."""

import json
import signal
import subprocess
import sys
import time

import pytest

from runner.core.stacks import SHOWN, parse_stacks, tell_stacks
from runner.engines.docker import stacks_inside
from runner.plugin import stacks

pytestmark = pytest.mark.unit

DUMP = """Thread 0x00007f1fb11ff6c0 (most recent call first):
  File "/opt/venv/lib/python3.13/site-packages/execnet/gateway_base.py", line 534 in read

Thread 0x00007f1fb11ff6c1 [Thread-1 (work)] (most recent call first):
  File "/project/tests/test a.py", line 9 in <lambda>

Current thread 0x00007f1fb1fdb780 (most recent call first):
  File "/usr/lib/python3.13/subprocess.py", line 2024 in _try_wait
  File "/opt/venv/lib/python3.13/site-packages/lib.py", line 556 in run
  File "/project/tests/test_a.py", line 2 in wait
  File "/project/tests/test_a.py", line 4 in test_a
  ...
"""


@pytest.mark.smoke
def test_the_newest_call_of_the_project_is_told_and_what_it_has_called():
    assert [len(thread) for thread in parse_stacks(DUMP)] == [1, 1, 4]
    assert list(tell_stacks(DUMP)) == [
        "at <lambda> (tests/test a.py:9)",
        "at wait (tests/test_a.py:2), and there in _try_wait (subprocess.py:2024)",
    ]


def test_of_many_threads_the_first_are_told():
    thread = 'Thread 0x1 (most recent call first):\n  File "/project/a.py", line 1 in f\n'
    lines = list(tell_stacks(thread * (SHOWN + 3)))
    assert len(lines) == SHOWN + 1
    assert lines[-1] == "and in 3 more threads"


@pytest.mark.parametrize("text", ["", "nonsense", '  File "/project/a.py", line 1 in f', "Thread\n  File x"])
def test_a_text_that_is_no_dump_tells_nothing(text):
    assert list(tell_stacks(text)) == []


OFFERING = """
import sys, time
from runner.plugin import stacks
stacks.offer({"folders": sys.argv[1], "slot": "gw3"})
def wait_here():
    print("ready", flush=True)
    began = time.monotonic()
    time.sleep(2)
    print(time.monotonic() - began >= 2, flush=True)
wait_here()
"""
linux = pytest.mark.skipif(sys.platform != "linux", reason="signals as in the suite container")


def ask(*pairs):
    done = subprocess.run([sys.executable, stacks_inside.__file__, *pairs], capture_output=True, check=True)
    return json.loads(done.stdout)


@linux
def test_a_process_says_where_it_is_and_goes_on_as_if_nothing_had_happened(tmp_path):
    (tmp_path / "gw3").mkdir()
    file = tmp_path / "gw3/stacks.txt"
    command = [sys.executable, "-c", OFFERING, tmp_path]
    with subprocess.Popen(command, stdout=subprocess.PIPE, encoding="utf-8") as process:
        assert process.stdout.readline() == "ready\n"
        for _ in range(2):
            text = ask(str(process.pid), str(file))[str(process.pid)]
            assert text.count("in wait_here") == 1
            assert len(parse_stacks(text)) == 1
        assert process.stdout.readline() == "True\n"
        assert process.wait() == 0


@linux
def test_a_process_that_does_not_offer_it_lives_on(tmp_path):
    with subprocess.Popen(["sleep", "60"]) as process:
        assert ask(str(process.pid), str(tmp_path / "none")) == {str(process.pid): ""}
        time.sleep(0.1)
        assert process.poll() is None
        process.send_signal(signal.SIGKILL)


@linux
def test_a_process_that_has_ended_says_nothing():
    assert ask("999999999", "/nonexistent") == {"999999999": ""}


def test_without_the_runner_nothing_is_offered(tmp_path, monkeypatch):
    monkeypatch.setattr(stacks.faulthandler, "register", pytest.fail)
    stacks.offer({})
    stacks.offer({"folders": str(tmp_path / "missing")})
    assert list(tmp_path.iterdir()) == []
