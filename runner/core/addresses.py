"""Addresses of databases in texts: as URLs and as libpq's words; their parts, and the template for one's form. Pure."""

import re
from dataclasses import dataclass
from urllib.parse import unquote

URL = re.compile(
    r"(?P<scheme>postgres(?:ql)?(?:\+\w+)?)://"
    r"(?:(?P<user>[^\s:/@'\"]*)(?::(?P<password>[^\s@'\"]*))?@)?"
    r"(?P<host>\[[^\]\s]*\]|[^\s:/?#'\"`,;)]*)(?::(?P<port>\d+))?"
    r"(?:/(?P<dbname>[^\s?#'\"`,;)]*))?(?P<query>\?[^\s#'\"`,;)]*)?"
)
"""An address as libpq and SQLAlchemy take it. Source: libpq's "Connection URIs"; SQLAlchemy's "Database URLs"."""

WORD = re.compile(
    r"\b(?P<key>host|hostaddr|port|dbname|user|password)\s*=\s*(?:'(?P<quoted>[^']*)'|(?P<plain>[^\s'\"]+))"
)
"""A word of libpq's other form, such as `host=localhost dbname=shop`."""

LOCAL = frozenset({"localhost", "127.0.0.1", "0.0.0.0", "[::1]", "::1", ""})  # noqa: S104 -- compared, not bound
VARYING = re.compile(r"[${}<>%]")
"""What a part holds that something else fills in, such as `${POSTGRES_PASSWORD}`."""


@dataclass(frozen=True)
class Address:
    """One address; parts that it leaves out are empty.

    Attributes:
        template: the same with placeholders for its parts; in libpq's form `{dsn}`.
    """

    user: str = ""
    password: str = ""
    host: str = ""
    port: str = ""
    dbname: str = ""
    template: str = ""

    @property
    def is_local(self) -> bool:
        """Whether it leads to the same machine, or to one that something else decides."""
        return self.host in LOCAL or VARYING.search(self.host) is not None

    @property
    def has_names(self) -> bool:
        """Whether it fixes the role or the database."""
        return is_fixed(self.dbname) or is_fixed(self.user)


def find_address(text: str) -> Address | None:
    """The first address in a text."""
    if match := URL.search(text):
        return read_url(match)
    words = {match["key"]: match["quoted"] or match["plain"] or "" for match in WORD.finditer(text)}
    if not {"dbname", "host"} & words.keys():
        return None
    words["host"] = words.pop("hostaddr", words.get("host", ""))
    # What one leaves to the environment another may not.
    return Address(**{key: value for key, value in words.items() if value}, template="{dsn}")


def read_url(match: re.Match[str]) -> Address:
    """An address from a URL."""
    parts = {key: unquote(match[key] or "") for key in ("user", "password", "host", "port", "dbname")}
    query = (match["query"] or "").replace("{", "{{").replace("}", "}}")
    return Address(**parts, template=f"{match['scheme']}://{{user}}:{{password}}@{{host}}:{{port}}/{{dbname}}{query}")


def make_list_template(text: str) -> str:
    """The template for a list of addresses: those of Postgres, and those of files, which need no server."""
    separator = next((each for each in (",", ";", " ") if each in text.strip()), ",")
    found = [each.strip() for each in text.replace("\n", separator).split(separator) if each.strip()]
    kept = [find_address(each) for each in found if URL.match(each)]
    files = [each for each in found if each.startswith("sqlite")]
    addresses = [each.template for each in kept if each is not None]
    return (", " if separator == "," else separator).join([*files, *dict.fromkeys(addresses)])


def is_fixed(text: str) -> bool:
    """Whether a part stands there as it is, and nothing fills it in."""
    return bool(text) and not VARYING.search(text)
