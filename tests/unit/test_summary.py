"""The summary in Markdown."""

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st
from told_events import finish, locate

from runner.core.attempt_log import AttemptLog
from runner.core.failure_log import FailureLog
from runner.core.summary import LIMIT, Facts, make_code, make_summary

pytestmark = pytest.mark.unit


def summarise(*events, limit=LIMIT, **changes):
    log, failures = AttemptLog(), FailureLog()
    for event in events:
        log.add(event)
        failures.add(event)
    usual = {"project": "shop", "exit_code": 0, "error": "", "seconds": 3.5, "steps": {"image": 0.5, "tests": 2.0}}
    facts = Facts(**usual | {"image": "suite-shop:0123", "log": log, "failures": failures} | changes)
    return make_summary(facts, limit)


def read(text):
    """The text as a page shows it."""
    found = []
    parser = HTMLParser()
    parser.handle_data = found.append
    parser.feed(text)
    parser.close()
    return "".join(found)


@pytest.mark.smoke
def test_a_run_that_passed_has_counts_slowest_tests_steps_and_the_image():
    shown = summarise(finish(test="a", seconds=0.25), finish(test="b", seconds=0.5), finish("skipped", test="c"))
    assert shown.startswith("### <code>shop</code> passed\n\n| passed | skipped |\n| --: | --: |\n| 2 | 1 |\n")
    text = read(shown)
    assert text.index("b 0.50 s") < text.index("a 0.25 s")
    assert "Time: 3.50 s in all\n\n\nimage 0.50 s\ntests 2.00 s\n" in text
    assert text.endswith("Image suite-shop:0123\n")
    assert "Failed" not in shown


def test_a_failure_shows_its_place_and_message_and_unfolds_to_its_traceback():
    shown = summarise(locate(), finish("failed", message="assert 1 == 2"), exit_code=1)
    assert "</code> failed, exit code 1\n" in shown
    text = read(shown)
    assert "tests/test_a.py::test_a at tests/test_a.py:7: assert 1 == 2" in text
    assert "the traceback" in text


def test_an_error_of_the_run_is_shown():
    assert "error: no engine\n" in read(summarise(exit_code=91, error="error: no engine"))


def test_retries_and_quarantine_are_shown_and_quarantine_is_no_failure():
    events = [finish("rerun"), finish(attempt=2), finish("failed", test="b")]
    shown = summarise(*events, excused=["b"])
    assert "| passed | failed | retried |\n| --: | --: | --: |\n| 1 | 1 | 1 |" in shown
    text = read(shown)
    assert "retried: tests/test_a.py::test_a: ; passed at attempt 2" in text
    assert "In quarantine\n\n\nb\n" in text
    assert "#### Failed" not in shown


def test_only_the_five_slowest_are_shown():
    shown = summarise(*(finish(test=f"t{number}", seconds=number) for number in range(9)))
    assert re.findall(r"<li><code>(t\d)</code>", shown) == ["t8", "t7", "t6", "t5", "t4"]


def test_long_lists_end_with_what_is_left_out():
    shown = summarise(*(finish("failed", test=f"t{number}") for number in range(60)), excused=["t1"] * 60)
    assert "<li>and 10 more</li>" in shown


@pytest.mark.parametrize("limit", [100, 2000, 10_000, LIMIT])
def test_a_summary_is_never_larger_than_its_limit_and_says_what_is_missing(limit):
    events = [each for n in range(300) for each in (locate(f"t{n}", text="<é>" * 1300), finish("failed", f"t{n}"))]
    shown = summarise(*events, limit=limit, exit_code=1)
    assert len(shown.encode()) <= limit
    if limit > 5000:
        found = re.search(r"and (\d+) more, in the results", shown)
        assert int(found[1]) + shown.count("<details>") == 300


def test_a_name_that_no_file_can_hold_is_no_error():
    assert "a\ud800" in read(summarise(locate("a\ud800"), finish("failed", "a\ud800")))


HOSTILE = [
    "</pre></details><script>x</script>",
    "`*_[a](b)![c](d)|",
    "\n\n# title\n\n| a |",
    "@somebody #12 https://x.example",
    "&lt;b&gt;&#x27;",
]


@pytest.mark.security
@pytest.mark.parametrize("text", HOSTILE)
def test_what_a_test_says_is_shown_and_not_read(text):
    shown = summarise(locate(text, file=text, text=text), finish("failed", text, message=text), project=text)
    said = read(shown)
    assert " ".join(text.split()) in said
    assert "<script>" not in shown
    assert shown.count("</pre>") == shown.count("<pre>") == 1


@pytest.mark.security
@given(st.text())
def test_text_inside_of_a_line_is_that_text_and_has_nothing_of_markdown(text):
    code = make_code(text)
    assert read(code) == " ".join(text.split())[:500]
    assert not set("\n`*_[]|~@:!\\") & set(code)
