"""Fingerprints: the identity of an image is the hash of everything that goes in. Pure."""

import hashlib
import tomllib
from collections.abc import Mapping
from typing import Any

FORMAT = "1"
"""Raised when images must be rebuilt although no input changed."""

IRRELEVANT_TOOLS = frozenset(
    {"black", "coverage", "importlinter", "isort", "mypy", "pyright", "pytest", "ruff", "runner", "vulture"}
)
"""Tables below `[tool]` that no build of a project reads, so that changing them rebuilds nothing."""


def make_fingerprint(inputs: Mapping[str, bytes]) -> str:
    """16 hex digits over the names and contents of all inputs, whatever their order."""
    digest = hashlib.sha256(FORMAT.encode())
    for name in sorted(inputs):
        content = inputs[name]
        digest.update(f"{len(name)}:{name}:{len(content)}:".encode() + content)
    return digest.hexdigest()[:16]


def keep_build_tables(pyproject: Mapping[str, Any]) -> dict[str, Any]:
    """The part of pyproject.toml that decides what is installed: no settings of linters, pytest or ours."""
    kept = {name: table for name, table in pyproject.items() if name != "tool"}
    tools = pyproject.get("tool", {})
    kept["tool"] = {name: table for name, table in tools.items() if name not in IRRELEVANT_TOOLS}
    return kept


def find_version_files(pyproject: Mapping[str, Any]) -> list[str]:
    """Files that a dynamic version is read from, as hatchling and setuptools declare them.

    Sources: hatchling's `[tool.hatch.version] path`; setuptools' `[tool.setuptools.dynamic] version`.
    """
    tools = pyproject.get("tool", {})
    found = [tools.get("hatch", {}).get("version", {}).get("path")]
    declared = tools.get("setuptools", {}).get("dynamic", {}).get("version", {})
    files = declared.get("file", [])
    found += files if isinstance(files, list) else [files]
    if isinstance(attribute := declared.get("attr"), str):
        module = attribute.rpartition(".")[0].replace(".", "/")
        found += [f"{root}{module}{end}" for root in ("", "src/") for end in (".py", "/__init__.py")]
    return [name for name in found if isinstance(name, str)]


def parse_toml(text: bytes) -> dict[str, Any]:
    """TOML as a dict.

    Raises:
        tomllib.TOMLDecodeError: the text is not TOML; its message has line and column.
    """
    return tomllib.loads(text.decode())
