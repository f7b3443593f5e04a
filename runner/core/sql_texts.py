"""The SQL in a file: a script without its comments, or the texts in Python code that are no documentation. Pure."""

import ast
import re
from collections.abc import Iterator
from functools import cache

from runner.core.detection.python import parse

COMMENT = re.compile(r"--[^\n]*|/\*.*?\*/", re.DOTALL)


ENGINES = re.compile(r"mysql|maria|sqlite|oracle|mssql|sqlserver|mongo|duckdb|cockroach|clickhouse", re.IGNORECASE)
"""Words in the names of other databases."""

OWN = re.compile(r"postg|psycopg|asyncpg|\bpg", re.IGNORECASE)


def list_sql(path: str, text: str) -> tuple[tuple[str, int], ...]:
    """Each text with the number of its first line; none of a file of another kind."""
    if path.endswith(".sql"):
        return ((COMMENT.sub(blank, text), 1),)
    return list_texts(text) if path.endswith(".py") else ()


def blank(comment: re.Match[str]) -> str:
    """As many lines as a comment has."""
    return "\n" * comment[0].count("\n")


@cache
def list_texts(text: str) -> tuple[tuple[str, int], ...]:
    """The texts in Python code; gaps of those that have some are `{}`."""
    return tuple(find_texts(parse(text)))


def find_texts(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """The same, unordered."""
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value, node.lineno
        elif isinstance(node, ast.JoinedStr):
            parts = [str(each.value) if isinstance(each, ast.Constant) else "{}" for each in node.values]
            yield "".join(parts), node.lineno
        elif isinstance(node, ast.If) and is_for_another(node.test):
            waiting += reversed(node.orelse)
        elif not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)):
            waiting += reversed([*ast.iter_child_nodes(node)])


def is_for_another(condition: ast.expr) -> bool:
    """Whether what a condition guards is for another database than Postgres."""
    nodes = [*ast.walk(condition)]
    if any(isinstance(each, ast.NotEq | ast.NotIn | ast.Not | ast.Or) for each in nodes):
        return False
    texts = [each.value for each in nodes if isinstance(each, ast.Constant) and isinstance(each.value, str)]
    return any(map(ENGINES.search, texts)) and not any(map(OWN.search, texts))
