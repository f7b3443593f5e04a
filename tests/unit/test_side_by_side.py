"""Several long things at the same time, told of in the caller's thread."""

import threading

import pytest

from runner.engines.docker.side_by_side import do_side_by_side
from runner.errors import ImageError

pytestmark = pytest.mark.unit


def test_lines_come_in_the_caller_s_thread_with_the_name_before_them():
    heard = []
    both = threading.Barrier(2, timeout=10)

    def make(progress):
        both.wait()
        progress("a line")

    do_side_by_side({"suite": make, "postgres": make}, lambda line: heard.append((line, threading.current_thread())))
    lines = {line for line, _ in heard if line}
    assert lines == {"suite: a line", "postgres: a line"}
    assert {thread for _, thread in heard} == {threading.main_thread()}


def test_one_thing_alone_needs_no_name():
    heard = []
    do_side_by_side({"suite": lambda progress: progress("a line")}, heard.append)
    assert heard == ["a line"]


def test_an_error_makes_the_other_give_up_and_is_raised_when_it_has():
    ended = threading.Event()

    def fail(_):
        raise ImageError("cannot")

    def go_on(progress):
        try:
            while True:
                progress("still here")
        finally:
            ended.set()

    with pytest.raises(ImageError, match="cannot"):
        do_side_by_side({"suite": fail, "postgres": go_on}, lambda _: None)
    assert ended.is_set()


def test_who_asks_to_give_up_is_heard_while_nothing_is_said():
    ended = threading.Event()

    def wait(progress):
        try:
            while True:
                progress("")
        finally:
            ended.set()

    def interrupt(_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        do_side_by_side({"suite": wait, "postgres": wait}, interrupt)
    assert ended.is_set()


def test_nothing_to_do_is_done_at_once():
    do_side_by_side({}, lambda _: pytest.fail("there is nothing to say"))
