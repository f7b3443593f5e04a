"""What of `[tool.runner.postgres]` and `rights` cannot be, alone or with an isolation; each with the reason. Pure."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from string import Formatter
from typing import Any

from runner.core.groups import Isolation, Right
from runner.core.postgres_conf import RESERVED
from runner.core.settings_postgres import Postgres

OLDEST = 13
"""The oldest version whose statements and log this runner knows."""

LONGEST_NAME = 63
"""Bytes of an identifier that Postgres keeps."""

LONGEST_SLOT = "runner_template"

OWN_ROLE, OWN_DATABASES = "postgres", frozenset({"postgres", "template0", "template1"})

AS_SLOT = (
    'set `isolation = "database"`, where the name may hold `{slot}`, or `isolation = "server"`, where it may be any'
)
FIXED = 'let it hold `{slot}`, or set `isolation = "server"`, where it may be any'
SERVER = 'set `isolation = "server"`'
SCHEMA_REASONS = {
    "user": "where a slot is a schema, the role is the isolation: each worker has one of its own, of its slot's name",
    "database": "where a slot is a schema, all slots are in one database of the runner's",
    "databases": "where a slot is a schema, it has no database of its own",
}


@dataclass(frozen=True)
class Refusal:
    """Why a value cannot be.

    Attributes:
        keys: where it stands below `tool.runner`.
        value: as it was given.
        cause: the reason.
        hint: what can be instead.
    """

    keys: tuple[str, ...]
    value: Any
    cause: str
    hint: str = ""


def find_bad_value(postgres: Postgres) -> Refusal | None:
    """The first value of the table that fits no isolation."""
    return next(list_bad_values(postgres), None)


def list_bad_values(postgres: Postgres) -> Iterator[Refusal]:
    """Each value that fits no isolation."""
    version = str(postgres.version)
    if version and not (re.fullmatch("[0-9]{2}", version) and int(version) >= OLDEST):
        yield refuse("version", postgres.version, f"expected a major version from {OLDEST} on, such as 15")
    if postgres.image and version:
        yield refuse("image", postgres.image, "the version is the image's", "take `version` out")
    if re.search(r"\s", postgres.image) or postgres.image.startswith("-"):
        yield refuse("image", postgres.image, "expected the name of an image, such as `postgres:16`")
    yield from list_bad_names(postgres)
    if "\0" in postgres.password:
        yield refuse("password", postgres.password, "it has a zero byte")
    yield from list_bad_words(
        "host", [postgres.host], r"127\.0\.0\.1|(?![\d.]+$)[A-Za-z0-9]([A-Za-z0-9.-]{0,61}[A-Za-z0-9])?"
    )
    yield from list_bad_words("extensions", postgres.extensions, r"[A-Za-z0-9][\w+.-]*")
    yield from list_bad_parameters(postgres)
    for key in ("locale", "encoding", "timezone"):
        yield from list_bad_words(key, [getattr(postgres, key)], r"[A-Za-z0-9][A-Za-z0-9_.@/+-]*")


def list_bad_names(postgres: Postgres) -> Iterator[Refusal]:
    """Each name of a role or a database that can be none."""
    names = [
        ("user", postgres.user),
        ("database", postgres.database),
        *(("databases", each) for each in postgres.databases),
    ]
    yield from (refuse(key, name, cause) for key, name in names if name and (cause := find_bad_name(name)))
    if postgres.user.startswith("pg_"):
        yield refuse("user", postgres.user, "names that begin with `pg_` are Postgres's own")
    keys = [name_database(each) for each in postgres.databases]
    if len(set(keys)) < len(keys) or "" in keys:
        yield refuse("databases", postgres.databases, "each needs a name of its own beside `{slot}`")


def list_bad_parameters(postgres: Postgres) -> Iterator[Refusal]:
    """Each parameter of the server that cannot be set; the server itself refuses the others that it does not know."""
    yield from list_bad_words("settings", list(postgres.settings), r"[A-Za-z_][\w$]*(\.[A-Za-z_][\w$]*)?")
    for name, value in postgres.settings.items():
        if reason := RESERVED.get(name.lower()):
            yield refuse("settings", postgres.settings, f"`{name}` cannot be set: {reason}")
        if "\n" in str(value):
            yield refuse("settings", postgres.settings, f"the value of `{name}` has more than one line")


def list_bad_words(key: str, words: Sequence[str], shape: str) -> Iterator[Refusal]:
    """Each word that is none."""
    yield from (refuse(key, word, "it is no such name") for word in words if not re.fullmatch(shape, word))


def find_bad_name(name: str) -> str:
    """Why a name, which may be a template, can be none of a role or a database; empty for one that can."""
    try:
        unknown = {field for _, field, _, _ in Formatter().parse(name) if field is not None} - {"slot"}
    except ValueError:
        unknown = {"{"}
    if unknown:
        return f"`{{{min(unknown)}}}` is no placeholder of a name; `{{slot}}` is, and a brace that is meant is doubled"
    if "\0" in name or len(name.format(slot=LONGEST_SLOT).encode()) > LONGEST_NAME:
        return f"Postgres keeps {LONGEST_NAME} bytes of a name"
    return ""


def name_database(template: str) -> str:
    """How addresses have a further database: as `{dbname_NAME}`."""
    return re.sub(r"\W+", "_", template.replace("{slot}", " ").strip("_- ")).strip("_")


def find_conflict(postgres: Postgres, isolation: Isolation, rights: Sequence[Right]) -> Refusal | None:
    """Why these cannot be with an isolation; None where they can.

    Args:
        postgres: the table.
        isolation: what a slot is.
        rights: of the tests' role.
    """
    check = CHECKS.get(isolation)
    return next(check(postgres, rights), None) if check else None


def list_conflicts_of_schema(postgres: Postgres, rights: Sequence[Right]) -> Iterator[Refusal]:
    """What a slot that is a schema cannot have."""
    for key, cause in SCHEMA_REASONS.items():
        if value := getattr(postgres, key):
            yield refuse(key, value, cause, AS_SLOT)
    if "superuser" in rights:
        cause = "where a slot is a schema, rights are what keeps workers apart, and a superuser has all of them"
        yield Refusal(("rights",), [*rights], cause, SERVER)
    yield from list_conflicts_of_roles(postgres, rights)


def list_conflicts_of_database(postgres: Postgres, rights: Sequence[Right]) -> Iterator[Refusal]:
    """What a slot that is a database cannot have."""
    if postgres.database and not has_slot(postgres.database):
        yield refuse("database", postgres.database, "each slot has a database of its own", FIXED)
    yield from list_conflicts_of_own(postgres)
    yield from list_conflicts_of_roles(postgres, rights)


def list_conflicts_of_own(postgres: Postgres, _rights: Sequence[Right] = ()) -> Iterator[Refusal]:
    """Names on a server of all slots that are the runner's."""
    if postgres.user == OWN_ROLE:
        yield refuse("user", postgres.user, "it is the role of the runner itself on this server", SERVER)
    if postgres.database in OWN_DATABASES:
        yield refuse("database", postgres.database, "it is a database of the server's own", SERVER)


def list_conflicts_of_roles(postgres: Postgres, rights: Sequence[Right]) -> Iterator[Refusal]:
    """Roles are the whole server's."""
    if postgres.authentication == "trust":
        cause = "passwords are what keeps workers from each other's roles here"
        yield refuse("authentication", postgres.authentication, cause, SERVER)
    if "createrole" in rights and not postgres.image and int(postgres.major) < 16:
        cause = "before Postgres 16 a role with this right may change the roles of other workers"
        yield Refusal(("rights",), [*rights], cause, SERVER)


CHECKS: dict[str, Callable[[Postgres, Sequence[Right]], Iterator[Refusal]]] = {
    "schema": list_conflicts_of_schema,
    "database": list_conflicts_of_database,
    "none": list_conflicts_of_own,
}
"""By isolation; with a server for each slot everything may be as the suite has it."""


def has_slot(template: str) -> bool:
    """Whether a name differs from slot to slot."""
    return template.format(slot="a") != template.format(slot="b")


def refuse(key: str, value: Any, cause: str, hint: str = "") -> Refusal:
    """The refusal of a key of the table."""
    return Refusal(("postgres", key), value, cause, hint)
