"""What tox, Hatch and setuptools say of the tests' requirements, beside pyproject's own tables. Pure."""

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from runner.core.detection.pipfile import list_pipfile, read_pipfile
from runner.core.ini_text import read_sections
from runner.core.requirement_lines import INCLUDE
from runner.core.snapshot import Detected, Finding, Snapshot, dig_list, dig_table, normalize

HATCH = ("hatch-test", "test", "tests", "default")
"""Environments of Hatch in which tests may run. Source: Hatch's documentation, "Testing"."""

PLACES = re.compile(r"\{(?:toxinidir|tox_root|root)\}/?")
"""tox's words for the project's folder. Source: tox's documentation, "Configuration"."""

CONDITION = re.compile(r"^(?P<factors>[\w!,.{}-]+)\s*:\s+")
"""A line for some of tox's environments only."""

EXCLUDING = re.compile(r"![\w.]+(?:-![\w.]+)*")
"""Factors that leave out single environments."""


def detect_environments(snapshot: Snapshot) -> Detected:
    """The requirements and extras of the environment that tox or Hatch would run the tests in."""
    for where, requirements, extras in list_environments(snapshot):
        if any(normalize(each) == "pytest" or INCLUDE.match(each) for each in requirements) or extras:
            settings = {"requirements": [*requirements], "extras": [*extras]}
            words = ", ".join(f"`{each}`" for each in (*extras, *requirements))
            found = Finding("tests need", words, where)
            return Detected((found,), {name: value for name, value in settings.items() if value})
    return Detected()


def list_environments(snapshot: Snapshot) -> Iterator[tuple[str, Sequence[str], Sequence[str]]]:
    """File, requirements and extras of each environment."""
    tables = snapshot.pyproject
    for where, text in (
        ("tox.ini", snapshot.texts.get("tox.ini", "")),
        ("pyproject.toml", dig_table(tables, "tool", "tox").get("legacy_tox_ini", "")),
    ):
        section = read_sections(text).get("testenv", {})
        yield where, clean(section.get("deps", "").splitlines()), clean(re.split(r"[\s,]+", section.get("extras", "")))
    base = dig_table(tables, "tool", "tox", "env_run_base")
    yield "pyproject.toml", clean(dig_list(base, "deps")), clean(dig_list(base, "extras"))
    for name in HATCH:
        environment = dig_table(tables, "tool", "hatch", "envs", name)
        listed = [*dig_list(environment, "dependencies"), *dig_list(environment, "extra-dependencies")]
        yield "pyproject.toml", clean(listed), clean(dig_list(environment, "features"))
    yield "Pipfile", list_pipfile(read_pipfile(snapshot.texts)), ()


def clean(lines: Sequence[Any]) -> list[str]:
    """Requirements without tox's own language; what only some environments have is left out."""
    stripped = [strip(PLACES.sub("", line).strip()) for line in lines if isinstance(line, str)]
    return [
        line for line in stripped if line and not line.startswith("#") and not CONDITION.match(line) and "{" not in line
    ]


def strip(line: str) -> str:
    """A line without a condition that only leaves out single environments, for it holds in the usual ones."""
    match = CONDITION.match(line)
    return line[match.end() :] if match and EXCLUDING.fullmatch(match["factors"]) else line


def find_declared_extras(snapshot: Snapshot) -> dict[str, set[str]]:
    """The packages of each extra, by pyproject.toml, setup.cfg or setup.py; Poetry's extras list names, too."""
    tables = snapshot.pyproject
    found: dict[str, Any] = {
        **dig_table(tables, "project", "optional-dependencies"),
        **dig_table(tables, "tool", "poetry", "extras"),
        **read_extras(snapshot.texts.get("setup.py", "")),
    }
    options = read_sections(snapshot.texts.get("setup.cfg", "")).get("options.extras_require", {})
    found |= {name: value.splitlines() for name, value in options.items()}
    return {name: {*map(normalize, each)} - {""} for name, each in found.items() if isinstance(each, list)}


def find_setup_requirements(texts: Mapping[str, str]) -> list[str]:
    """What a project asks for by setup.cfg, setup.py or a Pipfile."""
    options = read_sections(texts.get("setup.cfg", "")).get("options", {})
    found = options.get("install_requires", "").splitlines()
    found += read_items(find_argument(texts.get("setup.py", ""), "install_requires"))
    pipfile = read_pipfile(texts)
    return [*found, *dig_table(pipfile, "packages"), *dig_table(pipfile, "dev-packages")]


def read_extras(text: str) -> dict[str, Any]:
    """`extras_require` of a setup.py; those that do not stand there in full are left out."""
    return read_dict(find_argument(text, "extras_require"))


def find_argument(text: str, name: str) -> ast.expr | None:
    """The value of an argument in a setup.py: in the call, or in a variable that it names."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return None
    named = {
        target.id: node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.keyword) and node.arg == name:
            return named.get(node.value.id) if isinstance(node.value, ast.Name) else node.value
    return None


def read_items(node: ast.expr | None) -> list[str]:
    """The texts of a list that stands there in full."""
    items = node.elts if isinstance(node, ast.List | ast.Tuple) else []
    return [each.value for each in items if isinstance(each, ast.Constant) and isinstance(each.value, str)]


def read_dict(node: ast.expr | None) -> dict[str, Any]:
    """The items of a dict that are literals."""
    found = {}
    for key, value in zip(node.keys, node.values, strict=True) if isinstance(node, ast.Dict) else ():
        try:
            found[str(ast.literal_eval(key or value))] = list(ast.literal_eval(value))
        except (ValueError, TypeError):
            continue
    return found
