"""Addresses in parts: as arguments of a call, as keys of a table, as names of constants. Pure."""

import re
from collections.abc import Iterable, Mapping, Sequence

from runner.core.addresses import Address

KEYS = {"dbname": "dbname", "database": "dbname", "user": "user", "username": "user", "host": "host", "port": "port"}
KEYS |= {"password": "password"}
VAGUE = {"name": "dbname", "db": "dbname"}
"""Names that anything may have; they count where the rest leaves no doubt that it is of Postgres."""

POSTGRES = re.compile(r"postg|psycopg|asyncpg|pg8000|aiopg|psqlextra", re.IGNORECASE)
OTHERS = re.compile(
    r"mysql|maria|sqlite|oracle|mongo|redis|mssql|pyodbc|clickhouse|duckdb|cassandra|neo4j|influx|snowflake|rabbit"
    r"|pika|ldap|smtp|ftp|ssh",
    re.IGNORECASE,
)
"""What engines of tables, schemes and modules are called, of Postgres and of others that have such parts too."""

OTHER_PORTS = frozenset({"1433", "1521", "3306", "6379", "8123", "9000", "27017"})

CONNECTS = re.compile(r"(?:psycopg|psycopg2|asyncpg|pg8000|aiopg)(?:\.\w+)*\.(?:connect|create_pool|Connection)")
"""Calls that open a connection; without a name the database is the user's."""

POSITIONS: Mapping[re.Pattern[str], Sequence[str]] = {
    re.compile(r"(?:.*\.)?URL\.create"): ("drivername", "username", "password", "host", "port", "database"),
    re.compile(r"pg8000(?:\.\w+)*\.(?:connect|Connection)"): ("user", "host", "database", "port", "password"),
    re.compile(r"(?:.*\.)?\w*Postgres\w*Database"): ("database",),
}
"""Names of positional arguments. Source: the documentation of SQLAlchemy, pg8000 and peewee."""

ENGINES = ("engine", "drivername", "provider", "dialect")
PART = re.compile(r"\S{1,63}")
"""A sentence is no name."""

PASSWORD = re.compile(r".{1,200}")


def name_arguments(function: str, positional: Iterable[str | None]) -> dict[str, str]:
    """The positional arguments of a call that are known, by their names."""
    names = next((each for pattern, each in POSITIONS.items() if pattern.fullmatch(function)), ())
    return {name: text for name, text in zip(names, positional, strict=False) if text is not None}


def read_table(values: Mapping[str, str], function: str = "") -> Address | None:
    """The address whose parts a table has; None where it has too few, or is of something else.

    Args:
        values: its keys, in small letters, and their texts.
        function: whose arguments they are, with the module's name; empty for other tables.
    """
    said = " ".join([function, *(values.get(key, "") for key in ENGINES)])
    is_postgres = POSTGRES.search(said) is not None
    if OTHERS.search(said) or (values.get("port") in OTHER_PORTS and not is_postgres):
        return None
    keys = VAGUE | KEYS if is_postgres else KEYS
    parts = {keys[key]: text for key, text in values.items() if key in keys and fits(keys[key], text)}
    if CONNECTS.fullmatch(function) and {"user", "host"} <= parts.keys():
        parts.setdefault("dbname", parts["user"])
    # A table with a name and nothing else may be anything.
    is_whole = {"dbname", "host"} <= parts.keys() or {"dbname", "user"} <= parts.keys()
    return Address(**parts) if is_whole or (is_postgres and parts.keys() & {"user", "host", "port"}) else None


def fits(part: str, text: str) -> bool:
    """Whether a text can be a part of an address."""
    if part == "port":
        return text.isdecimal() and 1024 <= int(text) <= 65535
    return (PASSWORD if part == "password" else PART).fullmatch(text) is not None
