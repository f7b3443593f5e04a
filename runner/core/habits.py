"""What a suite's own `addopts` decide: our defaults give way to them, and the project's settings win. Pure."""

import shlex
from argparse import ArgumentError, ArgumentParser
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any, get_args

from runner.core.groups import Dist

AUTO = ("auto", "logical")
"""Words of pytest-xdist for the number of CPUs."""


def read_habits(addopts: Sequence[str]) -> dict[str, Any]:
    """Settings, as a layer below those of the project; a value that no setting takes is left out.

    Args:
        addopts: the words of pytest's setting, as a shell takes them.
    """
    parser = ArgumentParser(add_help=False, allow_abbrev=False, exit_on_error=False)
    parser.add_argument("-n", "--numprocesses", dest="workers")
    parser.add_argument("--dist")
    parser.add_argument("--reruns", type=int)
    parser.add_argument("--reruns-delay", type=float)
    parser.add_argument("-m", dest="mark")
    parser.add_argument("-p", dest="plugins", action="append", default=[])
    try:
        found, _ = parser.parse_known_args([*addopts])
    except (ArgumentError, SystemExit):
        return {}
    habits = {"workers": read_workers(found.workers), "reruns": found.reruns, "reruns_delay": found.reruns_delay}
    habits["mark"] = found.mark
    habits["dist"] = found.dist if found.dist in get_args(Dist) else None
    if "no:xdist" in found.plugins or found.dist == "no":
        habits["workers"] = 0
    if "no:rerunfailures" in found.plugins:
        habits["reruns"] = 0
    return {name: value for name, value in habits.items() if value is not None}


def read_workers(text: str | None) -> int | str | None:
    """The number of workers that `-n` asks for."""
    if text in AUTO:
        return "auto"
    return int(text) if text is not None and text.isdecimal() else None


def split_addopts(value: Any) -> list[str]:
    """The words of `addopts`: a text, or in TOML perhaps a list."""
    if isinstance(value, list):
        return [each for each in value if isinstance(each, str)]
    with suppress(ValueError):
        return shlex.split(value) if isinstance(value, str) else []
    return []


def find_addopts(places: Iterable[Mapping[str, Any] | None]) -> list[str]:
    """The words of the first place that pytest would take its settings from.

    Args:
        places: tables of settings, in pytest's own order; None for a file that has none.
    """
    table: Mapping[str, Any] = next((each for each in places if each is not None), {})
    return split_addopts(table.get("addopts"))
