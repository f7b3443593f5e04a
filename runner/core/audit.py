"""The audit: which tests' verdicts depend on order or company, and the shortest company that shows it. Pure."""

from collections.abc import Callable, Iterable, Mapping, Sequence

from runner.core.audit_case import FAILURES, Case, Run
from runner.core.findings import Finding, Findings, Kind, describe
from runner.core.narrowing import narrow
from runner.core.shuffling import shuffle

LIMIT = 500
"""Runs, of which most are of a few tests."""

KNOWN = 3
"""Companies of earlier findings that are tried first: one test often spoils many."""


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

    def _find_company(self, kind: Kind, before: Sequence[str], case: Case) -> tuple[str, ...] | None:
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
