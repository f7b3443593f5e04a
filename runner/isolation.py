"""Watches a run for broken rules of isolation: what tests report themselves, and what Postgres refused."""

from collections import defaultdict

from runner.core.events import Event
from runner.core.slot_names import BY_NAME, FindSlot
from runner.core.violations import LogReader, Violation

PREFIX = "isolation rule broken: "

ROWS = "rows"
"""What the suite says of this rule lacks the table, and what a test caught; the server's log has both."""

TICK = 0.001
"""Seconds: the log has no smaller parts."""


class RuleWatch:
    """Knows which test ran on which worker at what time.

    Args:
        find_slot: tells whose a role or a database is.
    """

    def __init__(self, find_slot: FindSlot = BY_NAME) -> None:
        self._log = LogReader(find_slot)
        self._refused: list[Violation] = []
        self._started: defaultdict[str, list[tuple[float, str, bool]]] = defaultdict(list)
        self._texts: list[str] = []

    def hear(self, event: Event) -> None:
        """Take one event into account."""
        data = event.data
        if event.name == "test-started":
            self._started[data["worker"]].append((data["time"], data["test"], data["crosses"]))
        elif event.name == "rule-broken" and data["rule"] != ROWS:
            text = data["text"].removeprefix(PREFIX)
            self._texts.append(f"{text} ({data['test']}, worker {data['worker']})")

    def read_log(self, data: bytes) -> None:
        """Take a piece of the log of Postgres into account."""
        self._refused += self._log.feed(data)

    def find_broken(self) -> list[str]:
        """The broken rules in words, without what a test is marked to do.

        A refusal counts though the test may have caught the error: with rights, the rows would have been shared.
        """
        self._refused += self._log.close()
        found = [*self._texts]
        for each in self._refused:
            test, crosses = self._find_test(each)
            if not crosses:
                found.append(
                    f"no shared rows: {test} (worker {each.slot}) was refused `{each.object}` of {each.other}:"
                    f" {each.statement}"
                )
        return list(dict.fromkeys(found))

    def _find_test(self, violation: Violation) -> tuple[str, bool]:
        """The test that ran on the worker then, and whether it means to cross slots."""
        for at, test, crosses in reversed(self._started[violation.slot]):
            if at <= violation.time + TICK:
                return test, crosses
        return "no test", False
