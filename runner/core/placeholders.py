"""Placeholders in variables and arguments: the parts of a slot's address, and addresses made of all of them. Pure."""

import re
from collections.abc import Mapping, Sequence
from urllib.parse import quote

URL = "postgresql://{user}:{password}@{host}:{port}/{dbname}"
DSN = "host={host} port={port} user={user} password='{password}' dbname='{dbname}'"
"""libpq's other way to write an address, as keywords and values."""

WHOLE = {"url": URL, "dsn": DSN}
"""Placeholders that stand for several."""

PARTS = frozenset({"user", "password", "host", "port", "dbname", "slot"})

FURTHER = "dbname_"
"""Begins the placeholder of each of `postgres.databases`."""

PLACEHOLDER = re.compile(r"(?<!\{)\{(\w+)\}(?!\})")


def expand(text: str) -> str:
    """A template in which only parts of an address are placeholders."""
    return PLACEHOLDER.sub(lambda found: WHOLE.get(found[1], found[0]), text)


def has_placeholder(argument: str) -> bool:
    """Whether an argument has a part of an address; other braces in arguments are the user's own."""
    names = PLACEHOLDER.findall(argument)
    return any(name in PARTS or name in WHOLE or name.startswith(FURTHER) for name in names)


def fill_arguments(arguments: Sequence[str], server: Mapping[str, str] | None) -> list[str]:
    """Arguments with what is the same for all slots; the plugin fills in the rest, which differs between workers.

    pytest reads numbers, such as a port's, before any plugin could.

    Args:
        arguments: as the user wrote them.
        server: the parts of an address, in which the slot's name may stand as `{slot}`; None leaves out whatever
            needs an address.
    """
    if server is None:
        return [each for each in arguments if not has_placeholder(each)]
    constant = {name: value for name, value in server.items() if "{" not in value}

    def fill(argument: str) -> str:
        text = expand(argument) if has_placeholder(argument) else argument
        parts = quote_parts(text, constant)
        return PLACEHOLDER.sub(lambda found: parts.get(found[1], found[0]), text)

    return [fill(each) for each in arguments]


def quote_parts(text: str, parts: Mapping[str, str]) -> Mapping[str, str]:
    """The parts as a template wants them: in an address, letters that mean something there are quoted."""
    return {name: quote(value, safe="") for name, value in parts.items()} if "://" in text else parts
