"""What expressions in Python code come to where nothing from outside has a say in them. Pure."""

import ast
from collections.abc import Iterable, Iterator, Mapping

from runner.core.detection.python import find_name

GAP = "{}"
"""Stands for what is not known in a text that is known otherwise."""


def find_constants(tree: ast.Module) -> dict[str, str]:
    """The names of a module, and of its classes, that stand for one text or number and never for another."""
    found: dict[str, str] = {}
    changing: set[str] = set()
    classes = (each for each in tree.body if isinstance(each, ast.ClassDef))
    for body in (tree.body, *(each.body for each in classes)):
        for name, value in list_assignments(body):
            text = evaluate(value, found)
            if text is None or GAP in text or found.get(name, text) != text:
                changing.add(name)
            else:
                found[name] = text
    return {name: text for name, text in found.items() if name not in changing}


def list_assignments(body: Iterable[ast.stmt]) -> Iterator[tuple[str, ast.expr]]:
    """Each name that statements assign to, with its value."""
    for each in body:
        if isinstance(each, ast.Assign):
            yield from ((target.id, each.value) for target in each.targets if isinstance(target, ast.Name))
        elif isinstance(each, ast.AnnAssign) and isinstance(each.target, ast.Name) and each.value:
            yield each.target.id, each.value


def list_variables(body: Iterable[ast.stmt]) -> Iterator[tuple[str, ast.expr]]:
    """Each variable of the environment that statements set, with its value."""
    for each in (each for each in body if isinstance(each, ast.Assign)):
        for target in (target for target in each.targets if isinstance(target, ast.Subscript)):
            if find_name(target.value) == "environ" and isinstance(target.slice, ast.Constant):
                yield str(target.slice.value), each.value


def list_items(node: ast.Call) -> Iterator[tuple[str, ast.expr]]:
    """What a call of `update` gives to a table: items of its own, and keywords."""
    for table in node.args:
        for key, value in zip(table.keys, table.values, strict=True) if isinstance(table, ast.Dict) else ():
            if isinstance(key, ast.Constant):
                yield str(key.value), value
    yield from ((each.arg, each.value) for each in node.keywords if each.arg)


def evaluate(node: ast.AST, constants: Mapping[str, str]) -> str | None:
    """The text or number that an expression comes to, its unknown parts as gaps; None for anything else."""
    if isinstance(node, ast.Constant):
        is_plain = isinstance(node.value, str | int) and not isinstance(node.value, bool)
        return str(node.value) if is_plain else None
    if isinstance(node, ast.Name | ast.Attribute):
        return constants.get(node.id if isinstance(node, ast.Name) else node.attr)
    if isinstance(node, ast.FormattedValue):
        return evaluate(node.value, constants)
    if isinstance(node, ast.JoinedStr):
        return "".join(fill(each, constants) for each in node.values)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return fill(node.left, constants) + fill(node.right, constants)
    return None


def fill(node: ast.AST, constants: Mapping[str, str]) -> str:
    """The same, with a gap for what is not known."""
    text = evaluate(node, constants)
    return GAP if text is None else text
