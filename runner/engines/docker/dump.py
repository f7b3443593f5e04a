"""Dumps of a database, made by pg_dump in the server's own container: its version is the server's."""

from collections.abc import Sequence

from docker.api.client import APIClient

from runner.engines.docker.connect import translate
from runner.errors import PostgresError

PATIENCE = "--lock-wait-timeout=5s"
"""A test may have locked what is to be dumped, and wait for the end of the dump itself."""

OPTIONS = ("--no-owner", "--no-privileges", "--inserts", "--rows-per-insert=1000", "--encoding=UTF8", PATIENCE)
LAST_WORDS = b"-- PostgreSQL database dump complete"


def dump(
    api: APIClient,
    container_id: str,
    database: str,
    schemas: Sequence[str],
    data: bool,
    without: Sequence[str] = (),
    port: int = 0,
) -> str:
    """The SQL that makes a database's objects again, as `runner.engines.protocol.Server.dump` says.

    Raises:
        PostgresError: pg_dump refused, or the engine lost some of what it wrote.
        EngineError: the engine could not run it.
    """
    command = [
        "pg_dump",
        "--host=/tmp",
        "--username=postgres",
        *OPTIONS,
        f"--dbname={quote_dbname(database)}",
    ]
    command += [f"--port={port}"] if port else []  # Else that of the container's environment.
    command += [] if data else ["--schema-only"]
    # Without --strict-names a schema that is not there would be passed over beside one that is.
    command += ["--strict-names", *(f"--schema={quote_pattern(name)}" for name in schemas)] if schemas else []
    # As quote_ident writes a name, the pattern's quotes are the name's.
    command += [f"--exclude-table={name}" for name in without]
    what = f"cannot dump the database `{database}`"
    with translate(what):
        process = api.exec_create(container_id, command, user="postgres")["Id"]
        written, complaints = api.exec_start(process, demux=True)
        exit_code = api.exec_inspect(process)["ExitCode"]
    whole = written or b""
    # The engine may know the exit code a moment later than the end of the output.
    if exit_code or LAST_WORDS not in whole[-200:]:
        reason = (complaints or b"").decode(errors="replace").strip()
        raise PostgresError(what, reason or "pg_dump ended in the middle")
    try:
        return strip_meta(whole.decode())
    except UnicodeDecodeError as error:
        raise PostgresError(what, f"it holds text that is not UTF-8: {error.reason}") from None


def quote_dbname(name: str) -> str:
    """A database's name that is not taken for a whole connection string."""
    escaped = name.replace("\\", "\\\\").replace("'", "\\'")
    return f"dbname='{escaped}'"


def quote_pattern(name: str) -> str:
    """A schema's name as a pattern that fits no other name, but for `*` and `?`, which no quotes protect."""
    escaped = name.replace('"', '""')
    return f'"{escaped}"'


def strip_meta(text: str) -> str:
    """The text without the two commands to psql that pg_dump puts around it, and which only psql knows.

    Rows may hold lines that look alike, so only the very pair is taken out: the first before all rows, and the last
    with the same random key.
    """
    before, _, rest = text.partition("\n\\restrict ")
    key, _, rest = rest.partition("\n")
    inside, found, after = rest.rpartition(f"\n\\unrestrict {key}\n")
    return f"{before}\n{inside}\n{after}" if found and key.isalnum() else text
