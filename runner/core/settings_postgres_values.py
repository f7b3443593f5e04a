"""What values of `[tool.runner.postgres]` fit no isolation; each with the reason. Pure."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from string import Formatter
from typing import Any

from runner.core.postgres_conf import RESERVED
from runner.core.settings_postgres import Postgres

OLDEST = 13
"""The oldest version whose statements and log this runner knows."""

LONGEST_NAME = 63
"""Bytes of an identifier that Postgres keeps."""

LONGEST_SLOT = "runner_template"

RUNNERS = frozenset({"runner_base", LONGEST_SLOT})
"""Databases that the runner makes, and drops."""

LEAST = 3
"""Parts of a folder's path, the root included, that may be shared."""

SYSTEM_FOLDERS = frozenset({"bin", "dev", "etc", "lib", "lib64", "opt", "proc", "project", "run", "sbin", "sys", "usr"})
"""Those at the root that hold what containers are made of."""


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
    yield from list_bad_folders(postgres.folders)
    for key in ("locale", "encoding", "timezone"):
        yield from list_bad_words(key, [getattr(postgres, key)], r"[A-Za-z0-9][A-Za-z0-9_.@/+-]*")


def list_bad_folders(folders: Sequence[str]) -> Iterator[Refusal]:
    """Each folder that cannot be shared."""
    for folder in folders:
        path = PurePosixPath(folder)
        if not path.is_absolute() or ".." in path.parts or ":" in folder:
            yield refuse("folders", folder, "expected a whole path, such as `/srv/exchange`")
        elif len(path.parts) < LEAST or path.parts[1] in SYSTEM_FOLDERS:
            yield refuse("folders", folder, "the containers need it themselves", "take one such as `/srv/exchange`")
    if twice := next((folder for folder in folders if folders.count(folder) > 1), ""):
        yield refuse("folders", twice, "it is there twice")


def list_bad_names(postgres: Postgres) -> Iterator[Refusal]:
    """Each name of a role or a database that can be none."""
    names = [
        ("user", postgres.user),
        ("database", postgres.database),
        *(("databases", each) for each in postgres.databases),
    ]
    yield from (refuse(key, name, cause) for key, name in names if name and (cause := find_bad_name(name)))
    for key, name in names[1:]:
        if name in RUNNERS:
            yield refuse(key, name, "it is a database of the runner itself")
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
    if len(name.format(slot=LONGEST_SLOT).encode()) > LONGEST_NAME:
        return f"Postgres keeps {LONGEST_NAME} bytes of a name"
    if not name.isprintable():
        return "it has a character that cannot be printed, such as the end of a line"
    return ""


def name_database(template: str) -> str:
    """How addresses have a further database: as `{dbname_NAME}`."""
    return re.sub(r"\W+", "_", template.replace("{slot}", " ").strip("_- ")).strip("_")


def refuse(key: str, value: Any, cause: str, hint: str = "") -> Refusal:
    """The refusal of a key of the table."""
    return Refusal(("postgres", key), value, cause, hint)
