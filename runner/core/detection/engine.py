"""Variables by which code chooses Postgres among databases, and the value that does. Pure."""

import ast
import re
from collections.abc import Iterator
from functools import cache

from runner.core.detection.python import list_nodes, read_access, read_text
from runner.core.snapshot import Detected, Finding, Snapshot

VALUE = re.compile(r"(?:django\.db\.backends\.)?(?:postgres(?:ql)?|pgsql|psql|pg)(?:_psycopg2)?", re.IGNORECASE)
ENGINE = re.compile(r"(?:\w+_)?(?:DB|DATABASE|SQL)_?(?:ENGINE|BACKEND)")
DJANGO = "django.db.backends."


def detect_engine(snapshot: Snapshot) -> Detected:
    """The value of each variable whose other values stand for other databases."""
    detected = Detected()
    for path, text in snapshot.python_files():
        for name, value in find_choices(text):
            found = Finding("variables", f"`{name}` = {value}, which is Postgres", path)
            detected |= Detected((found,), {"environment": {name: value}})
    return detected


@cache
def find_choices(text: str) -> tuple[tuple[str, str], ...]:
    """Each such variable that a module reads, and its value."""
    return tuple(each for node in list_nodes(text) for each in read_choice(node))


def read_choice(node: ast.AST) -> Iterator[tuple[str, str]]:
    """A variable that is compared with Postgres's name, or whose default is another of Django's engines."""
    if isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.Eq | ast.In):
        name = next(read_name(node.left), "")
        values = [text for each in ast.walk(node.comparators[0]) for text in read_text(each) if VALUE.fullmatch(text)]
        yield from ((name, value) for value in values[:1] if name)
    elif isinstance(node, ast.Call) and len(node.args) + len(node.keywords) > 1:
        defaults = [*node.args[1:], *(each.value for each in node.keywords if each.arg == "default")]
        default = next((text for each in defaults for text in read_text(each)), "")
        name = next(read_name(node), "")
        if ENGINE.fullmatch(name) and default.startswith(DJANGO) and not VALUE.fullmatch(default):
            yield name, f"{DJANGO}postgresql"


def read_name(node: ast.AST) -> Iterator[str]:
    """The variable that an expression reads, also behind a method such as `lower`."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and not node.args:
        yield from read_name(node.func.value)
    else:
        yield from read_access(node)
