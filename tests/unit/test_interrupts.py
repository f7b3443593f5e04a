"""Signals: the first asks the run to end in order, a second one ends it at once."""

import os
import signal
import subprocess
import sys
import time

import pytest
from project_folder import make_environ

from runner.errors import Interrupted
from runner.interrupts import SIGNALS, TOGETHER, Interrupts

pytestmark = pytest.mark.unit

WAITING = """
import signal, sys, time
from runner.interrupts import Interrupts
with Interrupts() as interrupts:
    print("ready", flush=True)
    for line in sys.stdin:
        print("alive", flush=True)
"""


def send(number):
    os.kill(os.getpid(), number)


@pytest.fixture(autouse=True)
def _handlers_stay_as_they_were():
    before = {number: signal.getsignal(number) for number in SIGNALS}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.smoke
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_the_first_signal_only_leaves_a_note_that_the_next_look_finds(number, code):
    with Interrupts() as interrupts:
        interrupts.check()
        send(number)
        with pytest.raises(Interrupted) as caught:
            interrupts.check()
    assert caught.value.exit_code == code
    assert caught.value.what == f"the run was ended by {number.name}"


def test_the_note_stays():
    with Interrupts() as interrupts:
        send(signal.SIGTERM)
        for _ in range(2):
            with pytest.raises(Interrupted):
                interrupts.check()


def test_afterwards_the_handlers_are_what_they_were():
    before = [signal.getsignal(number) for number in SIGNALS]
    with Interrupts():
        assert [signal.getsignal(number) for number in SIGNALS] != before
    assert [signal.getsignal(number) for number in SIGNALS] == before


def test_what_the_caller_ignores_stays_ignored():
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    with Interrupts() as interrupts:
        send(signal.SIGHUP)
        interrupts.check()
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN


@pytest.mark.parametrize("second", [signal.SIGINT, signal.SIGTERM])
def test_a_second_signal_ends_the_process_at_once(second):
    with subprocess.Popen(
        [sys.executable, "-c", WAITING],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=make_environ(),
    ) as process:
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGINT)
        process.stdin.write("after the first\n")
        process.stdin.flush()
        assert process.stdout.readline() == "alive\n"
        time.sleep(2 * TOGETHER)
        process.send_signal(second)
        assert process.wait(timeout=10) == 128 + second
        assert process.stderr.read() == "\nstopped at once; `runner ps` shows what lives\n"


def test_signals_that_come_together_count_as_one():
    with Interrupts() as interrupts:
        send(signal.SIGTERM)
        send(signal.SIGTERM)
        with pytest.raises(Interrupted):
            interrupts.check()
