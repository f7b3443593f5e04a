"""What differs between a serial run and one with workers: tests, verdicts, and the rule that each breaks. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass

from runner.core.isolation_rules import ENDED, HANG, IDS, find_difference, find_rule, make_evidence
from runner.core.trials import Trial

NO_VERDICT = "no verdict"


@dataclass(frozen=True)
class Difference:
    """A test whose verdict is another one.

    Attributes:
        test: its id.
        serial: its verdict in the serial run.
        verdict: its verdict with workers.
        rule: what it assumes, as far as that can be told; else empty.
        evidence: what says so, in one line.
    """

    test: str
    serial: str
    verdict: str
    rule: str = ""
    evidence: str = ""


def compare(serial: Trial, trial: Trial, flaky: frozenset[str]) -> tuple[Difference, ...]:
    """The tests that differ, but for flaky ones; those that have a verdict come first."""
    found = [*compare_verdicts(serial, trial), *list_missing(serial, trial)]
    return tuple(each for each in found if each.test not in flaky)


def compare_verdicts(serial: Trial, trial: Trial) -> Iterator[Difference]:
    """The tests that have another verdict."""
    for test, attempt in trial.attempts.items():
        before = serial.verdicts.get(test, attempt.verdict)
        if before != attempt.verdict:
            broken = next((text for text in trial.broken if test in text), "")
            evidence = make_evidence(attempt, broken, trial.places.get(test, ""))
            # What the test itself says comes before what was only seen around it.
            rule = find_rule(f"{attempt.error} {attempt.message}") or find_rule(broken)
            yield Difference(test, before, attempt.verdict, rule, evidence)


def list_missing(serial: Trial, trial: Trial) -> Iterator[Difference]:
    """The tests that have no verdict, those that hung first."""
    missing = [test for test in serial.attempts if test not in trial.attempts]
    for test in sorted(missing, key=lambda test: test not in trial.running):
        rule, evidence = explain_missing(test, serial, trial)
        yield Difference(test, serial.verdicts[test], NO_VERDICT, rule, evidence)


def explain_missing(test: str, serial: Trial, trial: Trial) -> tuple[str, str]:
    """Why a test has no verdict: rule and evidence."""
    if trial.running:
        seconds = trial.running.get(test)
        return HANG, "" if seconds is None else f"it did not end in {seconds:.0f} s"
    if evidence := find_difference(trial.output):
        return IDS, evidence
    if trial.ended:
        return find_rule(trial.ended) or ENDED, trial.ended
    others = [each for each in trial.attempts if each not in serial.attempts]
    alike = next((each for each in others if each.partition("[")[0] == test.partition("[")[0]), "")
    return (IDS, f"it is called {alike} there") if alike else (ENDED, "")
