"""What differs between versions of the server."""

from runner.postgres.connect import Connection, execute, is_at_least


def copy_files(connection: Connection) -> str:
    """The end of CREATE DATABASE: files are copied, which before 15 was the only way."""
    return " STRATEGY file_copy" if is_at_least(connection, 15) else ""


def give_public(inside: Connection, role: str) -> None:
    """Let a role have the schema public of its database, which is made where it is not there.

    Since 15 whoever owns the database has it, by a role that 14 brought; before, the superuser had it.
    """
    if is_at_least(inside, 15):
        inside.execute("CREATE SCHEMA IF NOT EXISTS public AUTHORIZATION pg_database_owner")
    else:
        inside.execute("CREATE SCHEMA IF NOT EXISTS public")
        execute(inside, "ALTER SCHEMA public OWNER TO {0}", role)
    inside.execute("GRANT USAGE ON SCHEMA public TO PUBLIC")
