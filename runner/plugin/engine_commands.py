"""Commands that suites run inside a container of Postgres's, as far as they ask whether it is there, or are psql's."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from itertools import takewhile

from .connecting import ServerError
from .engine_database import Database

LONG = {"-U": "--username", "-d": "--dbname", "-c": "--command"}
END = frozenset({";", "&&", "||", "|"})
CANNOT = 126
"""A shell's exit code for what is there and cannot be run."""


def run_command(command: Sequence[str] | str, database: Database, default: str) -> tuple[int, str]:
    """Exit code and output of a command.

    Args:
        command: words, or a line of a shell's.
        database: the server.
        default: the database for a psql that names none.
    """
    words = split(command)
    if "pg_isready" in words:
        return 0, "accepting connections\n"
    if "psql" not in words:
        return CANNOT, f"no container here, and so no `{' '.join(words)}`: the server is the run's own\n"
    options = read_options(words[words.index("psql") + 1 :])
    statements = [text for name, text in options if name == "--command"]
    place = next((text for name, text in reversed(options) if name == "--dbname"), default)
    try:
        return 0, database.run(place, statements)
    except ServerError as error:
        return 2, f"psql: error: {error}\n"
    except Exception as error:  # noqa: BLE001 -- psycopg's, which is imported where something connects
        return 1, f"ERROR:  {error}\n"


def split(command: Sequence[str] | str) -> list[str]:
    """The words of a command, those of the line of a shell in it too."""
    words = shlex.split(command) if isinstance(command, str) else [*command]
    return (
        shlex.split(words[-1])
        if len(words) > 2 and words[-2] in {"-c", "-lc", "-ec"} and "psql" not in words
        else words
    )


def read_options(words: Sequence[str]) -> list[tuple[str, str]]:
    """The options of psql's that matter here, by their long names, with their values."""
    own = [*takewhile(lambda each: each not in END, words)]
    found = []
    for number, word in enumerate(own):
        name, equals, text = word.partition("=")
        following = own[number + 1] if number + 1 < len(own) else ""
        if word in LONG or (word in LONG.values() and not equals):
            found.append((LONG.get(word, word), following))
        elif equals and name in LONG.values():
            found.append((name, text))
        elif word[:2] in LONG and len(word) > 2:
            found.append((LONG[word[:2]], word[2:]))
    return found
