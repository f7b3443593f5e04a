"""The terminal's view of a run."""

import io

import pytest
from fakes import make_leftover

from runner.core.events import Event
from runner.errors import SettingsError
from runner.report.console import Console, is_milestone, make_last_line, paint_error, wants_colour

pytestmark = pytest.mark.unit

RUN = [
    Event("run-started", 0.0, {"project": "shop", "run": "run-1"}),
    Event("step-started", 0.0, {"step": "image"}),
    Event("progress", 0.1, {"text": "building ephemeral-runner/base:1"}),
    Event("progress", 0.2, {"text": "Get:1 http://mirror.example"}),
    Event("step-finished", 2.5, {"step": "image", "seconds": 2.5, "note": "built it"}),
    Event("test-finished", 3.0, {"test": "a", "verdict": "passed"}),
    Event("worker-crashed", 3.1, {"worker": "gw1"}),
]


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self):
        return True


@pytest.fixture(autouse=True)
def _plain_terminal(monkeypatch):
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "40")


def show(stream, events=RUN, verbose=False):
    console = Console(stream, verbose)
    for event in events:
        console(event)
    return stream.getvalue()


@pytest.mark.smoke
def test_a_log_has_one_line_for_each_step_and_no_colour():
    assert show(io.StringIO()) == (
        "shop  run run-1\n"
        "    building ephemeral-runner/base:1\n"
        "  image       2.50 s  built it\n"
        "  worker gw1 crashed; another takes over with a clean slot\n"
    )


def test_a_random_order_is_told_with_the_way_to_repeat_it():
    shown = show(io.StringIO(), [Event("run-started", 0.0, {"project": "shop", "run": "run-1", "seed": 0})])
    assert shown == "shop  run run-1  in random order: --shuffle=0 repeats it\n"


def test_the_declared_order_is_not_told():
    shown = show(io.StringIO(), [Event("run-started", 0.0, {"project": "shop", "run": "run-1", "seed": None})])
    assert shown == "shop  run run-1\n"


def test_what_an_audit_finds_is_told():
    shown = show(io.StringIO(), [Event("audit", 1.0, {"text": "declared order: 3 passed"})])
    assert shown == "  declared order: 3 passed\n"


def test_a_verbose_log_has_every_line_of_a_build():
    assert "    Get:1 http://mirror.example\n" in show(io.StringIO(), verbose=True)


def test_a_terminal_shows_a_running_step_that_the_next_line_replaces():
    shown = show(Terminal())
    assert "  image     ...\r\x1b[K    " in shown
    assert shown.count("\n") == 3


def test_a_terminal_has_colours():
    assert "\x1b[31mworker gw1 crashed\x1b[0m" in show(Terminal())


@pytest.mark.parametrize(("name", "value"), [("NO_COLOR", "1"), ("TERM", "dumb")])
def test_a_terminal_without_colour_gets_none(monkeypatch, name, value):
    monkeypatch.setenv(name, value)
    assert "\x1b[31m" not in show(Terminal())
    assert "\x1b[2m" not in show(Terminal())


def test_only_terminals_want_colour():
    assert wants_colour(Terminal(), {"TERM": "xterm"})
    assert not wants_colour(io.StringIO(), {"TERM": "xterm"})


def test_a_line_of_a_build_is_cut_to_the_terminals_width():
    shown = show(Terminal(), [Event("progress", 0.0, {"text": "x" * 100})])
    assert "x" * 35 in shown
    assert "x" * 36 not in shown


def test_a_temporary_line_is_cleared_once_before_others_write():
    stream = Terminal()
    console = Console(stream)
    console(Event("step-started", 0.0, {"step": "tests"}))
    before = len(stream.getvalue())
    console.give_way(b"one\n")
    console.give_way(b"two\n")
    assert stream.getvalue()[before:] == "\r\x1b[K"


def test_a_line_of_ours_does_not_go_on_where_the_suite_left_its_own_open():
    stream = Terminal()
    console = Console(stream)
    console.give_way(b"test_a.py ..")
    console.print("one")
    console.print("two")
    assert stream.getvalue().splitlines() == ["", "one", "two"]


def test_a_line_of_ours_follows_at_once_on_a_line_that_the_suite_ended():
    stream = Terminal()
    console = Console(stream)
    console.give_way(b"test_a.py ..")
    console.give_way(b". [100%]\n")
    console.print("one")
    assert stream.getvalue() == "one\n"


def test_what_the_suite_left_open_is_of_no_interest_where_no_terminal_shows_it():
    stream = io.StringIO()
    console = Console(stream)
    console.give_way(b"test_a.py ..")
    console.print("one")
    assert stream.getvalue() == "one\n"


def test_what_a_stream_cannot_encode_is_no_error():
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii", errors="strict")
    Console(stream).print("tést \ud800")
    assert stream.buffer.getvalue() == b"t\\xe9st \\ud800\n"


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("Step 1/9 : FROM x", True),
        ("building x", True),
        ("pulling x", True),
        ("no registry in reach", True),
        ("== installing", True),
        (" ---> Running in 1", False),
        ("Reading package lists", False),
        ("", False),
    ],
)
def test_a_log_keeps_the_milestones_of_a_build(line, expected):
    assert is_milestone(line) is expected


def test_the_first_word_of_an_error_is_red_on_a_terminal_only():
    error = SettingsError("error: is a word", "error: too")
    assert paint_error(error, io.StringIO()) == error.as_text()
    assert paint_error(error, Terminal()) == "\x1b[31merror:\x1b[0m error: is a word\ncause: error: too"


@pytest.mark.parametrize(
    ("kinds", "text"),
    [
        ([], "0 containers, 0 networks, 0 volumes"),
        (["container"], "1 container, 0 networks, 0 volumes"),
        (["volume", "container", "volume", "network"], "1 container, 1 network, 2 volumes"),
    ],
)
def test_the_last_line_counts_what_is_left(kinds, text):
    assert make_last_line([make_leftover(kind=kind) for kind in kinds]) == f"left behind: {text}"
