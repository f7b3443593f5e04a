"""Tests that were skipped for want of a database or a service, by the words of their reasons. Pure."""

import re
from collections import Counter, defaultdict
from functools import cache
from typing import Literal

from runner.core.events import Event

OTHER_VERSION = r"[<>=!~v]|\d|versions?\b"

Want = Literal["", "database", "service"]

DATABASE = r"(?:postgres\w*|psql|pg|psycopg\w*|asyncpg|database|db|dsn|sql server)"
SERVICE = (
    r"(?:redis|valkey|mysql|mariadb|mongo\w*|rabbitmq|kafka|elastic\w*|opensearch|memcached?|minio|localstack|docker|"
    r"clickhouse|cassandra|etcd|consul|ldap|smtp|broker|services?|servers?|s3)"
)

STATES = "available|running|reachable|accessible|configured|set|found|installed|started|up|present|responding"

PATTERNS = (
    rf"\b(?:needs?|requires?|requiring|wants?|no|without|missing)\b(?: \w+){{0,3}} THING\b(?! ?(?:{OTHER_VERSION}))",
    rf"\bTHING\b(?:[ :]\S+){{0,4}} (?:not|isn't|wasn't|aren't) (?:{STATES})\b",
    r"\bTHING\b(?: \w+){0,2} (?:is |are )?(?:unavailable|unreachable|down|offline|missing|required|refused)\b",
    r"\b(?:cannot|can't|could not|couldn't|unable to|failed to) (?:connect|reach|find|access)(?: \w+){0,3} THING\b",
)
"""How reasons say that a thing is not there; not that another version of it is wanted."""

VARIABLE = re.compile(
    r"\b(?P<name>[A-Z][A-Z0-9_]*)\b(?: \w+){0,3} (?:not|unset|undefined|missing|required|empty)\b"
    r"|\b(?:set|export|define|specify|no|without) (?:the )?(?:env\w* )?(?:var\w* )?[`$'\"]?"
    r"(?P<other>[A-Z][A-Z0-9_]{3,})\b"
)
"""A variable of the environment that is not set."""

OF_DATABASE = re.compile(r"DATABASE|POSTGRES|(?:^|_)(?:PG|DB|DSN)|DSN$|PG(?:HOST|USER|DATABASE)")
OF_SERVICE = re.compile(r"REDIS|MYSQL|MONGO|RABBIT|AMQP|KAFKA|ELASTIC|BROKER|MINIO|S3_|_HOST$")

LIBPQ = re.compile(r"(?:connect|connection) to server\b")
"""How libpq speaks of a server."""

CONNECTING = re.compile(
    r"(?:could not|cannot|can't|unable to|failed to) connect\b|connection refused|connect call failed", re.IGNORECASE
)


@cache
def compile_thing(thing: str) -> re.Pattern[str]:
    """The patterns for one kind of thing; most runs skip nothing and need none."""
    return re.compile("|".join(each.replace("THING", thing) for each in PATTERNS), re.IGNORECASE)


def find_want(reason: str) -> Want:
    """What a skipped test wanted, as far as its reason tells."""
    if variable := VARIABLE.search(reason):
        name = variable["name"] or variable["other"]
        if OF_DATABASE.search(name):
            return "database"
        if OF_SERVICE.search(name):
            return "service"
    if compile_thing(DATABASE).search(reason) or LIBPQ.search(reason):
        return "database"
    if compile_thing(SERVICE).search(reason):
        return "service"
    return "database" if CONNECTING.search(reason) else ""


class SkipLog:
    """Collects the reasons of skips from the events of a run."""

    def __init__(self) -> None:
        self._reasons: dict[str, str] = {}

    def hear(self, event: Event) -> None:
        """Take one event into account: a test, or a whole file, that was skipped; its last attempt counts."""
        if event.name == "collection-skipped":
            self._reasons[event.data["test"]] = event.data["message"]
        elif event.name == "test-finished":
            if event.data["verdict"] == "skipped":
                self._reasons[event.data["test"]] = event.data["message"]
            else:
                self._reasons.pop(event.data["test"], None)

    def describe(self) -> list[str]:
        """A line for each kind of thing that tests wanted, with the commonest reasons."""
        found: defaultdict[Want, Counter[str]] = defaultdict(Counter)
        for reason in self._reasons.values():
            if want := find_want(reason):
                found[want][reason] += 1
        return [tell_skips(want, found[want]) for want in ("database", "service") if found[want]]


def tell_skips(want: Want, reasons: Counter[str]) -> str:
    """How many tests were skipped for want of a thing, and what they say."""
    count = reasons.total()
    shown = ", ".join(
        f"`{reason[:100]}`{f' ({often})' if often > 1 else ''}" for reason, often in reasons.most_common(3)
    )
    subject = f"{count} tests were" if count != 1 else "1 test was"
    return f"{subject} skipped for want of a {want}: {shown}"
