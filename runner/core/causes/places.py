"""Finds where a project says what a failure shows: an address in its files, and the variable that holds it. Pure."""

import re
from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from runner.core.causes.symptoms import Place, shorten
from runner.core.detection.python import read_uses
from runner.core.snapshot import Snapshot

LOCAL = frozenset({"localhost", "127.0.0.1", "::1", "0.0.0.0"})  # noqa: S104 -- names to compare with

URL = re.compile(r"postgres(?:ql)?(?:\+\w+)?://[^\s'\"<>`,;)]*")

READS = re.compile(
    r"(?:getenv|environ(?:\.get|\.setdefault)?|env(?:\.\w+)?|config)\s*[\[(]\s*[\"'](?P<name>\w+)[\"']"
    r"|^\s+(?P<field>\w+)\s*:\s*[\w.\[\]| ]+=|^(?:export\s+)?(?P<plain>[A-Z][A-Z0-9_]{2,})="
    r"|^\s+(?:- )?(?P<yaml>[A-Z][A-Z0-9_]{2,}): ",
    re.MULTILINE,
)
"""A variable that a line reads: by a call, as the field of a class of settings, or that a file such as `.env` sets."""

NEAR = 2
"""Lines before an address in which the variable may stand that it is the default of."""

SHOWN = 3


@dataclass(frozen=True)
class Address:
    """What a failure tells of the address that was dialled; each part may be empty."""

    host: str = ""
    port: str = ""
    user: str = ""
    database: str = ""

    def as_text(self) -> str:
        """The address in words."""
        place = f"`{self.host}{':' if self.host and self.port else ''}{self.port}`" if self.host or self.port else ""
        named = [f"{word} `{text}`" for word, text in (("user", self.user), ("database", self.database)) if text]
        return ", ".join([*filter(None, [place]), *named])


def find_places(snapshot: Snapshot, address: Address) -> list[Place]:
    """The lines that hold an address, those that fit best; none where nothing fits well."""
    parts = {address.port, address.user, address.database, *(LOCAL if address.host in LOCAL else [address.host])} - {""}
    scored = [
        (score, Place(path, number, shorten(line)))
        for path, number, line in list_lines(snapshot, parts)
        if (score := rate(line, address)) >= 2
    ]
    best = max((score for score, _ in scored), default=0)
    return [place for score, place in scored if score == best][:SHOWN]


def list_lines(snapshot: Snapshot, parts: Collection[str]) -> Iterator[tuple[str, int, str]]:
    """Path, number and text of lines with any of the parts; tests first: they are what is run; what CI has last."""
    order = sorted(snapshot.texts, key=lambda path: (path.startswith("."), "test" not in path, path))
    for path in order:
        if not any(part in snapshot.texts[path] for part in parts):
            continue
        for number, line in enumerate(snapshot.texts[path].splitlines(), 1):
            if any(part in line for part in parts) and not line.lstrip().startswith("#"):
                yield path, number, line


def rate(line: str, address: Address) -> int:
    """How well a line fits an address: 0 for not at all, 2 for a part that is not common."""
    if found := URL.search(line):
        return rate_url(found[0], address)
    score = 0
    if address.port and re.search(rf"(?<![\w.]){address.port}(?![\w.])", line) and "port" in line.lower():
        score += 2
    if address.host and re.search(rf"[\"'=@ ]{re.escape(address.host)}[\"':\s/]|={re.escape(address.host)}$", line):
        score += 1 if address.host in LOCAL else 2
    for word, text in (("user", address.user), ("db|database|name", address.database)):
        if text and re.search(rf"(?i:{word})\w*[\"']?\s*[:=,]+\s*[\"']?{re.escape(text)}\b", line):
            score += 2
    return score


def rate_url(url: str, address: Address) -> int:
    """How well a URL fits: 0 where any part is another one."""
    try:
        found = urlsplit(url)
        port = str(found.port or 5432)
    except ValueError:
        return 0
    host = found.hostname or ""
    pairs = [
        (address.port, port if "{" not in url else address.port),
        (address.user, unquote(found.username or "")),
        (address.database, unquote(found.path.strip("/"))),
    ]
    if "{" in url or "%(" in url:
        return 0
    if address.host and not (host == address.host or {host, address.host} <= LOCAL):
        return 0
    if any(wanted and there and wanted != there for wanted, there in pairs):
        return 0
    return 2 + sum(bool(wanted and wanted == there) for wanted, there in pairs)


def find_variable(snapshot: Snapshot, places: Sequence[Place]) -> tuple[str, Place] | None:
    """The variable whose default an address is, and where it is read."""
    for place in places:
        text = snapshot.texts[place.file]
        lines, first = text.splitlines(), place.line - 1
        # The call may have begun on a line before.
        while first > max(0, place.line - 1 - NEAR) and lines[first - 1].rstrip().endswith(("(", ",", "=", "[")):
            first -= 1
        part = "\n".join(lines[first : place.line])
        for found in reversed([*READS.finditer(part)]):
            if name := choose_name(found, text):
                number = first + part.count("\n", 0, found.end())
                return name, Place(place.file, number + 1, shorten(lines[number]))
    return None


def find_reads(snapshot: Snapshot, path: str, name: str) -> list[Place]:
    """The first line of a file that reads a variable."""
    lines = enumerate(snapshot.texts.get(path, "").splitlines(), 1)
    return [Place(path, number, shorten(line)) for number, line in lines if name in line][:1]


def choose_name(found: re.Match[str], text: str) -> str:
    """The variable that a line reads; empty for a field of a class that reads none."""
    if name := found["name"] or found["plain"] or found["yaml"]:
        return name
    field = found["field"].upper()
    return next((each for each in read_uses(text).variables if each.upper().endswith(field)), "")


def complete(snapshot: Snapshot, places: Sequence[Place], address: Address) -> Address:
    """The address with what else the project's own line has of it."""
    for place in places:
        if found := URL.search(snapshot.texts[place.file].splitlines()[place.line - 1]):
            with suppress(ValueError):
                url = urlsplit(found[0])
                return Address(
                    address.host or url.hostname or "",
                    address.port or str(url.port or ""),
                    address.user or unquote(url.username or ""),
                    address.database or unquote(url.path.strip("/")),
                )
    return address


def find_password(snapshot: Snapshot, place: Place) -> str:
    """The password of an address in the project's own file; empty where it has none."""
    lines = snapshot.texts[place.file].splitlines()
    found = URL.search(lines[place.line - 1])
    try:
        return unquote(urlsplit(found[0]).password or "") if found else ""
    except ValueError:
        return ""
