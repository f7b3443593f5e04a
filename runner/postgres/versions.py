"""What differs between versions of the server: each function gives the SQL for the one that a connection leads to."""

from runner.postgres.connect import Connection


def is_at_least(connection: Connection, major: int) -> bool:
    """Whether the server is of a major version, or newer."""
    return connection.info.server_version >= major * 10000


def copy_files(connection: Connection) -> str:
    """The end of CREATE DATABASE: files are copied, which before 15 was the only way."""
    return " STRATEGY file_copy" if is_at_least(connection, 15) else ""


def own_public(connection: Connection) -> str:
    """Who owns the schema public: since 15 the owner of the database, by a role that 14 brought."""
    return " AUTHORIZATION pg_database_owner" if is_at_least(connection, 15) else ""
