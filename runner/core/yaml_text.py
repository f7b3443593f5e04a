"""YAML for files that we write: tables, lists of texts, and scalars, quoted where they need it. Pure."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

PLAIN = re.compile(r"[A-Za-z_/.][A-Za-z0-9_/. -]*[A-Za-z0-9_]|[A-Za-z]")
WORDS = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n"})
"""What YAML takes for something else than text."""


def make_yaml(value: Mapping[str, Any], depth: int = 0) -> list[str]:
    """Lines of YAML for tables, lists of scalars, and scalars."""
    lines, indent = [], "  " * depth
    for key, each in value.items():
        if isinstance(each, Mapping):
            lines += [f"{indent}{make_scalar(key)}:", *make_yaml(each, depth + 1)]
        elif isinstance(each, Sequence) and not isinstance(each, str):
            lines += make_list(f"{indent}{make_scalar(key)}:", each, depth)
        else:
            lines.append(f"{indent}{make_scalar(key)}: {make_scalar(each)}".rstrip())
    return lines


def make_list(start: str, items: Sequence[str], depth: int) -> list[str]:
    """A list: on one line where its items are short, else a line each; a text of several lines is a block."""
    if not any("\n" in each or len(each) > 60 for each in items):
        return [f"{start} [{', '.join(map(make_scalar, items))}]"]
    lines, indent = [start], "  " * (depth + 1)
    for each in items:
        block = [f"{indent}- |", *(f"{indent}  {line}" for line in each.splitlines())]
        lines += block if "\n" in each else [f"{indent}- {make_scalar(each)}"]
    return lines


def make_scalar(value: str | int | None) -> str:
    """A scalar: quoted as JSON, which YAML reads, where it is not plainly a word."""
    if value is None:
        return ""
    if isinstance(value, int) or (PLAIN.fullmatch(value) and value.lower() not in WORDS):
        return str(value)
    return json.dumps(value, ensure_ascii=False)
