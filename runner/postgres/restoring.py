"""Makes a slot exactly as a failed test left it: what was committed, and onto it what only open transactions saw."""

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass

import psycopg

from runner.core.failure import OVERLAY, STATE, Failure
from runner.core.overlay import Block, split_dump, split_overlay
from runner.core.script import strip_schema
from runner.core.settings_postgres_rules import OWN_ROLE as SUPERUSER
from runner.core.slots import TEMPLATE
from runner.engines.protocol import ServerAddress
from runner.errors import PostgresError
from runner.postgres.connect import Connection, connect, execute, translate
from runner.postgres.template import run_as
from runner.postgres.versions import give_public

THERE = (
    psycopg.errors.DuplicateObject,
    psycopg.errors.DuplicateTable,
    psycopg.errors.DuplicateSchema,
    psycopg.errors.DuplicateFunction,
    psycopg.errors.InvalidTableDefinition,
)
"""What an overlay makes may be there already."""

SCHEMAS = "SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'"


@dataclass(frozen=True)
class Scripts:
    """The SQL of a database: what was committed, and the overlay."""

    state: str
    overlay: str


def restore_failure(address: ServerAddress, failure: Failure, scripts: Mapping[str, str]) -> list[str]:
    """Make the slot of a failed test, and the test's own databases, as they are kept.

    The slot is there, under the name that it had, and nobody is in it.

    Args:
        address: a superuser's, on the server that has the slot.
        failure: the record.
        scripts: the text of each SQL file of the kept state, by its name.

    Returns:
        What could not be restored, in sentences.

    Raises:
        PostgresError: the server cannot be reached, or the slot cannot be emptied.
    """
    missing: list[str] = []
    if STATE in scripts:
        with translate(f"cannot restore the slot `{failure.slot}`"), connect(address, failure.database) as inside:
            empty(inside, failure)
            own = Scripts(strip_schemas(scripts[STATE], failure), scripts.get(OVERLAY, ""))
            missing += load(inside, failure.role, own)
    for name in failure.databases:
        try:
            missing += restore_database(address, failure, name, scripts)
        except PostgresError as error:
            missing.append(f"the database `{name}`: {error.cause or error.what}")
    return missing


def empty(inside: Connection, failure: Failure) -> None:
    """Remove all that a slot has, and make its schemas again, with nothing in them."""
    role = failure.role
    if failure.preamble:
        inside.execute(failure.preamble.encode())
    if role == SUPERUSER:
        # What Postgres itself needs is this role's too, so nothing can be dropped by its owner.
        for (schema,) in inside.execute(SCHEMAS).fetchall():
            execute(inside, "DROP SCHEMA {0} CASCADE", schema)
    else:
        execute(inside, "DROP OWNED BY {0} CASCADE", role)
    for schema in failure.schemas:
        execute(inside, "DROP SCHEMA IF EXISTS {0} CASCADE", schema)
        execute(inside, "CREATE SCHEMA {0} AUTHORIZATION {1}", schema, role)
    if not failure.schemas:
        give_public(inside, role)
        execute(inside, "GRANT ALL ON DATABASE {0} TO {1}", failure.database, role)


def strip_schemas(state: str, failure: Failure) -> str:
    """A dump without the statements that make the slot's schemas, which its role may not do."""
    for schema in failure.schemas:
        state = strip_schema(state, schema)
    return state


def restore_database(address: ServerAddress, failure: Failure, name: str, scripts: Mapping[str, str]) -> list[str]:
    """Make a database of the test's own again, in the place of one that has its name."""
    with translate(f"cannot restore the database `{name}`"):
        with connect(address, "postgres") as outside:
            execute(outside, "DROP DATABASE IF EXISTS {0} WITH (FORCE)", name)
            execute(outside, "CREATE DATABASE {0} OWNER {1}", name, failure.role)
            execute(outside, "REVOKE ALL ON DATABASE {0} FROM PUBLIC", name)
            if failure.isolation == "schema":
                # The template's objects are in a schema of that name (runner.postgres.databases).
                path = "ALTER ROLE {1} IN DATABASE {0} SET search_path = {2}, public"
                execute(outside, path, name, failure.role, TEMPLATE)
        with connect(address, name) as inside:
            own = Scripts(scripts.get(f"{name}.sql", ""), scripts.get(f"{name}.{OVERLAY}", ""))
            return load(inside, failure.role, own)


def load(inside: Connection, role: str, scripts: Scripts) -> list[str]:
    """Run both scripts in an empty place; what Postgres refuses, in sentences.

    What refers to a table that only the overlay has is tried again after it.
    """
    failed = load_state(inside, role, scripts.state)
    missing = load_overlay(inside, role, scripts.overlay)
    return [*try_each(inside, role, failed, may_be_there=True)[1], *missing]


def load_state(inside: Connection, role: str, state: str) -> list[Block]:
    """Run a dump, whole if that can be; else object by object. Returns what failed."""
    with suppress(psycopg.Error):
        run_as(inside, role, state)
        return []
    inside.execute("RESET ALL")
    head, blocks = split_dump(state)
    # The head sets what the rest relies on, such as an empty search_path.
    inside.execute(head.encode())
    inside.execute("SET check_function_bodies = off")
    try:
        return try_each(inside, role, blocks)[0]
    finally:
        inside.execute("RESET ALL")


def load_overlay(inside: Connection, role: str, overlay: str) -> list[str]:
    """Run an overlay with neither triggers nor foreign keys in its way; what Postgres refuses, in sentences."""
    inside.execute("SET session_replication_role = replica; SET check_function_bodies = off; SET search_path = ''")
    try:
        return try_each(inside, role, split_overlay(overlay), may_be_there=True)[1]
    finally:
        inside.execute("RESET ALL")


def try_each(
    inside: Connection, role: str, blocks: Iterable[Block], *, may_be_there: bool = False
) -> tuple[list[Block], list[str]]:
    """Run blocks one by one, each as the role that is to own what it makes; those that failed, and why."""
    failed: list[Block] = []
    reasons: list[str] = []
    for block in blocks:
        run = choose(inside, role, block)
        try:
            with inside.transaction():
                run(block.sql)
        except psycopg.Error as error:
            if may_be_there and isinstance(error, THERE):
                continue
            failed.append(block)
            reasons.append(f"{block.name}: {str(error).strip().splitlines()[0]}")
    return failed, reasons


def choose(inside: Connection, role: str, block: Block) -> Callable[[str], None]:
    """How a block is run: rows and extensions by the superuser, all else by the role that is to own it."""

    def run(sql: str) -> None:
        inside.execute(sql.encode())

    def run_by_role(sql: str) -> None:
        execute(inside, "SET LOCAL ROLE {0}", role)
        run(sql)

    is_free = block.has_rows or block.name.startswith(("extension ", "table data "))
    return run if is_free else run_by_role
