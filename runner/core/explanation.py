"""Explains the failures of a run by rules, and counts what none of them knows. Pure."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from runner.core.causes.symptoms import Diagnosis, Facts, Hit, Rule, Symptom, shorten


@dataclass
class Cause:
    """A cause, and what it explains.

    Attributes:
        diagnosis: what it is.
        tests: those that it explains.
        errors: the line that each of them showed, most frequent first when told.
    """

    diagnosis: Diagnosis
    tests: list[str] = field(default_factory=list)
    errors: dict[str, int] = field(default_factory=dict)

    def add(self, test: str, error: str) -> None:
        """One more symptom of it."""
        if test and test not in self.tests:
            self.tests.append(test)
        self.errors[error] = self.errors.get(error, 0) + 1


@dataclass(frozen=True)
class Explanation:
    """What a failed run's symptoms come to.

    Attributes:
        causes: the known ones: those of the whole run first, then by how many tests each explains.
        unknown: errors that no rule knows, with the tests that have them; the commonest first.
        failed: how many tests, and files that could not be collected, failed.
        hint: what else may be the cause of what no rule knows; empty where nothing is.
    """

    causes: Sequence[Cause] = ()
    unknown: Mapping[str, Sequence[str]] = field(default_factory=dict)
    failed: int = 0
    hint: str = ""


def explain(symptoms: Sequence[Symptom], rules: Sequence[Rule], facts: Facts) -> Explanation:
    """Find the cause of each symptom; rules are asked in order, the more special ones come first."""
    causes: dict[tuple[str, str], Cause] = {}
    unknown: dict[str, list[str]] = {}
    known: dict[tuple[str, ...], tuple[Diagnosis | None, str]] = {}
    for symptom in symptoms:
        # Hundreds of tests fail for one reason with one text, and a rule may read the whole project.
        key = (symptom.errors, symptom.message, symptom.output, *symptom.groups)
        if key not in known or not symptom.test:
            known[key] = diagnose(symptom, rules, facts)
        diagnosis, error = known[key]
        if diagnosis is not None:
            causes.setdefault((diagnosis.kind, diagnosis.what), Cause(diagnosis)).add(symptom.test, error)
        elif symptom.test:
            unknown.setdefault(generalize(error), []).append(symptom.test)
    ranked = sorted(causes.values(), key=lambda each: (bool(each.tests), -len(each.tests)))
    return Explanation(
        [*keep_told(ranked)],
        dict(sorted(unknown.items(), key=lambda each: -len(each[1]))),
        len({each.test for each in symptoms if each.test}),
    )


def keep_told(causes: Sequence[Cause]) -> Sequence[Cause]:
    """What only the whole run shows is left out where failed tests show causes of the same kind."""
    of_tests = {each.diagnosis.kind for each in causes if each.tests}
    return [each for each in causes if each.tests or each.diagnosis.kind not in of_tests]


def diagnose(symptom: Symptom, rules: Sequence[Rule], facts: Facts) -> tuple[Diagnosis | None, str]:
    """The first rule's diagnosis, and the line that shows it; without one the message."""
    compared = "" if symptom.errors else symptom.message
    for text, compares in ((symptom.errors, False), (compared, True), (symptom.output, False)):
        for each in rules if text else ():
            for found in each.pattern.finditer(text) if each.compares == compares else ():
                if told := each.diagnose(Hit(found, symptom, facts)):
                    return told, cut_line(text, found.start())
    return None, shorten(symptom.message or symptom.errors.rpartition("\n")[2] or "no error was told")


def cut_line(text: str, position: int) -> str:
    """The line of a text at a position."""
    start = text.rfind("\n", 0, position) + 1
    return shorten(text[start:].partition("\n")[0])


def generalize(error: str) -> str:
    """An error without what differs from test to test: addresses in memory and long numbers."""
    return re.sub(r"\b\d{4,}\b", "N", re.sub(r"0x[0-9a-f]+", "0x…", error))
