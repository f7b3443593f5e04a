"""Events: one JSON object a line."""

import json

import pytest

from runner.core.events import REQUIRED, Event, parse_event

pytestmark = pytest.mark.unit


def test_an_event_survives_the_way_through_json():
    line = Event("step-finished", 1.23456, {"step": "image", "note": "über\nzwei"}).as_json()
    assert "\n" not in line
    assert json.loads(line) == {"event": "step-finished", "at": 1.235, "step": "image", "note": "über\nzwei"}


def test_the_time_of_a_parsed_event_is_the_readers():
    line = b'{"event": "worker-crashed", "worker": "gw0"}'
    assert parse_event(line, 4.5) == Event("worker-crashed", 4.5, {"worker": "gw0"})


@pytest.mark.security
@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"text",
        b"[1]",
        b"3",
        b"null",
        b'"event"',
        b"{}",
        b'{"name": "x"}',
        b"\xff\xfe",
        b'{"event": "x"',
        b'{"event": "x"}',
        b'{"event": ["x"]}',
        b"[" * 100000,
    ],
)
def test_a_line_that_is_no_event_is_none(line):
    assert parse_event(line, 0.0) is None


SAMPLES = {str: "x", list: ["x"], int: 1, float: 1.5, bool: False}
WRONG = {str: 1, list: "x", int: "1", float: "1.5", bool: 1}


def make_line(event, **changes):
    """A line with all that an event must hold; a change to None leaves the key out."""
    data = {key: SAMPLES[kind] for key, kind in REQUIRED[event].items()} | changes
    return json.dumps({"event": event, **{key: value for key, value in data.items() if value is not None}}).encode()


@pytest.mark.parametrize("name", REQUIRED)
def test_an_event_with_all_that_it_must_hold_is_taken(name):
    event = parse_event(make_line(name, more="y"), 1.0)
    assert (event.name, event.data["more"]) == (name, "y")
    assert event.data.keys() == {*REQUIRED[name], "more"}


@pytest.mark.security
@pytest.mark.parametrize(("name", "key"), [(name, key) for name, keys in REQUIRED.items() for key in keys])
def test_an_event_that_lacks_what_it_must_hold_is_dropped(name, key):
    assert parse_event(make_line(name, **{key: None}), 1.0) is None
    assert parse_event(make_line(name, **{key: WRONG[REQUIRED[name][key]]}), 1.0) is None


def test_a_whole_number_is_a_number_of_seconds_too_but_a_truth_is_not():
    assert parse_event(make_line("test-finished", seconds=2), 0.0).data["seconds"] == 2
    assert parse_event(make_line("test-finished", seconds=True), 0.0) is None


@pytest.mark.parametrize("groups", [[1], ["a", None], [["a"]]])
def test_a_list_must_be_one_of_texts(groups):
    assert parse_event(make_line("test-started", groups=groups), 0.0) is None
    assert parse_event(make_line("test-started", groups=[]), 0.0).data["groups"] == []
