"""Projects that are a plugin of pytest's and whose tests load it a second time by themselves. Pure."""

import ast
import re
from collections.abc import Mapping

from runner.core.code_search import search_code
from runner.core.detection.python import parse
from runner.core.ini_text import read_sections
from runner.core.snapshot import Detected, Finding, Snapshot, dig_table


def detect_own_plugin(snapshot: Snapshot) -> Detected:
    """The argument by which pytest leaves the installed one to the conftest that loads it.

    An environment of the project's own may not have the project itself installed; a run's always has, with its entry
    points. Loaded twice, pytest ends before any test: its options are there already.
    """
    for name, module in find_plugins(snapshot).items():
        for path, text in snapshot.python_files():
            if path.endswith("conftest.py") and loads(text, module):
                found = Finding("tests", f"load the plugin `{name}`, which the project is, by themselves", path)
                return Detected((found,), {"pytest_args": [make_argument(name)]})
    return Detected()


def make_argument(name: str) -> str:
    """What keeps pytest from loading an installed plugin, as one word."""
    return f"-pno:{name}"


def find_plugins(snapshot: Snapshot) -> dict[str, str]:
    """Name and module of each plugin that the project declares, as pyproject.toml or setup.cfg has them."""
    declared: dict[str, object] = {
        **dig_table(snapshot.pyproject, "project", "entry-points", "pytest11"),
        **dig_table(snapshot.pyproject, "tool", "poetry", "plugins", "pytest11"),
    }
    lines = read_sections(snapshot.texts.get("setup.cfg", "")).get("options.entry_points", {}).get("pytest11", "")
    declared |= read_lines(lines)
    return {name: module for name, module in declared.items() if isinstance(module, str)}


def read_lines(lines: str) -> Mapping[str, str]:
    """Lines such as `shop = shop.plugin`."""
    pairs = (line.partition("=") for line in lines.splitlines() if "=" in line)
    return {name.strip(): module.strip() for name, _, module in pairs}


def loads(text: str, module: str) -> bool:
    """Whether a conftest takes over all of a module, or names it as a plugin."""
    if search_code(re.compile(rf"^from {re.escape(module)} import \*", re.MULTILINE), text):
        return True
    return module in find_named(text)


def find_named(text: str) -> set[str]:
    """The modules in `pytest_plugins`."""
    found = set()
    for node in parse(text).body:
        if isinstance(node, ast.Assign) and any(getattr(each, "id", "") == "pytest_plugins" for each in node.targets):
            found |= {each.value for each in ast.walk(node.value) if isinstance(each, ast.Constant)}
    return {each for each in found if isinstance(each, str)}
