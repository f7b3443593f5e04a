"""Events: one JSON object a line."""

import json

import pytest

from runner.core.events import Event, parse_event

pytestmark = pytest.mark.unit


def test_an_event_survives_the_way_through_json():
    line = Event("step-finished", 1.23456, {"step": "image", "note": "über\nzwei"}).as_json()
    assert "\n" not in line
    assert json.loads(line) == {"event": "step-finished", "at": 1.235, "step": "image", "note": "über\nzwei"}


def test_the_time_of_a_parsed_event_is_the_readers():
    assert parse_event(b'{"event": "x", "a": 1}', 4.5) == Event("x", 4.5, {"a": 1})


@pytest.mark.security
@pytest.mark.parametrize(
    "line", [b"", b"text", b"[1]", b"3", b"null", b'"event"', b"{}", b'{"name": "x"}', b"\xff\xfe", b'{"event": "x"']
)
def test_a_line_that_is_no_event_is_none(line):
    assert parse_event(line, 0.0) is None
