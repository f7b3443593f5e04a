"""Types in words, for messages about values that do not fit. Pure."""

import types
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from msgspec import Meta, Struct
from msgspec.structs import fields

PLAIN = {str: "text", bool: "true or false", int: "a whole number", float: "a number"}


def describe(kind: Any, meta: Meta | None = None) -> str:
    """What a value of the type looks like, such as `a whole number from 0 to 256, or auto`.

    Args:
        kind: a type as msgspec knows it.
        meta: its limits.
    """
    origin, args = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return describe(args[0], next(each for each in args if isinstance(each, Meta)))
    if origin in {Union, types.UnionType}:
        return ", or ".join(describe(each) for each in args if each is not type(None))
    if origin is Literal:
        return args[0] if len(args) == 1 else "one of " + ", ".join(args)
    if origin is list:
        least = "at least one " if meta and meta.min_length else ""
        return f"a list of {least}{describe(args[0])}"
    if origin is dict:
        return f"a table of {describe(args[1])}"
    return PLAIN[kind] + describe_limits(meta) if kind in PLAIN else describe_table(kind)


def describe_table(kind: type[Struct]) -> str:
    """What a table of settings holds."""
    names = [f"`{each.name}`{'' if each.required else ' (may be left out)'}" for each in fields(kind)]
    return f"tables with {', '.join(names)}"


def describe_limits(meta: Meta | None) -> str:
    """The limits of a number, or of a text."""
    if meta is None:
        return ""
    if meta.pattern is not None:
        return f": {meta.description}"
    if meta.gt is not None:
        return f" above {meta.gt}"
    if meta.ge is not None:
        return f" from {meta.ge}" + ("" if meta.le is None else f" to {meta.le}")
    return ""
