"""Addresses that stand in Python code as they are, where nothing from outside can change them. Pure."""

import ast
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cache

from runner.core.address_tables import CONNECTS, name_arguments, read_table
from runner.core.addresses import URL, WORD, Address, find_address, is_fixed
from runner.core.constant_texts import evaluate, fill, find_constants, list_assignments, list_items, list_variables
from runner.core.detection.database import find_part
from runner.core.detection.python import find_imports, find_name, find_path, find_settings_classes, is_reader, parse

HARMLESS = frozenset({"addoption", "setenv", "setitem", "replace", "startswith", "make_url", "urlparse", "urlsplit"})
HARMLESS |= {"postgresql_proc"}
"""Calls whose texts nobody dials: options, which have a default only, what tests of URLs do, servers to be started."""

STARTERS = ("pytest_mock_resources.", "testcontainers.")
"""What begins the names of classes that say how a container is to be started."""

SETUP = re.compile(r"(?:async)?set_?up(?:_?class|_?module|_method|_function)?", re.IGNORECASE)
"""What unittest and pytest call before tests."""


@dataclass(frozen=True)
class HardCoded:
    """One address.

    Attributes:
        address: as far as it is fixed.
        line: its number.
        in_test: whether it stands within a test: tests of drivers have many that nobody dials.
        is_dialled: whether all its parts stand there, and before the tests something connects to it, whatever the
            variables say that other code reads.
    """

    address: Address
    line: int
    in_test: bool
    is_dialled: bool = False


@cache
def find_hard_coded(text: str) -> tuple[HardCoded, ...]:
    """Each address; none where the text is no Python that this one reads."""
    tree = parse(text)
    try:
        finder = Finder(find_constants(tree), find_imports(text), find_settings_classes(text))
        finder.visit(tree)
    except RecursionError:
        return ()
    return tuple(dict.fromkeys(finder.found))


class Finder(ast.NodeVisitor):
    """Looks at what the environment has no say in."""

    def __init__(self, constants: Mapping[str, str], imports: Mapping[str, str], settings: Collection[str]) -> None:
        self.found: list[HardCoded] = []
        self._constants = constants
        self._imports = imports
        self._settings = settings
        self._in_test = self._in_setup = False
        self._texts: dict[str, str] = {}

    def visit_Module(self, node: ast.Module) -> None:
        """A module, whose constants may be the parts of an address, and the variables that it sets."""
        self._read_parts(list_assignments(node.body))
        self._read_parts(list_variables(node.body))
        self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        """A call: not one that reads a variable, nor its default."""
        if find_path(node.func).endswith("environ.update"):
            self._read_parts(list_items(node))
        first, _, rest = find_path(node.func).partition(".")
        function = ".".join(filter(None, [self._imports.get(first, first), rest]))
        is_harmless = find_name(node.func) in HARMLESS or function.startswith(STARTERS)
        if is_reader(node.func) or is_harmless or self._fills_another(node.func):
            return
        named = {each.arg: text for each in node.keywords if each.arg and (text := self._evaluate(each.value))}
        positional = map(self._evaluate, node.args)
        self._read_table(name_arguments(function, positional) | named, node.lineno, function)
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
        """Fields of pydantic's settings have defaults only; those of other classes may be the parts of an address."""
        if node.name not in self._settings:
            self._read_parts(list_assignments(each for each in node.body if isinstance(each, ast.Assign)))
            self.generic_visit(node)

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        """The body of a function; decorators hold parameters."""
        before = self._in_test, self._in_setup
        self._in_test = self._in_test or node.name.startswith("test")
        self._in_setup = self._in_setup or SETUP.fullmatch(node.name) is not None
        self._read_parts(list_variables(node.body))
        for each in node.body:
            self.visit(each)
        self._in_test, self._in_setup = before

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
        pairs = zip(keys, map(self._evaluate, node.values), strict=True)
        self._read_table({key: text for key, text in pairs if isinstance(key, str) and text}, node.lineno)
        self.generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> None:
        """A text."""
        if isinstance(node.value, str):
            self._read_text(node.value, node.lineno)

    def visit_JoinedStr(self, node: ast.JoinedStr) -> None:
        """A text with gaps: what fills them is not fixed, the rest is."""
        self._read_text(fill(node, self._constants), node.lineno)

    def visit_BinOp(self, node: ast.BinOp) -> None:
        """Texts that are joined."""
        if isinstance(node.op, ast.Add):
            self._read_text(fill(node, self._constants), node.lineno)
        else:
            self.generic_visit(node)

    def _evaluate(self, node: ast.AST) -> str | None:
        return evaluate(node, self._constants)

    def _read_parts(self, assigned: Iterable[tuple[str, ast.expr]]) -> None:
        found: dict[str, str] = {}
        line = 0
        for name, value in assigned:
            part, text = find_part(name).strip("{}"), self._evaluate(value)
            if part and text:
                line = line or value.lineno
                found.setdefault(part, text)
        self._read_table(found, line)

    def _read_text(self, text: str, line: int) -> None:
        address = find_address(text) if URL.match(text) or WORD.match(text) else None
        if address and (address.has_names or is_fixed(address.host)):
            self.found.append(HardCoded(address, line, self._in_test))

    def _is_dialled(self, address: Address, function: str) -> bool:
        is_whole = all([address.user, address.password, address.host, address.dbname])
        connects = bool(function) and (self._in_setup or CONNECTS.fullmatch(function) is not None)
        return is_whole and connects and not self._in_test

    def _read_table(self, values: Mapping[str, str], line: int, function: str = "") -> None:
        if address := read_table({key.lower(): text for key, text in values.items()}, function):
            dialled = self._is_dialled(address, function)
            self.found.append(HardCoded(address, line, self._in_test, dialled))
