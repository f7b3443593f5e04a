"""The variables and marks that Python code uses; its syntax is read, so strings and comments say nothing. Pure."""

import ast
import re
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

SETTINGS = "BaseSettings"
"""The class of pydantic-settings; fields of its subclasses are variables."""

READERS = frozenset({"env", "config", "environ"})
"""Names of objects that read variables: of os, django-environ, environs, decouple and Starlette."""

OWN_READER = re.compile(r"(?:\w+_)?(?:get_?)?env(?:ironment)?(?:_?[a-z]+)*")
"""Names of functions of a project's own that read variables, such as `get_env`, `envbool`, `env_or_none`."""

VARIABLE = re.compile(r"[A-Z][A-Z0-9_]+")

USES = frozenset({"ctx", "op"})
"""Fields of a piece of code that say how it is used."""

SAYING = (ast.Subscript, ast.Call, ast.Compare, ast.ClassDef, ast.Attribute, ast.ImportFrom)
"""Pieces of code that may say what a module uses."""


@dataclass(frozen=True)
class Uses:
    """What a module uses.

    Attributes:
        variables: of the environment, as it reads them.
        marks: of pytest, on tests.
        declared: marks that it declares to pytest.
    """

    variables: tuple[str, ...] = ()
    marks: tuple[str, ...] = ()
    declared: tuple[str, ...] = ()


@cache
def parse(text: str) -> ast.Module:
    """A module's syntax; an empty one's where its text is no Python that this one reads."""
    with warnings.catch_warnings():
        # Of other people's code, at which nobody but its authors can do anything.
        warnings.simplefilter("ignore")
        try:
            return ast.parse(text)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return ast.Module([], [])


@cache
def list_nodes(text: str) -> Sequence[ast.AST]:
    """Every piece of a module, as `ast.walk` gives them, but without those that only say how another is used.

    Large projects have more than a million, which `ast.walk` takes twice as long for.
    """
    found: list[ast.AST] = [parse(text)]
    for node in found:
        for name in node._fields:
            value = getattr(node, name, None)
            if isinstance(value, list):
                found += [each for each in value if isinstance(each, ast.AST)]
            elif isinstance(value, ast.AST) and name not in USES:
                found.append(value)
    return found


@cache
def read_uses(text: str) -> Uses:
    """What a module uses; nothing where its text is no Python that this one reads."""
    nodes = [each for each in list_nodes(text) if isinstance(each, SAYING)]
    prefixes = find_settings_classes(text)
    variables = [name for node in nodes for name in read_variables(node, prefixes)]
    variables += read_nested([node for node in nodes if isinstance(node, ast.ClassDef)])
    is_imported = any(map(imports_mark, nodes))
    marks = [name for node in nodes for name in read_marks(node, is_imported)]
    declared = [name for node in nodes if (name := read_declaration(node))]
    return Uses(tuple(variables), tuple(marks), tuple(declared))


@cache
def find_settings_classes(text: str) -> Mapping[str, str]:
    """The classes of settings in a module, also those that derive from others in it, with the prefix of each."""
    found = {SETTINGS: ""}
    # A class stands behind those that it derives from.
    for each in list_nodes(text):
        if isinstance(each, ast.ClassDef):
            bases = [name for base in each.bases if (name := find_name(base)) in found]
            if bases:
                found[each.name] = find_prefix(each) or found[bases[0]]
    return found


def read_variables(node: ast.AST, prefixes: Mapping[str, str]) -> Iterator[str]:
    """The variables that one piece of code reads; some classes are known to be settings."""
    if names := [*read_access(node)]:
        yield from names
    elif isinstance(node, ast.Compare) and find_name(node.comparators[0]) == "environ":
        yield from read_text(node.left)
    elif isinstance(node, ast.Call) and node.args and OWN_READER.fullmatch(find_name(node.func)):
        yield from filter(VARIABLE.fullmatch, read_text(node.args[0]))
    elif isinstance(node, ast.ClassDef) and node.name in prefixes:
        yield from read_fields(node, prefixes[node.name])


def read_access(node: ast.AST) -> Iterator[str]:
    """The variable whose value an expression is, such as `os.environ["A"]` or `os.getenv("A")`."""
    if isinstance(node, ast.Subscript) and find_name(node.value) == "environ":
        yield from read_text(node.slice)
    elif isinstance(node, ast.Call) and node.args and is_reader(node.func):
        yield from read_text(node.args[0])


def is_reader(function: ast.expr) -> bool:
    """Whether a call of it reads a variable: `os.getenv`, `environ.get`, `env.str`, `config`.

    `app.config` is Flask's table of settings.
    """
    owner = function.value if isinstance(function, ast.Attribute) else None
    if isinstance(owner, ast.Attribute) and owner.attr == "config":
        return False
    named = find_name(owner) in READERS if owner is not None else find_name(function) in READERS
    return named or find_name(function) == "getenv"


def find_prefix(node: ast.ClassDef) -> str:
    """What the variables of a class of settings begin with, as it says itself."""
    keywords = [each for inner in ast.walk(node) if isinstance(inner, ast.Call) for each in inner.keywords]
    prefixes = [text for each in keywords if each.arg == "env_prefix" for text in read_text(each.value)]
    for inner in ast.walk(node):
        if isinstance(inner, ast.Assign) and find_name(inner.targets[0]) == "env_prefix":
            prefixes += read_text(inner.value)
    return next(iter(prefixes), "")


def read_fields(node: ast.ClassDef, prefix: str) -> Iterator[str]:
    """The variables of a class of settings: its fields, behind its prefix, and the names that they have beside."""
    for inner in ast.walk(node):
        for each in inner.keywords if isinstance(inner, ast.Call) else ():
            if each.arg in {"alias", "validation_alias", "env"}:
                yield from read_text(each.value)
    for field in node.body:
        if isinstance(field, ast.AnnAssign):
            yield prefix.upper() + find_name(field.target).upper()


def read_nested(classes: Sequence[ast.ClassDef]) -> Iterator[str]:
    """Variables of fields that are classes themselves, where settings name what stands between: `DATABASE__PORT`."""
    models = {each.name: each for each in classes}
    for node in classes:
        keywords = [each for inner in ast.walk(node) if isinstance(inner, ast.Call) for each in inner.keywords]
        between = [text for each in keywords if each.arg == "env_nested_delimiter" for text in read_text(each.value)]
        for field in node.body if between else ():
            model = models.get(find_name(field.annotation)) if isinstance(field, ast.AnnAssign) else None
            if isinstance(field, ast.AnnAssign) and model is not None:
                prefix = find_name(field.target).upper() + between[0]
                yield from (prefix + name for name in read_fields(model, ""))


def imports_mark(node: ast.AST) -> bool:
    """Whether it is `from pytest import mark`."""
    return (
        isinstance(node, ast.ImportFrom) and node.module == "pytest" and any(each.name == "mark" for each in node.names)
    )


def read_marks(node: ast.AST, is_imported: bool) -> Iterator[str]:
    """The marks that one piece of code gives to tests; a bare `mark` is pytest's where it is imported."""
    if isinstance(node, ast.Attribute) and find_name(node.value) == "mark":
        owner = find_name(node.value.value) if isinstance(node.value, ast.Attribute) else ""
        if owner == "pytest" or (is_imported and not owner):
            yield node.attr
    elif isinstance(node, ast.Call) and node.args and find_name(node.func) == "add_marker":
        yield from read_text(node.args[0])


def read_declaration(node: ast.AST) -> str:
    """The mark that `config.addinivalue_line("markers", ...)` declares; empty for other code."""
    if not (isinstance(node, ast.Call) and find_name(node.func) == "addinivalue_line" and len(node.args) == 2):
        return ""
    key, line = (next(read_text(each), "") for each in node.args)
    return line.split(":")[0].split("(")[0].strip() if key == "markers" else ""


def find_path(node: ast.AST | None) -> str:
    """`a.b.c` as it stands there, as far as it is made of names."""
    path = find_path(node.value) if isinstance(node, ast.Attribute) else ""
    return f"{path}.{find_name(node)}" if path else find_name(node)


def find_imports(text: str) -> dict[str, str]:
    """What the names that a module imports stand for, where they have another name or a module before them."""
    found: dict[str, str] = {}
    for node in list_nodes(text):
        if isinstance(node, ast.Import):
            found |= {each.asname: each.name for each in node.names if each.asname}
        elif isinstance(node, ast.ImportFrom):
            found |= {each.asname or each.name: f"{node.module or ''}.{each.name}" for each in node.names}
    return found


def find_name(node: ast.AST | None) -> str:
    """The last name in `a.b.c`; empty where there is none."""
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def read_text(node: ast.AST) -> Iterator[str]:
    """The text of a constant, if it is one."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
