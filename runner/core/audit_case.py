"""One suspect of an audit: whether its verdict differs after a company, and does so again and again. Pure."""

from collections.abc import Callable, Mapping, Sequence

Run = Callable[[Sequence[str]], Mapping[str, str]]
"""Runs exactly these tests in this order in one clean process; the verdict of each that came to one."""

REPEATS = 2
"""How often a finding has to show again; an unsteady test passes for a dependent one with a chance of 1 in 2^4."""

FAILURES = frozenset({"failed", "error"})


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
