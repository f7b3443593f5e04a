"""Addresses that stand in Python code as they are, where nothing from outside can change them. Pure."""

import ast
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from runner.core.addresses import URL, WORD, Address, find_address, is_fixed
from runner.core.detection_python import SETTINGS, find_name, is_reader, parse

KEYS = {"dbname": "dbname", "database": "dbname", "name": "dbname", "db": "dbname", "user": "user", "username": "user"}
KEYS |= {"host": "host", "port": "port", "password": "password"}
OTHER_ENGINES = ("mysql", "sqlite", "oracle", "mongo", "redis", "mssql")
"""What the engine of a table such as Django's `DATABASES` may be; functions that connect are named after them."""

PART = re.compile(r"\S{1,63}")
"""A sentence is no name."""

HARMLESS = frozenset({"addoption", "setenv", "setitem", "replace", "startswith", "make_url", "urlparse", "urlsplit"})
"""Calls whose texts nobody dials: options, which have a default only, and what tests of URLs do."""


@dataclass(frozen=True)
class HardCoded:
    """One address.

    Attributes:
        address: as far as it is fixed.
        line: its number.
        in_test: whether it stands within a test: tests of drivers have many that nobody dials.
    """

    address: Address
    line: int
    in_test: bool


@cache
def find_hard_coded(text: str) -> tuple[HardCoded, ...]:
    """Each address; none where the text is no Python that this one reads."""
    finder = Finder()
    try:
        finder.visit(parse(text))
    except RecursionError:
        return ()
    return tuple(dict.fromkeys(finder.found))


class Finder(ast.NodeVisitor):
    """Looks at what the environment has no say in."""

    def __init__(self) -> None:
        self.found: list[HardCoded] = []
        self._in_test = False
        self._texts: dict[str, str] = {}

    def visit_Call(self, node: ast.Call) -> None:
        """A call: not one that reads a variable, nor its default."""
        name = find_name(node.func)
        if is_reader(node.func) or name in HARMLESS or self._fills_another(node.func):
            return
        if not any(each in name.lower() for each in OTHER_ENGINES):
            self._read_table({each.arg: each.value for each in node.keywords if each.arg}, node.lineno)
        self.generic_visit(node)

    def visit_Assign(self, node: ast.Assign) -> None:
        """A name for a text, which a call may fill in later."""
        if isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            self._texts |= {find_name(each): node.value.value for each in node.targets}
        self.generic_visit(node)

    def _fills_another(self, function: ast.expr) -> bool:
        """Whether it is `format` of an address that is none of Postgres's."""
        if not (isinstance(function, ast.Attribute) and function.attr == "format"):
            return False
        owner = function.value
        named = owner.value if isinstance(owner, ast.Constant) else self._texts.get(find_name(owner), "")
        return isinstance(named, str) and "://" in named and URL.match(named) is None

    def visit_BoolOp(self, node: ast.BoolOp) -> None:
        """What stands behind `or` may be a default."""
        if not any(isinstance(each, ast.Call) and is_reader(each.func) for each in ast.walk(node)):
            self.generic_visit(node)

    def visit_IfExp(self, node: ast.IfExp) -> None:
        """The same, as a condition."""
        if not any(find_name(each) == "environ" or find_name(each) == "getenv" for each in ast.walk(node)):
            self.generic_visit(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        """Fields of pydantic's settings have defaults only."""
        if not any(find_name(base) == SETTINGS for base in node.bases):
            self.generic_visit(node)

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        """The body of a function; decorators hold parameters."""
        before, self._in_test = self._in_test, self._in_test or node.name.startswith("test")
        for each in node.body:
            self.visit(each)
        self._in_test = before

    visit_AsyncFunctionDef = visit_FunctionDef  # noqa: N815

    def visit_Expr(self, node: ast.Expr) -> None:
        """A statement; a text alone is documentation."""
        if not isinstance(node.value, ast.Constant):
            self.generic_visit(node)

    def visit_Assert(self, node: ast.Assert) -> None:
        """What is compared is not dialled."""

    def visit_Dict(self, node: ast.Dict) -> None:
        """A table, whose keys may be the parts of an address."""
        keys = [each.value if isinstance(each, ast.Constant) else None for each in node.keys]
        pairs = zip(keys, node.values, strict=True)
        self._read_table({key: each for key, each in pairs if isinstance(key, str)}, node.lineno)
        self.generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> None:
        """A text."""
        if isinstance(node.value, str):
            self._read_text(node.value, node.lineno)

    def visit_JoinedStr(self, node: ast.JoinedStr) -> None:
        """A text with gaps: what fills them is not fixed, the rest is."""
        texts = [str(each.value) if isinstance(each, ast.Constant) else "{}" for each in node.values]
        self._read_text("".join(texts), node.lineno)

    def _read_text(self, text: str, line: int) -> None:
        address = find_address(text) if URL.match(text) or WORD.match(text) else None
        if address and (is_fixed(address.dbname) or is_fixed(address.user)):
            self.found.append(HardCoded(address, line, self._in_test))

    def _read_table(self, values: Mapping[str, ast.AST], line: int) -> None:
        constants = {
            key.lower(): str(each.value)
            for key, each in values.items()
            if isinstance(each, ast.Constant) and isinstance(each.value, str | int)
        }
        if any(each in constants.get("engine", "").lower() for each in OTHER_ENGINES):
            return
        parts = {KEYS[key]: text for key, text in constants.items() if key in KEYS and PART.fullmatch(text)}
        # A table with a name and nothing else may be anything.
        if {"dbname", "host"} <= parts.keys() or {"dbname", "user"} <= parts.keys():
            self.found.append(HardCoded(Address(**parts), line, self._in_test))
