"""Addresses as part of the names of tests: xdist then refuses workers that differ in them. Pure."""

import ast
import re
from functools import cache

from runner.core.detection_database import ADDRESS
from runner.core.detection_python import find_name, parse, read_uses
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
    calls = (
        each for each in ast.walk(parse(text)) if isinstance(each, ast.Call) and find_name(each.func) == "parametrize"
    )
    for call in calls:
        names = call.args[0].value if call.args and isinstance(call.args[0], ast.Constant) else ""
        # Values that stand there are the same everywhere.
        is_listed = len(call.args) > 1 and isinstance(call.args[1], ast.Name | ast.Attribute | ast.Call)
        if is_listed and isinstance(names, str) and any(ARGUMENT.search(each.strip()) for each in names.split(",")):
            return call.lineno
    return 0
