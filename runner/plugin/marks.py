"""The marks that are declared, and a refusal of `-m` with one that is not, or with what is no expression."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest

from .channel import Channel

EXPRESSION_WORDS = frozenset({"and", "or", "not", "True", "False", "None"})
"""Words of a mark expression that are no marks."""


EXPRESSION_NODES = (ast.Expression, ast.BoolOp, ast.boolop, ast.UnaryOp, ast.Not, ast.Name, ast.Load, ast.Constant)
"""What of Python's grammar an expression of `-m` and `-k` may hold."""


class MarkChecker:
    """Refuses a `-m` expression with a mark that nobody declared, and expressions that are none.

    Pytest does so too, but in each worker, which xdist answers with an internal error.
    """

    def __init__(self, reports: Channel) -> None:
        self._reports = reports

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionstart(self, session: pytest.Session) -> None:
        """Look at the expression before any worker starts, and after every plugin declared its marks."""
        config = session.config
        check_syntax("-m", config.option.markexpr)
        check_syntax("-k", config.option.keyword)
        declared = set(find_declared_marks(config))
        without_arguments = re.sub(r"\([^()]*=[^()]*\)", "", config.option.markexpr)
        named = set(re.findall(r"[^\W\d][\w.]*", without_arguments))
        if unknown := sorted(named - declared - EXPRESSION_WORDS):
            self._reports.tell("unknown-mark", mark=unknown[0], known=sorted(declared))
            raise pytest.UsageError(f"unknown mark in -m: {unknown[0]}")


def check_syntax(option: str, expression: str) -> None:
    """Refuse an expression that pytest cannot read; it would find that out in each worker.

    Names may hold more than Python's (pytest's reference, "-k" and "-m"); the rest of the grammar is Python's.
    """
    plain = re.sub(r"\([^()]*=[^()]*\)", "", expression)
    plain = re.sub(r"[\w:+\-.\\/\[\]]+", lambda found: found[0] if found[0] in EXPRESSION_WORDS else "name", plain)
    try:
        nodes: Iterator[ast.AST] = ast.walk(ast.parse(plain.strip() or "name", mode="eval"))
    except SyntaxError:
        nodes = iter([ast.Tuple(elts=[], ctx=ast.Load())])
    if not all(isinstance(node, EXPRESSION_NODES) for node in nodes):
        raise pytest.UsageError(f"wrong expression in {option}: {expression}")


def find_declared_marks(config: pytest.Config) -> list[str]:
    """The marks that the project, its plugins and ours declare."""
    return sorted({re.split(r"[:(]", line)[0].strip() for line in config.getini("markers")})
