"""What tox sets for the tests beside their requirements. Pure."""

import re
from collections.abc import Iterator

from runner.core.ini_text import read_sections

SECTIONS = re.compile(r"testenv(?::(?:tests?|py[\d.]*))?")
LINE = re.compile(r"^(?:(?P<factors>[\w!,.{}-]+)\s*:\s*)?(?P<name>[A-Za-z_]\w*)\s*=\s*(?P<value>.*)$")
COMMAND = re.compile(r"^(?:(?P<factors>[\w!,.{}-]+)\s*:\s+)?(?P<command>\S.*)$")
TESTS = re.compile(r"(?<![\w-])(?:tests?|py[\d.]*)(?![\w-])")
"""Environments in which tests run, by the names that people give them; `!` excludes one."""

DEFAULT = re.compile(r"\{env:\w+:((?:[^{}]|\{[^{}]*\})*)\}")
"""tox's word for a variable of the caller's, with what holds where it is not set."""


def list_tox_variables(text: str) -> Iterator[tuple[str, str]]:
    """The variables that tox's environments for tests set, as far as they stand there in full."""
    for name, section in read_sections(text).items():
        if SECTIONS.fullmatch(name):
            lines = [*section.get("setenv", "").splitlines(), *section.get("set_env", "").splitlines()]
            for match in filter(None, (LINE.match(line.strip()) for line in lines)):
                value = DEFAULT.sub(r"\1", match["value"]).strip()
                if is_for_tests(match["factors"]) and "{" not in value:
                    yield match["name"], value.strip("\"'")


def list_tox_commands(text: str) -> Iterator[str]:
    """The commands of tox's environments for tests, in their order."""
    for name, section in read_sections(text).items():
        if SECTIONS.fullmatch(name):
            lines = [*section.get("commands_pre", "").splitlines(), *section.get("commands", "").splitlines()]
            for match in filter(None, (COMMAND.match(line.strip()) for line in lines)):
                if is_for_tests(match["factors"]):
                    yield match["command"]


def is_for_tests(factors: str | None) -> bool:
    """Whether a line is for an environment of the tests: it says so, or is for all."""
    return factors is None or TESTS.search(factors) is not None
