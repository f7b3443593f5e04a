"""The audit: which tests' verdicts depend on order or company, and the shortest company that shows it. Pure."""

import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

Run = Callable[[Sequence[str]], Mapping[str, str]]
"""Runs exactly these tests in this order in one clean process; the verdict of each that came to one."""

Kind = Literal["fails after", "needs", "unsteady"]

LIMIT = 500
"""Runs, of which most are of a few tests."""

REPEATS = 2
"""How often a finding has to show again; an unsteady test passes for a dependent one with a chance of 1 in 2^4."""

KNOWN = 3
"""Companies of earlier findings that are tried first: one test often spoils many."""

FAILURES = frozenset({"failed", "error"})
WORDS = {"passed": "passes", "failed": "fails", "error": "has an error", "skipped": "is skipped"}


@dataclass(frozen=True)
class Finding:
    """A test whose verdict does not depend on itself alone.

    Attributes:
        test: its id.
        kind: `fails after` its company and passes alone, `needs` its company and fails alone, or `unsteady`: the same
            tests in the same order gave different verdicts.
        company: the tests that run before it, in order; none of an unsteady test.
        verdicts: its verdicts `alone`, in each order of all tests (`as declared`, `reversed`, `shuffled`) and, but for
            an unsteady test, `in company`.
    """

    test: str
    kind: Kind
    company: tuple[str, ...]
    verdicts: Mapping[str, str]


@dataclass(frozen=True)
class Findings:
    """What an audit found.

    Attributes:
        findings: in the order in which they were found.
        runs: how many were made.
        unresolved: tests that failed in some order and whose reason was not found: the limit of runs was reached, or
            it is in what runs after them.
    """

    findings: tuple[Finding, ...]
    runs: int
    unresolved: tuple[str, ...] = ()


class ExhaustedError(Exception):
    """No more runs are allowed."""


def audit(tests: Sequence[str], run: Run, seed: int, tell: Callable[[str], None], limit: int = LIMIT) -> Findings:
    """Search for tests that depend on order or company.

    All tests run as declared, reversed and shuffled. Of any two tests, each runs before the other in one of the first
    two orders, so that a dependency of two shows unless a third test hides it; the shuffled order breaks up what does.
    What failed in any order runs alone, and the difference is narrowed down. A test that fails everywhere is no
    finding, and one that fails alone is only seen where it also fails in some order.

    Args:
        tests: ids, in the declared order.
        run: makes one run.
        seed: of the shuffled order.
        tell: hears what is going on, in sentences.
        limit: the greatest number of runs.
    """
    return Audit(run, limit, tell).search(list(dict.fromkeys(tests)), seed)


def describe(finding: Finding) -> str:
    """A finding in a sentence."""
    if finding.kind == "unsteady":
        return f"{finding.test} is unsteady: the same tests in the same order gave it different verdicts"
    company = ", then ".join(finding.company) + (" runs first" if len(finding.company) == 1 else " run first")
    alone, together = (
        WORDS.get(text, f"is {text}") for text in (finding.verdicts["alone"], finding.verdicts["in company"])
    )
    if finding.kind == "needs":
        return f"{finding.test} {alone} alone; when {company}, it {together}"
    return f"{finding.test} {together} when {company}; alone it {alone}"


def shuffle(tests: Iterable[str], seed: int) -> list[str]:
    """A random order: files, then what is in a file, then the tests of a class; each level stays together.

    The same as `runner.plugin.ordering.shuffle`.
    """
    source = random.Random(seed)  # noqa: S311 -- for an order that can be had again

    def place(members: list[tuple[list[str], str]]) -> list[str]:
        groups: dict[str, list[tuple[list[str], str]]] = {}
        for parts, test in members:
            groups.setdefault(parts[0] if parts else "", []).append((parts[1:], test))
        names = list(groups)
        source.shuffle(names)
        return [test for name in names for test in finish(groups[name])]

    def finish(members: list[tuple[list[str], str]]) -> list[str]:
        return place(members) if any(parts for parts, _ in members) else [test for _, test in members]

    return place([(split(test), test) for test in tests])


def split(test: str) -> list[str]:
    """The parts of a test's id; a parameter may hold any text."""
    plain, bracket, parameters = test.partition("[")
    *parts, last = plain.split("::")
    return [*parts, last + bracket + parameters]


class Audit:
    """One search; see `audit`."""

    def __init__(self, run: Run, limit: int, tell: Callable[[str], None]) -> None:
        self._run = run
        self._limit = limit
        self._tell = tell
        self._runs = 0
        self._orders: dict[str, list[str]] = {}
        self._swept: dict[str, Mapping[str, str]] = {}
        self._again: dict[str, Mapping[str, str]] = {}
        self._found: list[Finding] = []

    def search(self, tests: list[str], seed: int) -> Findings:
        """All findings."""
        waiting: list[str] = []
        unresolved: list[str] = []
        try:
            self._sweep({"as declared": tests, "reversed": tests[::-1], "shuffled": shuffle(tests, seed)})
        except ExhaustedError:
            self._tell(f"the limit of {self._limit} runs is reached before every order was tried")
        else:
            waiting = self._list_suspects(tests)
        try:
            while waiting:
                unresolved += [] if self._examine(waiting[0]) else waiting[:1]
                waiting = waiting[1:]
        except ExhaustedError:
            self._tell(f"the limit of {self._limit} runs is reached; {len(waiting)} tests are left")
        return Findings(tuple(self._found), self._runs, (*unresolved, *waiting))

    def _ask(self, tests: Sequence[str]) -> Mapping[str, str]:
        if self._runs >= self._limit:
            raise ExhaustedError
        self._runs += 1
        return self._run(tests)

    def _sweep(self, orders: Mapping[str, list[str]]) -> None:
        for name, order in orders.items():
            if order and order not in self._orders.values():
                self._tell(f"all {len(order)} tests, {name}")
                self._orders[name], self._swept[name] = order, self._ask(order)

    def _list_suspects(self, tests: Iterable[str]) -> list[str]:
        """The tests that failed in some order, first those that passed in another."""
        failed = {test: [self._swept[name].get(test) in FAILURES for name in self._swept] for test in tests}
        return sorted(filter(lambda test: any(failed[test]), failed), key=lambda test: all(failed[test]))

    def _examine(self, test: str) -> bool:
        """Look into one test; False where its reason stays unknown."""
        verdicts = {name: swept[test] for name, swept in self._swept.items() if test in swept}
        verdicts["alone"] = alone = self._ask([test]).get(test, "no verdict")
        differing = [name for name in verdicts if (verdicts[name] in FAILURES) != (alone in FAILURES)]
        if alone == "no verdict" or not differing:
            return alone != "no verdict"  # It fails everywhere.
        # The fewer tests ran before it, the fewer runs are left to make.
        name = min(differing, key=lambda each: self._orders[each].index(test))
        before = self._orders[name][: self._orders[name].index(test)]
        self._tell(f"{test} alone: {alone}, {name}: {verdicts[name]}; looking through {len(before)} tests before it")
        kind: Kind = "needs" if alone in FAILURES else "fails after"
        case = Case(test, alone, self._ask)
        company = self._find_company(kind, before, case)
        if company is not None and case.shows_again(company):
            self._add(Finding(test, kind, company, {**verdicts, "in company": case.verdicts[company]}))
        elif company is not None or not case.is_steady_alone() or self._is_changed(name, test):
            self._add(Finding(test, "unsteady", (), verdicts))
        else:
            self._tell(f"{test} does not depend on the tests before it alone")
            return False
        return True

    def _find_company(self, kind: Kind, before: Sequence[str], case: "Case") -> tuple[str, ...] | None:
        known = dict.fromkeys(each.company for each in reversed(self._found) if each.kind == kind)
        for company in [each for each in known if set(each) <= set(before)][:KNOWN]:
            if case.shows(company):
                return company
        return narrow(tuple(before), case.shows)

    def _is_changed(self, name: str, test: str) -> bool:
        """Whether the same order of all tests gives another verdict; one repetition serves all tests."""
        if name not in self._again:
            self._tell(f"all {len(self._orders[name])} tests once more, {name}")
            self._again[name] = self._ask(self._orders[name])
        return (self._again[name].get(test) in FAILURES) != (self._swept[name].get(test) in FAILURES)

    def _add(self, finding: Finding) -> None:
        self._found.append(finding)
        self._tell(describe(finding))


class Case:
    """One test, and what its verdict was after which company."""

    def __init__(self, test: str, alone: str, ask: Run) -> None:
        self._test = test
        self._ask = ask
        self.verdicts: dict[tuple[str, ...], str] = {(): alone}

    def shows(self, company: Sequence[str]) -> bool:
        """Whether the test has another verdict after this company than alone; each company is tried once."""
        key = tuple(company)
        if key not in self.verdicts:
            self.verdicts[key] = self._try(key)
        return self._differs(self.verdicts[key])

    def shows_again(self, company: Sequence[str]) -> bool:
        """Whether both verdicts come again and again."""
        return all(self._differs(self._try(company)) for _ in range(REPEATS)) and self.is_steady_alone()

    def is_steady_alone(self) -> bool:
        """Whether the verdict alone comes again and again."""
        return not any(self._differs(self._try(())) for _ in range(REPEATS))

    def _try(self, company: Sequence[str]) -> str:
        return self._ask([*company, self._test]).get(self._test, "no verdict")

    def _differs(self, verdict: str) -> bool:
        return verdict != "no verdict" and (verdict in FAILURES) != (self.verdicts[()] in FAILURES)


def narrow(company: tuple[str, ...], shows: Callable[[Sequence[str]], bool]) -> tuple[str, ...] | None:
    """A company with which the difference shows and none of which can be left out; None where it does not show.

    A single test is found by halves: about log2 of the number of tests in runs that become shorter each time.
    """
    one = company
    while len(one) > 1:
        half = one[: len(one) // 2]
        one = half if shows(half) else one[len(half) :]
    if shows(one):
        return one
    return combine(company, shows) if shows(company) else None


def combine(company: tuple[str, ...], shows: Callable[[Sequence[str]], bool]) -> tuple[str, ...]:
    """The same for a combination: again and again the last test without which the rest is not enough."""
    found: tuple[str, ...] = ()
    rest = company
    while not shows(found):
        # With the rest from `low` on the difference shows, from `high` on it does not.
        low, high = 0, len(rest)
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if shows((*found, *rest[middle:])) else (low, middle)
        found, rest = (*found, rest[low]), rest[low + 1 :]
    for test in found:
        without = tuple(each for each in found if each != test)
        found = without if shows(without) else found
    return found
