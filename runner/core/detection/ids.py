"""Addresses as part of the names of tests: xdist then refuses workers that differ in them. Pure."""

import ast
import re
from functools import cache

from runner.core.detection.database import ADDRESS
from runner.core.detection.python import find_name, list_nodes, read_uses
from runner.core.snapshot import Detected, Finding, Snapshot, is_test

ARGUMENT = re.compile(r"(?:^|_)(?:url|uri|dsn|address)s?$", re.IGNORECASE)
QUICK = re.compile(r"parametrize\(\s*[\"'][^\"']*(?:url|uri|dsn|address)", re.IGNORECASE)


def detect_ids(snapshot: Snapshot) -> Detected:
    """The isolation in which every worker has the same address, where ids hold it."""
    for path, text in snapshot.python_files():
        line = find_parametrized(text) if is_test(path) else 0
        if line and any(ADDRESS.fullmatch(name) for name in read_uses(text).variables):
            found = Finding("isolation", "sandbox: the address is part of the tests' ids", f"{path}:{line}")
            return Detected((found,), {"isolation": "sandbox"})
    return Detected()


@cache
def find_parametrized(text: str) -> int:
    """The line of the first parameter that is an address out of a list; 0 where there is none."""
    if not QUICK.search(text):
        return 0
    calls = (each for each in list_nodes(text) if isinstance(each, ast.Call) and find_name(each.func) == "parametrize")
    for call in calls:
        names = call.args[0].value if call.args and isinstance(call.args[0], ast.Constant) else ""
        # Values that stand there, or in a list of this name, are the same everywhere.
        is_listed = len(call.args) > 1 and isinstance(call.args[1], ast.Name | ast.Attribute | ast.Call)
        is_listed = is_listed and not (isinstance(call.args[1], ast.Name) and is_literal(text, call.args[1].id))
        if is_listed and isinstance(names, str) and any(ARGUMENT.search(each.strip()) for each in names.split(",")):
            return call.lineno
    return 0


def is_literal(text: str, name: str) -> bool:
    """Whether a module gives a name to a list of texts that stand there."""
    values = [
        node.value
        for node in list_nodes(text)
        if isinstance(node, ast.Assign) and any(find_name(each) == name for each in node.targets)
    ]
    lists = [each.elts for each in values if isinstance(each, ast.List | ast.Tuple)]
    return any(each and all(map(is_text, each)) for each in lists)


def is_text(node: ast.expr) -> bool:
    """Whether an expression is a text that stands there."""
    return isinstance(node, ast.Constant) and isinstance(node.value, str)
