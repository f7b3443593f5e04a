"""What a project's metadata says of the Python that it needs, wherever its tools keep that. Pure."""

import re
from collections.abc import Mapping
from typing import Any

from runner.core.snapshot import dig

SETUP_CFG = re.compile(r"^python_requires\s*=\s*(\S.*?)\s*$", re.MULTILINE)
SETUP = re.compile(r"\bpython_requires\s*=\s*[\"']([^\"']+)[\"']")
PIPFILE = re.compile(r"^python_(?:full_)?version\s*=\s*[\"']([^\"']+)[\"']", re.MULTILINE)

FILES = ("setup.cfg", "setup.py", "Pipfile")
"""Files beside pyproject.toml that may say it."""


def find_requires(pyproject: Mapping[str, Any], texts: Mapping[str, str]) -> tuple[str, str]:
    """The specifier of the project's Python, and the file that has it; both empty where there is none.

    Args:
        pyproject: what pyproject.toml holds.
        texts: the text of those of FILES that are there, by name.
    """
    places = (("project", "requires-python"), ("tool", "poetry", "dependencies", "python"))
    for found in (dig(pyproject, *keys) for keys in places):
        if isinstance(found, str) and found.strip():
            return found, "pyproject.toml"
    for name, pattern in zip(FILES, (SETUP_CFG, SETUP, PIPFILE), strict=True):
        if match := pattern.search(texts.get(name, "")):
            return match[1], name
    return "", ""
