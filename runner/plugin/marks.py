"""The marks that are declared, and a refusal of `-m` with one that is not."""

import re

import pytest

from .channel import Channel

EXPRESSION_WORDS = frozenset({"and", "or", "not", "True", "False", "None"})
"""Words of a mark expression that are no marks."""


class MarkChecker:
    """Refuses a `-m` expression with a mark that nobody declared.

    Pytest does so too under `--strict-markers`, but in each worker, which xdist answers with an internal error.
    """

    def __init__(self, reports: Channel) -> None:
        self._reports = reports

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionstart(self, session: pytest.Session) -> None:
        """Look at the expression before any worker starts, and after every plugin declared its marks."""
        config = session.config
        declared = set(find_declared_marks(config))
        without_arguments = re.sub(r"\([^()]*=[^()]*\)", "", config.option.markexpr)
        named = set(re.findall(r"[^\W\d][\w.]*", without_arguments))
        if unknown := sorted(named - declared - EXPRESSION_WORDS):
            self._reports.tell("unknown-mark", mark=unknown[0], known=sorted(declared))
            raise pytest.UsageError(f"unknown mark in -m: {unknown[0]}")


def find_declared_marks(config: pytest.Config) -> list[str]:
    """The marks that the project, its plugins and ours declare."""
    return sorted({re.split(r"[:(]", line)[0].strip() for line in config.getini("markers")})
