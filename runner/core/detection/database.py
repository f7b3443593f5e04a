"""The variables of the environment in which a project's code looks for its database. Pure."""

import re

from runner.core.detection.python import read_uses
from runner.core.detection.requirements import find_requirements
from runner.core.slots import VARIABLES
from runner.core.snapshot import Detected, Finding, Snapshot

WORDS = r"(?:DATABASE|DB|POSTGRES|POSTGRESQL|PG|PGSQL|PSQL|SQLALCHEMY|PSYCOPG\d?|ASYNCPG)"
ADDRESS = re.compile(rf"(?:\w+_)?{WORDS}(?:_\w+)?_(?:URL|URI|DSN)S?|(?:\w+_)?{WORDS}(?:URL|URI|DSN)S?|(?:TESTS?_)?DSN")
LISTS = re.compile(r"\w+(?:URLS|URIS|DSNS)")
"""Of a list of addresses one is enough."""

PART = re.compile(rf"((?:\w+_)?{WORDS}(?:_TEST)?__?)(\w+)")
NAME_ALONE = re.compile(r"(?:\w+_)?TESTS?_(?:DB|DATABASE)(?:_?NAME)?")
PARTS = {
    "HOST": "{host}",
    "HOSTNAME": "{host}",
    "ADDRESS": "{host}",
    "SERVER": "{host}",
    "PORT": "{port}",
    "USER": "{user}",
    "USERNAME": "{user}",
    "PASSWORD": "{password}",
    "PASS": "{password}",
    "PWD": "{password}",
    "PW": "{password}",
    "NAME": "{dbname}",
    "DBNAME": "{dbname}",
    "DB": "{dbname}",
    "DATABASE": "{dbname}",
}
OTHERS = re.compile(
    r"MYSQL|MARIA|MONGO|REDIS|SQLITE|CLICKHOUSE|INFLUX|ORACLE|MSSQL|NEO4J|CELERY|DUCKDB|TINYDB"
    r"|COCKROACH|SPATIALITE|GEOPACKAGE|GPKG"
)
"""What has a host or an address too, but is no Postgres."""

PLAIN = "postgresql://"
ADDRESS_PARTS = "{user}:{password}@{host}:{port}/{dbname}"
SQLALCHEMY = frozenset({"sqlalchemy", "sqlmodel", "flask-sqlalchemy", "alembic", "advanced-alchemy", "flask-migrate"})
KNOWS_PLAIN = re.compile(
    r"psycopg2?\.connect|asyncpg\.(?:connect|create_pool)|dj_database_url|env\.db\w*\(|psycopg_pool"
)
SYNCHRONOUS = ("psycopg2", "psycopg2-binary", "psycopg", "pg8000")
"""SQLAlchemy's drivers. Since its version 2.1 an address without one means psycopg, before that psycopg2."""

CHANGES = re.compile(r"\.replace\(|drivername|\+(?:asyncpg|psycopg|pg8000)")
"""Code that puts the driver into the address by itself."""


def detect_database(snapshot: Snapshot) -> Detected:
    """Templates for the variables that the code reads and that a run does not set anyway."""
    detected = Detected()
    for name, where in sorted(find_variables(snapshot).items()):
        template = make_template(name, snapshot, where)
        if template is None:
            continue
        if VARIABLES.get(name) == template:
            detected |= Detected((Finding("database", f"`{name}`, set anyway", where),))
        else:
            found = Finding("database", f"`{name}` = {template}", where)
            detected |= Detected((found,), {"environment": {name: template}})
    return detected


def find_variables(snapshot: Snapshot) -> dict[str, str]:
    """Each variable that the code reads, and the first file that does."""
    found: dict[str, str] = {}
    for path, text in snapshot.python_files():
        for name in read_uses(text).variables:
            found.setdefault(name, path)
    return found


def make_template(name: str, snapshot: Snapshot, where: str) -> str | None:
    """What the variable has to hold, or None where it has nothing to do with Postgres."""
    if OTHERS.search(name):
        return None
    if ADDRESS.fullmatch(name):
        return find_driver(name, snapshot, where) + ADDRESS_PARTS
    return find_part(name) or None


def find_part(name: str) -> str:
    """The placeholder for a variable that holds one part of an address; empty for others."""
    if name in VARIABLES and "URL" not in name:
        return VARIABLES[name]
    part = PART.fullmatch(name)
    named = PARTS.get(part[2], "") if part else ""
    return named or ("{dbname}" if NAME_ALONE.fullmatch(name) else "")


def find_driver(name: str, snapshot: Snapshot, where: str) -> str:
    """The start of an address: SQLAlchemy's with its driver, which a plain one would leave to SQLAlchemy's version.

    What a run sets anyway stays plain where any code connects without SQLAlchemy; so do all where the driver is
    psycopg2, which most versions take by themselves.
    """
    packages = find_requirements(snapshot)
    if not packages & SQLALCHEMY:
        return PLAIN
    drivers = ("asyncpg", "psycopg") if is_async(name, snapshot) else SYNCHRONOUS
    driver = next((each for each in drivers if each in packages), "").removesuffix("-binary")
    text = snapshot.texts.get(where, "")
    is_shared = name in VARIABLES or driver == "psycopg2"
    readers = (each for _, each in snapshot.python_files()) if is_shared else (text,)
    is_plain = not driver or CHANGES.search(text) or any(map(KNOWS_PLAIN.search, readers))
    return PLAIN if is_plain else f"postgresql+{driver}://"


def is_async(name: str, snapshot: Snapshot) -> bool:
    """Whether an address is for one of SQLAlchemy's asynchronous engines."""
    if re.search(r"(?<!A)SYNC", name):
        return False
    return "ASYNC" in name or any(
        re.search(r"\b(?:create_async_engine|async_engine_from_config|AsyncEngine)\b", text)
        for _, text in snapshot.python_files()
    )
