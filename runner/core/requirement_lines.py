"""Lines of requirements: those that another file stands for, and those of the setting `requirements`. Pure."""

import re
from collections.abc import Sequence
from contextlib import suppress

from runner.errors import SettingsError

INCLUDE = re.compile(r"^\s*(?P<option>-r|-c|--requirement|--constraint)(?:\s+|\s*=\s*|(?<=-[rc]))(?P<path>[^\s#]+)")
"""A line that names another file. Source: pip's documentation, "Requirements File Format"."""

FOLDER = "/project"
"""Where a build has the sources."""


def find_includes(text: str) -> list[str]:
    """Paths of the files that requirements include, as they stand there; addresses are left out."""
    found = [match["path"] for line in text.splitlines() if (match := INCLUDE.match(line))]
    return [path for path in found if "://" not in path]


def make_lines(requirements: Sequence[str]) -> str:
    """The setting `requirements` as a file that lies elsewhere: included ones get their whole path.

    Raises:
        SettingsError: a line is no requirement.
    """
    return "".join(f"{make_line(each.strip())}\n" for each in requirements if each.strip())


def make_line(line: str) -> str:
    """One line of it."""
    if match := INCLUDE.match(line):
        path = match["path"]
        return f"{match['option']} {path if '://' in path or path.startswith('/') else f'{FOLDER}/{path}'}"
    if not line.startswith(("-", ".", "/")) and "://" not in line.partition("@")[0]:
        check_requirement(line)
    return line


def check_requirement(line: str) -> None:
    """Refuse what is no requirement."""
    # Few projects have such lines, and every run imports this module.
    from packaging.requirements import InvalidRequirement, Requirement

    try:
        Requirement(line.partition(" #")[0])
    except InvalidRequirement as error:
        cause = str(error).partition("\n")[0]
        hint = "write it as in a requirements file, such as `pytest>=8`, or `-r FILE`"
        raise SettingsError(
            f"`{line}` is no requirement (`requirements`)", cause[:1].lower() + cause[1:], hint
        ) from None


def read_extras(line: str) -> list[str]:
    """The extras that a requirement asks for; none of a line that is no requirement."""
    from packaging.requirements import InvalidRequirement, Requirement

    with suppress(InvalidRequirement):
        return sorted(Requirement(line).extras)
    return []
