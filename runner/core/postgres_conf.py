"""The lines of postgresql.conf that follow from the settings of a project. Pure."""

from collections.abc import Mapping
from typing import Any

from runner.core.settings_postgres import Postgres

RESERVED: Mapping[str, str] = {
    "port": "it is `postgres.port`",
    "timezone": "it is `postgres.timezone`",
    "listen_addresses": "the runner and the tests reach the server through it",
    "unix_socket_directories": "the runner reaches the server through it",
    "data_directory": "the data directory is in the image",
    "hba_file": "the file is in the image",
    "config_file": "the file is in the image",
    "log_line_prefix": "the runner reads the log by it",
    "log_timezone": "the runner reads the log by it",
    "log_destination": "the runner reads the log",
    "logging_collector": "the runner reads the log",
}
"""Parameters that the runner itself relies on, each with the reason."""


def make_conf(postgres: Postgres) -> str:
    """The lines; the last one of a name counts, and ALTER SYSTEM comes after them."""
    given = {name.lower(): value for name, value in postgres.settings.items()}
    if int(postgres.major) < 16:
        # It was a constant.
        given.pop("scram_iterations", None)
    # Our own file turns replication off, because `wal_level = minimal` demands it.
    senders = {} if given.get("wal_level", "minimal") == "minimal" else {"max_wal_senders": 10}
    # For `runner psql`, which belongs to no run (runner.postgres.activity).
    names = {f"ephemeral_runner.{key}": value for key in ("user", "database") if (value := getattr(postgres, key))}
    return "\n".join(
        f"{name} = {quote(value)}"
        for name, value in {"timezone": postgres.timezone, **names, **senders, **given}.items()
    )


def quote(value: Any) -> str:
    """A value as the file has it."""
    text = ("on" if value else "off") if isinstance(value, bool) else str(value)
    return "'" + text.replace("\\", "\\\\").replace("'", "''") + "'"
