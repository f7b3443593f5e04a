"""The audit of isolations in words: a line for each isolation, the tests that decide, and what to write. Pure."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from runner.core.isolation_audit import Advice, Mode
from runner.core.isolation_differences import Difference
from runner.core.settings import REST

SHOWN = 5
"""Tests of one rule that are named; `--json` has all."""


def describe_advice(advice: Advice) -> Iterator[str]:
    """All lines for one pass."""
    yield f"{advice.name}: serial {advice.serial.as_text()} in {advice.serial.seconds:.1f} s"
    if advice.flaky:
        yield f"  flaky, and left out: {name_some(advice.flaky)}"
    for mode in advice.modes:
        yield f"  {mode.isolation:<9} {describe_mode(mode, len(advice.serial.attempts))}"
        yield from describe_differences(mode.differences)
        if mode.unsteady:
            yield f"    differed once and not again: {name_some(mode.unsteady)}"
    yield f"  {conclude(advice)}"


def describe_mode(mode: Mode, tests: int) -> str:
    """One isolation in a sentence."""
    if mode.refused:
        return f"cannot be had: {mode.refused}"
    if mode.equal:
        return f"equal in two runs; the first took {mode.seconds:.1f} s"
    return f"differs: {len(mode.differences)} of {tests} tests"


def describe_differences(differences: Sequence[Difference]) -> Iterator[str]:
    """The tests that decide, by the rule that they break; the rule of most tests first."""
    by_rule: defaultdict[str, list[Difference]] = defaultdict(list)
    for each in differences:
        by_rule[each.rule].append(each)
    for rule, found in sorted(by_rule.items(), key=lambda item: -len(item[1])):
        yield f"    {rule or 'for no rule that is known'}: {count(found)}"
        for each in found[:SHOWN]:
            yield f"      {each.test}  {each.serial} -> {each.verdict}"
            if each.evidence:
                yield f"        {each.evidence}"
        if len(found) > SHOWN:
            yield f"      and {len(found) - SHOWN} more; `--json` has all"


def conclude(advice: Advice) -> str:
    """What to write, if anything."""
    best, configured = advice.recommended, advice.configured
    if best is None:
        return (
            "no isolation is equal: give these tests a group of their own with `workers = 0`, or mend what they share"
        )
    if best == configured:
        return f'isolation = "{best}" is right'
    if advice.is_right:
        return f'isolation = "{configured}" is right; "{best}" is cheaper, and equal too'
    return f'write isolation = "{best}" in [{find_table(advice.name)}]; "{configured}" is not equal'


def find_table(name: str) -> str:
    """The table of settings that decides about a pass."""
    return "tool.runner" if name == REST else f"tool.runner.groups.{name}"


def name_some(tests: Sequence[str]) -> str:
    """A few tests by name, and the number of the others."""
    more = len(tests) - SHOWN
    return ", ".join(tests[:SHOWN]) + (f" and {more} more" if more > 0 else "")


def count(found: Sequence[Difference]) -> str:
    """Tests in words."""
    return f"{len(found)} test{'' if len(found) == 1 else 's'}"


def summarize(advice: Advice) -> dict[str, Any]:
    """The same for programs."""
    from msgspec import to_builtins

    return {
        "name": advice.name,
        "configured": advice.configured,
        "recommended": advice.recommended,
        "right": advice.is_right,
        "reference": advice.reference,
        "serial": advice.serial.verdicts,
        "flaky": [*advice.flaky],
        "runs": advice.runs,
        "modes": to_builtins(advice.modes),
    }
