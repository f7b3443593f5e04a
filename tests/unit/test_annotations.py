"""Annotations: which there are, and the commands that GitHub reads."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from told_events import TEST, finish, locate

from runner.core.annotations import Annotation, annotate, as_command, choose, escape, escape_property, move
from runner.core.attempt_log import AttemptLog
from runner.core.events import Event
from runner.core.failure_log import FailureLog, keep_inside
from runner.errors import RetryBudgetError

pytestmark = pytest.mark.unit


def judge(*events, excused=(), error=None):
    log, failures = AttemptLog(), FailureLog()
    for event in events:
        log.add(event)
        failures.add(event)
    return annotate(log, failures, excused, error)


def unescape(text):
    """As GitHub's own runner does it: percent last."""
    for code, plain in (("%3A", ":"), ("%2C", ","), ("%0D", "\r"), ("%0A", "\n"), ("%25", "%")):
        text = text.replace(code, plain)
    return text


@pytest.mark.smoke
def test_a_failed_test_is_an_error_on_its_line():
    assert judge(locate(), finish("failed", message="assert 1 == 2")) == [
        Annotation("error", f"failed: {TEST}", "assert 1 == 2", "tests/test_a.py", 7),
    ]


def test_a_test_that_passed_is_no_matter():
    assert judge(finish()) == []


def test_a_failure_without_a_place_names_the_file_of_the_test():
    assert judge(finish("error")) == [Annotation("error", f"error: {TEST}", "error", "tests/test_a.py", 0)]


def test_of_two_failures_of_one_attempt_the_first_counts():
    (found,) = judge(locate(line=7), locate(line=9), finish("failed"))
    assert found.line == 7


def test_a_retried_test_is_a_warning_where_it_first_failed():
    again = finish("rerun", reason="declared", error="AssertionError")
    (found,) = judge(locate(line=3), again, finish(attempt=2))
    assert (found.level, found.title, found.line) == ("warning", f"retried: {TEST}", 3)
    assert found.message == f"retried: {TEST}: AssertionError; passed at attempt 2"


def test_a_test_in_quarantine_is_a_warning_and_no_error():
    (found,) = judge(locate(), finish("failed", message="m"), excused=[TEST])
    assert (found.level, found.title) == ("warning", f"in quarantine: {TEST}")


def test_a_file_that_cannot_be_collected_is_an_error_once():
    data = {"test": "tests/test_a.py", "message": "SyntaxError: x", "file": "tests/test_a.py", "line": 3, "text": ""}
    event = Event("collection-failed", 1.0, data)
    assert judge(event, event) == [
        Annotation("error", "cannot be collected: tests/test_a.py", "SyntaxError: x", "tests/test_a.py", 3)
    ]


def test_what_makes_the_run_fail_comes_first():
    first, second = judge(locate(), finish("failed"), error=RetryBudgetError("too many", "5", "repair"))
    assert (first.title, first.file) == ("ephemeral-runner: exit code 97", "")
    assert first.message == "error: too many\ncause: 5\nhint:  repair"
    assert second.file == "tests/test_a.py"


def test_of_each_level_only_as_many_are_chosen_as_are_shown():
    many = [Annotation(level, str(number), "m") for number in range(20) for level in ("warning", "error")]
    assert [(each.level, each.title) for each in choose(many)] == [
        (level, str(number)) for level in ("error", "warning") for number in range(10)
    ]


@pytest.mark.security
@pytest.mark.parametrize("file", ["/etc/passwd", "../secret", "a/../../b", ""])
def test_a_place_outside_the_project_is_none(file):
    assert keep_inside(file) == ""
    (found,) = judge(locate(file=file), finish("failed"))
    assert found.file == ""


def test_paths_are_those_of_the_repository():
    assert move(Annotation("error", "t", "m", "tests/a.py"), "services/api").file == "services/api/tests/a.py"
    assert move(Annotation("error", "t", "m", "tests/a.py"), "").file == "tests/a.py"
    assert move(Annotation("error", "t", "m"), "services/api").file == ""


def test_a_command_names_what_is_known():
    assert as_command(Annotation("error", "a::b", "50 %\nmore", "a,b.py", 3)) == (
        "::error file=a%2Cb.py,line=3,title=a%3A%3Ab::50 %25%0Amore"
    )
    assert as_command(Annotation("warning", "t", "m", "a.py")) == "::warning file=a.py,title=t::m"
    assert as_command(Annotation("error", "t", "m")) == "::error title=t::m"


@given(st.text())
def test_escaped_text_is_one_line_that_reads_back(text):
    assert unescape(escape(text)) == text
    assert unescape(escape_property(text)) == text
    assert not {"\r", "\n"} & {*escape(text)}
    assert not {"\r", "\n", ":", ","} & {*escape_property(text)}


@pytest.mark.security
@given(st.text(), st.text(), st.text(min_size=1))
def test_a_command_is_one_line_with_one_end_of_its_properties_whatever_a_test_says(file, title, message):
    command = as_command(Annotation("error", title or "t", message, file, 1))
    assert command.count("\n") == command.count("\r") == 0
    properties, _, rest = command.removeprefix("::error ").partition("::")
    assert unescape(rest) == message
    named = dict(each.partition("=")[::2] for each in properties.split(","))
    assert {name: unescape(value) for name, value in named.items()} == {
        **({"file": file} if file else {}),
        "line": "1",
        "title": title or "t",
    }
