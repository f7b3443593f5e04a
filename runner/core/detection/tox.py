"""What tox sets for the tests beside their requirements. Pure."""

import re
from collections.abc import Iterable, Iterator

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
    for match in list_lines(text, ("setenv", "set_env"), LINE):
        value = DEFAULT.sub(r"\1", match["value"]).strip()
        if "{" not in value:
            yield match["name"], value.strip("\"'")


def list_tox_commands(text: str) -> Iterator[str]:
    """The commands of tox's environments for tests, in their order."""
    yield from (match["command"] for match in list_lines(text, ("commands_pre", "commands"), COMMAND))


def list_lines(text: str, keys: Iterable[str], shape: re.Pattern[str]) -> Iterator[re.Match[str]]:
    """The lines under some keys of tox's environments for tests that have a shape, which names their factors."""
    for name, section in read_sections(text).items():
        for key in keys if SECTIONS.fullmatch(name) else ():
            for line in section.get(key, "").splitlines():
                if (match := shape.match(line.strip())) and is_for_tests(match["factors"]):
                    yield match


def is_for_tests(factors: str | None) -> bool:
    """Whether a line is for an environment of the tests: it says so, or is for all."""
    return factors is None or TESTS.search(factors) is not None
