"""The summary of a run in Markdown, for a page of CI. Pure.

What comes from tests stands inside of HTML elements, where Markdown is not read, with the characters of HTML escaped.
"""

import html
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from runner.core.attempt_log import AttemptLog, find_failed
from runner.core.failure_log import Failure, FailureLog
from runner.core.verdict import describe_retry

LIMIT = 1024 * 1024 - 4096
"""Bytes that a summary may have: GitHub takes 1 MiB for a step, and nothing of what is larger."""

SLOWEST, LISTED, LONGEST = 5, 50, 500
"""Tests shown as the slowest; lines of a list at the most; characters of a line."""


@dataclass(frozen=True)
class Facts:
    """What a summary tells.

    Attributes:
        project: its name.
        exit_code: of the run.
        error: what ended the run, in words, or empty.
        seconds: of the whole run.
        steps: each step with its seconds.
        image: the suite's, with its fingerprint.
        log: the attempts.
        failures: where they failed.
        excused: failed tests in quarantine.
    """

    project: str
    exit_code: int
    error: str
    seconds: float
    steps: Mapping[str, float]
    image: str
    log: AttemptLog
    failures: FailureLog
    excused: Collection[str] = ()


def make_summary(facts: Facts, limit: int = LIMIT) -> str:
    """The summary, with as many failures as fit into `limit` bytes."""
    head, tail = make_head(facts), make_tail(facts)
    if measure(head + tail) > limit - LONGEST:
        return head if measure(head) <= limit else ""
    blocks = [*map(make_failure, list_failures(facts))]
    left = limit - measure(head + tail) - LONGEST
    shown: list[str] = []
    for block in blocks:
        left -= measure(block)
        if left < 0:
            shown.append(f"\nand {len(blocks) - len(shown)} more, in the results\n")
            break
        shown.append(block)
    title = ["\n#### Failed\n"] if blocks else []
    return "".join([head, *title, *shown, tail])


def measure(text: str) -> int:
    """Bytes of a text in a file; a test's name may hold what no file can."""
    return len(text.encode(errors="replace"))


def make_head(facts: Facts) -> str:
    """How the run ended, and the counts of tests."""
    verdict = f"failed, exit code {facts.exit_code}" if facts.exit_code else "passed"
    counts = Counter(each.verdict for each in facts.log.last)
    counts += Counter({"retried": len({each.test for each in facts.log.retried})})
    rows = f"| {' | '.join(counts)} |\n|{' --: |' * len(counts)}\n| {' | '.join(map(str, counts.values()))} |\n"
    error = f"\n{make_pre(facts.error[:LONGEST])}" if facts.error else ""
    return f"### {make_code(facts.project)} {verdict}\n\n{rows if counts else ''}{error}"


def list_failures(facts: Facts) -> Sequence[tuple[str, str, Failure]]:
    """Test, message and place of each failure that counts."""
    failed = {*find_failed(facts.log.last)} - {*facts.excused}
    return [(each.test, each.message, each) for each in facts.failures.uncollected] + [
        (each.test, each.message, facts.failures.find(each.test, each.number))
        for each in facts.log.last
        if each.test in failed
    ]


def make_failure(found: tuple[str, str, Failure]) -> str:
    """One failure, whose traceback unfolds."""
    test, message, failure = found
    place = f" at {make_code(f'{failure.file}:{failure.line}')}" if failure.line else ""
    shown = make_pre(failure.text or message)
    return f"\n<details><summary>{make_code(test)}{place}: {make_code(message)}</summary>\n\n{shown}\n</details>\n"


def make_tail(facts: Facts) -> str:
    """Retries, quarantine, the slowest tests, and where the time went."""
    retried = dict.fromkeys(each.test for each in facts.log.retried)
    slowest = sorted(facts.log.last, key=lambda each: -each.seconds)[:SLOWEST]
    steps = [f"{make_code(name)} {seconds:.2f} s" for name, seconds in facts.steps.items()]
    return "".join(
        [
            make_list("Retried", [make_code(describe_retry(facts.log, test)) for test in retried]),
            make_list("In quarantine", [make_code(test) for test in facts.excused]),
            make_list("Slowest", [f"{make_code(each.test)} {each.seconds:.2f} s" for each in slowest]),
            make_list(f"Time: {facts.seconds:.2f} s in all", steps),
            f"\nImage {make_code(facts.image)}\n",
        ]
    )


def make_list(title: str, lines: Sequence[str]) -> str:
    """A titled list, or nothing where it would be empty."""
    more = [f"and {len(lines) - LISTED} more"] if len(lines) > LISTED else []
    items = "\n".join(f"<li>{line}</li>" for line in [*lines[:LISTED], *more])
    return f"\n#### {title}\n\n<ul>\n{items}\n</ul>\n" if lines else ""


def make_code(text: str) -> str:
    """Text of any origin inside of a line."""
    plain = " ".join(text.split())[:LONGEST]
    return f"<code>{''.join(f'&#{ord(each)};' if each in SPECIAL else each for each in plain)}</code>"


SPECIAL = frozenset("<>&\"'" + "\\`*_[]!|~@#:")
"""What has a meaning for HTML, for Markdown inside of a line, or makes GitHub name a person or an issue."""


def make_pre(text: str) -> str:
    """Text of any origin as lines of their own."""
    return f"<pre>\n{html.escape(text)}\n</pre>\n"
