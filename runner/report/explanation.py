"""The causes of a run's failures, told to a person or a program."""

from collections.abc import Iterator
from typing import Any

from runner.core.explanation import Cause, Explanation
from runner.core.redact import Redactor
from runner.report.console import BOLD, DIM, RED, RESET
from runner.report.run_story import make_line, show

SHOWN, SHOWN_TESTS, SHOWN_PLACES = 10, 2, 3
"""Causes or errors, tests of each, and lines of the project that are told."""

HIDE = Redactor([]).redact

ORDER = "where they pass outside: `runner run -n 0` shows whether the workers matter, `runner audit` which test does"
"""What to do about failures that nobody knows: a test may need another one before it, which some other worker runs."""


def tell_explanation(explanation: Explanation, run: str) -> list[str]:
    """The lines, with colours."""
    lines = [f"{BOLD}run {run}{RESET}  {tell_count(explanation)}"]
    for number, cause in enumerate(explanation.causes[:SHOWN], 1):
        lines += [
            "",
            f"{BOLD}{number}. {show(HIDE(cause.diagnosis.what))}{RESET}",
            *tell_cause(cause, explanation.failed),
        ]
    return [*lines, *tell_unknown(explanation)]


def tell_count(explanation: Explanation) -> str:
    """How much of the run is explained."""
    known = len({test for cause in explanation.causes for test in cause.tests})
    if not explanation.failed and not explanation.causes:
        return "nothing failed"
    if not explanation.failed:
        return "no test failed, but the run did"
    return f"{RED}{explanation.failed} failed{RESET}, {known} of them for a cause that is known"


def tell_cause(cause: Cause, failed: int) -> Iterator[str]:
    """What it explains, what shows it, and what to do."""
    if cause.tests:
        tests = ", ".join(show(each) for each in cause.tests[:SHOWN_TESTS])
        more = f" and {len(cause.tests) - SHOWN_TESTS} more" if len(cause.tests) > SHOWN_TESTS else ""
        yield make_line("explains", f"{len(cause.tests)} of {failed} failed: {DIM}{tests}{more}{RESET}")
    for place in cause.diagnosis.places[:SHOWN_PLACES]:
        yield make_line("where", f"{show(place.file)}:{place.line}  {DIM}{show(HIDE(place.text))}{RESET}")
    yield make_line("error", show(HIDE(max(cause.errors, key=lambda each: cause.errors[each]))))
    for number, line in enumerate(cause.diagnosis.todo):
        yield make_line("do" if number == 0 else "", show(line))


def tell_unknown(explanation: Explanation) -> Iterator[str]:
    """What no rule knows, honestly."""
    count = sum(len(tests) for tests in explanation.unknown.values())
    if not count:
        return
    yield ""
    yield f"{BOLD}no known cause for {count} of {explanation.failed}{RESET}; the commonest errors:"
    for error, tests in [*explanation.unknown.items()][:SHOWN]:
        yield f"  {len(tests):>5}  {show(HIDE(error))}  {DIM}{show(tests[0])}{RESET}"
    if (more := len(explanation.unknown) - SHOWN) > 0:
        yield f"         and {more} other errors: `runner last --json` has all"
    if explanation.hint:
        yield make_line("perhaps", f"packages are newer than the project, and no lock has them; {explanation.hint}")
    yield make_line("do", ORDER)


def tell_why(explanation: Explanation) -> str:
    """One line for the end of a failed run: the cause where one explains half of it; empty where none is known."""
    if not explanation.causes:
        return ""
    first = explanation.causes[0]
    if 2 * len(first.tests) < explanation.failed and first.tests:
        return "runner explain"
    count = f" ({len(first.tests)} of {explanation.failed} failed)" if first.tests else ""
    return f"{show(HIDE(first.diagnosis.what))}{count}; what to do: runner explain"


def as_dict(explanation: Explanation, run: str) -> dict[str, Any]:
    """The same for programs."""
    return {
        "run": run,
        "failed": explanation.failed,
        "causes": [
            {
                "kind": cause.diagnosis.kind,
                "what": HIDE(cause.diagnosis.what),
                "tests": cause.tests,
                "where": [
                    {"file": each.file, "line": each.line, "text": HIDE(each.text)} for each in cause.diagnosis.places
                ],
                "errors": [HIDE(each) for each in cause.errors],
                "do": list(cause.diagnosis.todo),
            }
            for cause in explanation.causes
        ],
        "unknown": [{"error": HIDE(error), "tests": list(tests)} for error, tests in explanation.unknown.items()],
        "hint": explanation.hint,
    }
