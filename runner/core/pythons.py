"""Which Python a suite image has, and where it comes from. Pure."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from runner.core.mirrors import UNSTABLE
from runner.errors import SettingsError

Origin = Literal["base", "debian", "download"]

OWN = "3.13"
"""The Python of Debian 13, which the base has."""

RELEASES: Mapping[str, str] = {"3.9": "bullseye", "3.11": "bookworm", "3.14": UNSTABLE, "3.15": UNSTABLE}
"""Other releases of Debian by the Python that they have."""

PATCHES: Mapping[str, str] = {"3.9": "3.9.2", "3.11": "3.11.2", "3.13": "3.13.5"}
"""The whole version where Debian does not change it any more."""

DOWNLOADED: Sequence[str] = ("3.10", "3.12")
"""What no release of Debian has; uv fetches builds of them, where their place can be reached."""

KNOWN = frozenset([OWN, *RELEASES, *DOWNLOADED])
"""Every Python that can be asked for."""


@dataclass(frozen=True)
class Interpreter:
    """The Python of a suite.

    Attributes:
        version: such as `3.11`.
        asked: what is asked for; empty where nothing is.
        where: what asks for it, in words.
    """

    version: str = OWN
    asked: str = ""
    where: str = ""

    @property
    def origin(self) -> Origin:
        """Where it comes from."""
        if self.version == OWN:
            return "base"
        return "debian" if self.version in RELEASES else "download"

    @property
    def release(self) -> str:
        """The other release of Debian that it comes from; empty for none."""
        return RELEASES.get(self.version, "")


def choose_python(setting: str, version_file: str, requires: str, where: str = "") -> Interpreter:
    """The Python to take: the setting's, else the version file's, else one that the project's metadata allows.

    Args:
        setting: the setting `python`: a version, or a specifier such as `<3.13`.
        version_file: the text of `.python-version`.
        requires: a specifier such as `>=3.9`, or one of Poetry's, such as `^3.9`.
        where: the file that has it.

    Raises:
        SettingsError: it cannot be had, or what asks for it cannot be understood.
    """
    named = read_version_file(version_file)
    for place, asked in (("the setting `python`", setting), ("`.python-version`", named)):
        if asked:
            return Interpreter(find_version(asked, place), asked, place)
    # Nobody wrote it for us: what cannot be understood asks for nothing.
    if requires and parse_specifiers(requires):
        place = f"`{where}`" if where else "the project"
        return Interpreter(find_allowed(requires, place), requires, place)
    return Interpreter()


def read_version_file(text: str) -> str:
    """The first version in the text of `.python-version`; `system` is no version."""
    lines = (line.partition("#")[0].strip() for line in text.splitlines())
    return next((line for line in lines if line and line != "system"), "")


def find_version(asked: str, where: str) -> str:
    """The version that a plain one stands for, such as `3.11.7` or `cpython@3.11`; a specifier chooses."""
    plain = re.fullmatch(r"(?:(?:cpython|python)[@-]?)?(\d+)(?:\.(\d+)(?:[.a-z-].*)?)?", asked.strip())
    if plain is None:
        return find_allowed(asked, where)
    version = f"{plain[1]}.{plain[2]}" if plain[2] else OWN
    if version not in KNOWN or plain[1] != "3":
        raise refuse(asked, where)
    return version


def find_allowed(specifier: str, where: str) -> str:
    """The base's Python where a specifier allows it, else the highest that Debian has, else one to download."""
    allowed = parse_specifiers(specifier)
    if not allowed:
        raise SettingsError(
            f"cannot understand which Python {where} asks for: `{specifier}`",
            "it is neither a version, such as `3.11`, nor a specifier, such as `>=3.9,<3.13`",
            f"set `python` to one of {', '.join(f'`{each}`' for each in sort_down(KNOWN)[::-1])}",
        )
    whole = {each: PATCHES.get(each, f"{each}.99") for each in KNOWN}
    fitting = [name for name in KNOWN if any(each.contains(whole[name], prereleases=True) for each in allowed)]
    for group in ((OWN,), sort_down(RELEASES), sort_down(DOWNLOADED)):
        if found := [each for each in group if each in fitting]:
            return found[0]
    # One exact patch release, as a lock's tool pins it: Debian has the same Python with another one.
    if pinned := re.fullmatch(r"\s*(?:={2,3})?\s*(3\.\d+)\.\d+\s*", specifier):
        return find_version(pinned[1], where)
    raise refuse(specifier, where)


def parse_specifiers(text: str) -> list[SpecifierSet]:
    """The alternatives of a specifier, as Poetry separates them; none where one cannot be understood."""
    try:
        return [SpecifierSet(translate_poetry(part)) for part in re.split(r"\|\|?", text)]
    except InvalidSpecifier:
        return []


def sort_down(versions: Iterable[str]) -> list[str]:
    """Versions, the highest first."""
    return sorted(versions, key=lambda each: int(each.partition(".")[2]), reverse=True)


def translate_poetry(specifier: str) -> str:
    """A specifier as packaging understands it: Poetry's `^3.9`, `~3.9`, `3.9.*`, `*` and blanks between parts."""
    parts = [part for part in re.split(r"[,\s]+", re.sub(r"([<>=!~^])\s+", r"\1", specifier.strip())) if part != "*"]
    return ",".join(translate_part(part) for part in parts)


def translate_part(part: str) -> str:
    """One part of it."""
    found = re.fullmatch(r"([~^]|==)?(\d+)(?:\.(\d+))?(\.\d+)?(\.\*)?", part)
    if not found:
        return part
    operator, major, minor, patch = found[1], int(found[2]), int(found[3] or 0), found[4] or ""
    if operator == "^":
        return f">={major}.{minor}{patch},<{major + 1}"
    if operator == "~":
        return f">={major}.{minor}{patch},<{major}.{minor + 1}"
    return part if operator else f"=={part if found[5] else f'{part}.*'}"


def refuse(asked: str, where: str) -> SettingsError:
    """The error for a Python that cannot be had."""
    return SettingsError(
        f"there is no Python for what {where} asks for: `{asked}`",
        f"Debian has {' '.join(sort_down([OWN, *RELEASES])[::-1])}; uv can fetch {' '.join(DOWNLOADED)}",
        "set `python` to one of these",
    )
