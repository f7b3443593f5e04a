"""Addresses that stand in Python code as they are, where nothing from outside can change them. Pure."""

import ast
import re
from collections.abc import Iterator, Mapping
from functools import cache

from runner.core.addresses import URL, WORD, Address, find_address, is_fixed
from runner.core.detection_python import SETTINGS, find_name, is_reader

CALLS = frozenset(
    {"connect", "create_engine", "create_async_engine", "create_pool", "Connection", "AsyncConnection", "Database"}
    | {"ConnectionPool", "AsyncConnectionPool", "SimpleConnectionPool", "ThreadedConnectionPool", "PostgresEngine"}
    | {"PostgresqlDatabase", "PooledPostgresqlDatabase", "DatabaseCleanup", "init", "set_url", "from_url", "DSN"}
)
"""Functions and classes that are given an address: of the drivers, SQLAlchemy, databases, Piccolo, Peewee, Tortoise."""

NAME = re.compile(r"(?:^|_)(?:db|database|postgres|postgresql|pg|dsn|url|uri|connection)s?(?:_|$)", re.IGNORECASE)
KEYS = {"dbname": "dbname", "database": "dbname", "name": "dbname", "db": "dbname", "user": "user", "username": "user"}
KEYS |= {"host": "host", "port": "port", "password": "password"}
OTHER_ENGINES = re.compile(r"mysql|sqlite|oracle|mongo|redis|mssql", re.IGNORECASE)


@cache
def find_hard_coded(text: str) -> tuple[tuple[Address, int], ...]:
    """Each address with the number of its line; none where the text is no Python that this one reads."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ()
    hidden = {id(inner) for node in ast.walk(tree) if can_change(node) for inner in ast.walk(node)}
    found = []
    for node in ast.walk(tree):
        if id(node) not in hidden:
            found += [(each, getattr(node, "lineno", 0)) for each in read_addresses(node, hidden)]
    return tuple(dict.fromkeys(found))


def can_change(node: ast.AST) -> bool:
    """Whether the environment has a say in what a piece of code comes to."""
    if isinstance(node, ast.Call):
        return is_reader(node.func)
    if isinstance(node, ast.BoolOp | ast.IfExp):
        return any(isinstance(each, ast.Call) and is_reader(each.func) for each in ast.walk(node))
    return isinstance(node, ast.ClassDef) and any(find_name(base) == SETTINGS for base in node.bases)


def read_addresses(node: ast.AST, hidden: set[int]) -> Iterator[Address]:
    """The addresses that one piece of code fixes: arguments of calls, and what names of addresses are given."""
    if isinstance(node, ast.Call) and find_name(node.func) in CALLS:
        texts = [*node.args, *(each.value for each in node.keywords)]
        yield from (found for each in texts if id(each) not in hidden and (found := read_text(each)))
        yield from read_table({each.arg: each.value for each in node.keywords if each.arg}, hidden)
    elif isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None and id(node.value) not in hidden:
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        found = read_text(node.value)
        if found and any(names_address(each) for each in targets):
            yield found
    elif isinstance(node, ast.Dict):
        keys = [each.value if isinstance(each, ast.Constant) else None for each in node.keys]
        yield from read_table(
            {key: each for key, each in zip(keys, node.values, strict=True) if isinstance(key, str)}, hidden
        )


def names_address(target: ast.AST) -> bool:
    """Whether a name, or a variable of the environment that is set, is one of an address."""
    if isinstance(target, ast.Subscript) and isinstance(target.slice, ast.Constant):
        return find_name(target.value) == "environ" and NAME.search(str(target.slice.value)) is not None
    return NAME.search(find_name(target)) is not None


def read_text(node: ast.AST) -> Address | None:
    """The address in a constant, if it names a database or a role."""
    if not (isinstance(node, ast.Constant) and isinstance(node.value, str)):
        return None
    text = node.value
    found = find_address(text) if URL.match(text) or WORD.match(text) else None
    return found if found and (found.dbname or found.user) and is_fixed(f"{found.dbname}{found.user}") else None


def read_table(values: Mapping[str, ast.AST], hidden: set[int]) -> Iterator[Address]:
    """The address whose parts are keywords of a call, or keys of a table."""
    constants = {
        key.lower(): str(each.value)
        for key, each in values.items()
        if isinstance(each, ast.Constant) and isinstance(each.value, str | int) and id(each) not in hidden
    }
    if OTHER_ENGINES.search(constants.get("engine", "")):
        return
    parts = {KEYS[key]: text for key, text in constants.items() if key in KEYS and text}
    # A table with a name and nothing else may be anything.
    if {"dbname", "host"} <= parts.keys() or {"dbname", "user"} <= parts.keys():
        yield Address(**parts)
