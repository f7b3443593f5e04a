"""Commands that suites run inside a container of Postgres's, as far as they ask whether it is there, or are psql's."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from getopt import GetoptError, gnu_getopt
from pathlib import PurePosixPath

from .connecting import ServerError
from .engine_database import Database

SHELLS = frozenset({"sh", "bash", "dash", "ash"})
THEN = frozenset({";", "&&"})
"""What stands between commands that run one after the other."""

OTHERWISE = frozenset("|&<>()")
"""What makes a line more than commands that run one after the other."""

CANNOT = 126
"""A shell's exit code for what is there and cannot be run."""

SHORT = "aAbc:d:eEf:F:h:HlL:no:p:P:qR:sStT:U:v:VwWxXz01"
LONG = (
    *("echo-all", "no-align", "command=", "dbname=", "echo-queries", "echo-errors", "echo-hidden", "file="),
    *("field-separator=", "host=", "html", "list", "log-file=", "no-readline", "output=", "port=", "pset=", "quiet"),
    *("record-separator=", "single-step", "single-line", "tuples-only", "table-attr=", "username=", "set="),
    *("variable=", "no-password", "password", "expanded", "no-psqlrc", "field-separator-zero"),
    *("record-separator-zero", "single-transaction", "csv"),
)
"""The options of psql. Source: Postgres's documentation, "psql"."""

LIST = "SELECT datname FROM pg_database ORDER BY datname"


def run_command(command: Sequence[str] | str, database: Database, default: str) -> tuple[int, str]:
    """Exit code and output of a command; what cannot be run here says so.

    Args:
        command: words, or a line of a shell's.
        database: the server.
        default: the database for a psql that names none.
    """
    lines = split(command)
    if any("pg_isready" in words for words in lines):
        return 0, "accepting connections\n"
    output = ""
    for words in lines:
        code, said = run_psql(words, database, default)
        output += said
        if code:
            return code, output
    return 0, output


def run_psql(words: Sequence[str], database: Database, default: str) -> tuple[int, str]:
    """One command of psql's, with what it is to run in its options."""
    if "psql" not in words or any(word and set(word) <= OTHERWISE for word in words):
        return refuse(words)
    try:
        options, places = gnu_getopt([*words[words.index("psql") + 1 :]], SHORT, LONG)
    except GetoptError as error:
        return 1, f"psql: error: {error}\n"
    statements = [
        LIST if name in {"-l", "--list"} else text
        for name, text in options
        if name in {"-c", "--command", "-l", "--list"}
    ]
    if not statements or any(name in {"-f", "--file"} for name, _ in options):
        return refuse(words)
    named = [*places[:1], *(text for name, text in options if name in {"-d", "--dbname"})]
    try:
        return 0, database.run([default, *named][-1], statements)
    except ServerError as error:
        return 2, f"psql: error: {error}\n"
    except Exception as error:  # noqa: BLE001 -- psycopg's, which is imported where something connects
        return 1, f"ERROR:  {error}\n"


def refuse(words: Sequence[str]) -> tuple[int, str]:
    """What a command says that only a container could run."""
    return CANNOT, f"no container here, and so no `{' '.join(words)}`: the server is the run's own\n"


def split(command: Sequence[str] | str) -> list[list[str]]:
    """The words of each command, those of the line of a shell too."""
    words = shlex.split(command) if isinstance(command, str) else [*command]
    if len(words) < 3 or PurePosixPath(words[0]).name not in SHELLS:
        return [words]
    line = shlex.shlex(words[-1], posix=True, punctuation_chars=True)
    line.whitespace_split = True
    found: list[list[str]] = [[]]
    for token in line:
        if token in THEN:
            found.append([])
        else:
            found[-1].append(token)
    return [each for each in found if each]
