"""Addresses of databases as text: `postgresql://` URLs, also as SQLAlchemy writes them. No I/O."""

from __future__ import annotations

import re
from urllib.parse import quote, unquote

# As libpq splits them, and not as urllib does: a password may hold `#` and `?`.
URL = re.compile(
    r"(?P<scheme>postgres(?:ql)?)(?:\+\w+)?://(?P<host>(?:[^@/]*@)?[^/?]*)(?:/(?P<name>[^?]*))?(?:\?(?P<query>.*))?"
)


class AddressError(ValueError):
    """The address is no URL of a Postgres database; it is not in the text, because it may hold a password."""

    def __init__(self) -> None:
        super().__init__("the address is no `postgresql://` URL")


def split(address: str) -> re.Match[str]:
    """The parts of an address.

    Raises:
        AddressError: it is none.
    """
    if found := URL.fullmatch(address):
        return found
    raise AddressError


def with_database(address: str, name: str) -> str:
    """The address of another database on the same server; raises AddressError."""
    parts = split(address)
    kept = [each for each in split_query(parts) if not each.startswith("dbname=")]
    return join(address, parts, quote(name, safe=""), kept)


def with_search_path(address: str, path: str) -> str:
    """The address of the same database with another search_path, behind options that are there; raises AddressError."""
    parts = split(address)
    options = [each.removeprefix("options=") for each in split_query(parts) if each.startswith("options=")]
    kept = [each for each in split_query(parts) if not each.startswith("options=")]
    added = "%20".join([*options, quote(f"-csearch_path={path}", safe="")])
    return join(address, parts, parts["name"] or "", [*kept, f"options={added}"])


def for_libpq(address: str, known: frozenset[str]) -> str:
    """The address without a driver's name and the driver's own options; one that is no URL stays as it is.

    Args:
        address: a URL or libpq's `key=value` text.
        known: names of libpq's options.
    """
    if not (parts := URL.fullmatch(address)):
        return address
    query = [each for each in split_query(parts) if each.partition("=")[0] in known]
    return join("postgresql://", parts, parts["name"] or "", query)


def find_password(address: str) -> str | None:
    """The password in an address; raises AddressError."""
    user, at, _ = split(address)["host"].partition("@")
    _, colon, password = user.partition(":")
    return unquote(password) if at and colon else None


def split_query(parts: re.Match[str]) -> list[str]:
    """The options of an address, still quoted."""
    return parts["query"].split("&") if parts["query"] else []


def join(address: str, parts: re.Match[str], name: str, query: list[str]) -> str:
    """An address of the scheme of another, and the parts."""
    scheme = address.partition("://")[0]
    return f"{scheme}://{parts['host']}/{name}" + ("?" + "&".join(query) if query else "")
