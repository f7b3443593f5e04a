"""Addresses on command lines of tests, and in options that a conftest adds: arguments with placeholders. Pure."""

import ast
import re
from collections.abc import Iterator
from functools import cache

from runner.core.addresses import SCHEME, find_address
from runner.core.ci_scripts import follow
from runner.core.detection.python import find_name, is_reader, list_nodes
from runner.core.detection.services import CI_FILES, give_variable, make_template
from runner.core.pytest_files import TABLES
from runner.core.snapshot import Detected, Finding, Snapshot, dig, is_test
from runner.core.yaml_reading import read_yaml, walk

FILES = re.compile(
    r"(^|/)(tox\.ini|GNUmakefile|[Mm]akefile|setup\.cfg|pytest\.ini|noxfile\.py|README\.(?:md|rst)|CONTRIBUTING\.(?:md|rst))$"
)
INI = ("setup.cfg", "pytest.ini", "pyproject.toml")
RUNS_TESTS = re.compile(r"\b(?:pytest|py\.test|addopts|tox)\b")
OPTION = re.compile(
    rf"(?<![\w-])(?P<option>--[a-z][\w-]*)[= ](?P<quote>[\"']?)"
    rf"(?P<value>{SCHEME}://[^\s\"',]+|(?:host|dbname|user)=[^\"'\n]+)"
)
EXPORT = re.compile(
    rf"(?<![\w$-])(?P<name>[A-Z][A-Z0-9_]+)\s*[:?]?=\s*(?P<quote>[\"']?)"
    rf"(?P<value>(?:{SCHEME}://|host=|dbname=)[^\n\"']+)"
)
ADDRESSES = re.compile(
    r"--(?:\w+-)*(?:dburi|db-?url|db-?uri|database-?(?:url|uri|dsn)|(?:pg|postgres(?:ql)?|test|db)-?(?:dsn|url|uri)|dsn|sqlalchemy-?(?:url|uri)|connection-string)$"
)
PLAIN = re.compile(r"postgres(?:ql)?://")
MODES = re.compile(r"(?<![\w-])--(?:asyncio|import)-mode[= ]\w+")
"""Options of pytest's command line without which the same tests do not run at all, or not as they do."""


def detect_options(snapshot: Snapshot) -> Detected:
    """The options and variables that command lines have; what a conftest offers counts where no command line has it."""
    detected = Detected()
    for path, text in list_commands(snapshot):
        for match in OPTION.finditer(text) if RUNS_TESTS.search(text) else ():
            detected |= make_detected(match["option"], match["value"], path)
        for match in MODES.finditer(text) if RUNS_TESTS.search(text) else ():
            detected |= give_mode(match[0].replace(" ", "="), path, detected)
        for match in EXPORT.finditer(text):
            template = make_template(match["name"], read_value(match))
            # The first of several is the usual one; the others are for other drivers.
            if template and match["name"] not in detected.settings.get("environment", {}):
                detected |= give_variable(match["name"], template, path)
    named = {each.partition("=")[0] for each in detected.settings.get("pytest_args", ())}
    for path, text in snapshot.python_files():
        if is_test(path):
            for option, default in find_added(text):
                if option not in named:
                    detected |= make_detected(option, default, path)
    return detected


def give_mode(option: str, where: str, detected: Detected) -> Detected:
    """A mode of pytest's, where no earlier command has another; one in `addopts` is there anyway."""
    given = detected.settings.get("pytest_args", ())
    if where in INI or any(each.startswith(option.partition("=")[0]) for each in given):
        return Detected()
    return Detected((Finding("tests", f"run with `{option}`", where),), {"pytest_args": [option]})


def list_commands(snapshot: Snapshot) -> Iterator[tuple[str, str]]:
    """Path and text of what may hold command lines of tests: a step of a workflow, a file, the options in `addopts`."""
    for path, text in sorted(snapshot.texts.items()):
        if CI_FILES.search(path):
            for table in walk(read_yaml(text)):
                steps = [table.get("run"), table.get("script"), table.get("before_script")]
                lines = [one for each in steps for one in (each if isinstance(each, list) else [each])]
                yield from ((path, join_lines(follow(each, snapshot))) for each in lines if isinstance(each, str))
        elif FILES.search(path):
            yield path, join_lines(text)
    for keys in TABLES:
        addopts = dig(snapshot.pyproject, *keys, "addopts")
        words = (
            addopts if isinstance(addopts, str) else " ".join(map(str, addopts)) if isinstance(addopts, list) else ""
        )
        yield "pyproject.toml", f"addopts {words}"


def read_value(match: re.Match[str]) -> str:
    """The value of a variable in a command, where a shell's and tox's escapes are gone; without quotes one word."""
    value = match["value"] if match["quote"] or "://" not in match["value"] else match["value"].split()[0]
    return re.sub(r"\\([{}])", r"\1", value.strip())


def join_lines(text: str) -> str:
    """A text whose commands of several lines are on one."""
    return re.sub(r"\\\n\s*", " ", text)


def make_detected(option: str, value: str, where: str) -> Detected:
    """An option with an address, in the form of the one that stands there."""
    address = find_address(value)
    if address is None:
        return Detected()
    template = "{url}" if PLAIN.match(value) and "?" not in value else address.template
    argument = f"{option}={template}"
    return Detected((Finding("database", argument, where),), {"pytest_args": [argument]})


@cache
def find_added(text: str) -> tuple[tuple[str, str], ...]:
    """Options that a conftest adds and that want an address, each with one; not those that ask the environment."""
    nodes = list_nodes(text) if "addoption" in text else []
    calls = [each for each in nodes if isinstance(each, ast.Call) and find_name(each.func) == "addoption"]
    return tuple((option, default) for each in calls for option, default in read_option(each))


def read_option(call: ast.Call) -> Iterator[tuple[str, str]]:
    """The name of an option and an address of its form."""
    names = [each.value for each in call.args if isinstance(each, ast.Constant) and isinstance(each.value, str)]
    name = next((each for each in names if each.startswith("--")), "")
    default = next((each.value for each in call.keywords if each.arg == "default"), ast.Constant(None))
    if any(isinstance(each, ast.Call) and is_reader(each.func) for each in ast.walk(default)) or "environ" in ast.dump(
        default
    ):
        return
    text = default.value if isinstance(default, ast.Constant) and isinstance(default.value, str) else ""
    if text and find_address(text):
        yield name, text
    elif not text and ADDRESSES.match(name):
        yield name, "dbname=x" if name.endswith("dsn") else "postgresql://localhost/x"
