"""The files of a run's folder, read while another process writes them."""

import json
import subprocess
import sys

import pytest

from runner.report.run_files import EVENTS, EventReader, follow, hold, is_held, parse

pytestmark = pytest.mark.unit


def write(folder, *events, end="\n"):
    with (folder / EVENTS).open("a") as file:
        file.write("\n".join(json.dumps(each) for each in events) + end)


STEP = {"event": "step-started", "at": 1.5, "step": "image"}
NEXT = {"event": "step-started", "at": 2.5, "step": "tests"}


@pytest.mark.smoke
def test_events_are_read_as_they_come(tmp_path):
    reader = EventReader(tmp_path)
    assert reader.read().step == ""
    write(tmp_path, STEP)
    assert reader.read().step == "image"
    write(tmp_path, NEXT)
    assert (reader.read().step, reader.state.step_since) == ("tests", 2.5)


def test_a_line_that_is_cut_in_the_middle_counts_once_it_is_whole(tmp_path):
    write(tmp_path, STEP)
    (line,) = [json.dumps(NEXT)]
    with (tmp_path / EVENTS).open("a") as file:
        file.write(line[:20])
    reader = EventReader(tmp_path)
    assert reader.read().step == "image"
    with (tmp_path / EVENTS).open("a") as file:
        file.write(line[20:] + "\n")
    assert reader.read().step == "tests"


@pytest.mark.parametrize(
    "line",
    [b"", b"{", b"[]", b"1", b"\xff", b'{"event": "x"}', b'{"at": 1}', b'{"event": "x", "at": "y"}', b"[" * 9999],
)
def test_a_line_that_is_no_event_tells_nothing(tmp_path, line):
    assert parse(line) is None
    write(tmp_path, STEP)
    with (tmp_path / EVENTS).open("ab") as file:
        file.write(line + b"\n")
    write(tmp_path, NEXT)
    assert EventReader(tmp_path).read().step == "tests"


HOLDING = """
import sys, time
from pathlib import Path
from runner.report.run_files import hold
file = Path(sys.argv[1]).open("w")
hold(file)
print("held", flush=True)
time.sleep(60)
"""


def test_a_run_is_held_as_long_as_its_process_lives_however_that_ends(tmp_path):
    assert not is_held(tmp_path)
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDING, tmp_path / EVENTS], stdout=subprocess.PIPE, encoding="utf-8"
    )
    with process:
        assert process.stdout.readline() == "held\n"
        assert is_held(tmp_path)
        assert is_held(tmp_path), "looking changed it"
        process.kill()
    assert not is_held(tmp_path)


def test_a_file_that_cannot_be_locked_is_no_error_of_the_run(tmp_path):
    with (tmp_path / EVENTS).open("w") as file:
        hold(file)
        assert is_held(tmp_path)
    closed = type("Closed", (), {"fileno": lambda _: 999})()
    hold(closed)


def test_a_log_is_followed_to_the_end_of_its_run(tmp_path):
    path, said = tmp_path / "suite.log", [b"one", b"two", b"three"]
    left = iter(said)

    def write_more():
        with path.open("ab") as file:
            file.write(next(left))

    def has_ended():
        return path.exists() and path.read_bytes() == b"".join(said)

    assert b"".join(follow(path, has_ended, write_more)) == b"onetwothree"


def test_what_is_written_between_the_last_look_and_the_end_is_not_lost(tmp_path):
    path = tmp_path / "suite.log"

    def has_ended():
        path.write_bytes(b"last words")
        return True

    assert b"".join(follow(path, has_ended, pytest.fail)) == b"last words"


def test_a_folder_that_is_removed_while_it_is_followed_is_no_error(tmp_path):
    ends = iter([False, True])
    assert list(follow(tmp_path / "gone/suite.log", lambda: next(ends), lambda: None)) == []
