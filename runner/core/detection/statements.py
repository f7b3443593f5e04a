"""Statements of the tests that reach beyond a slot: the isolation, rights and parameters that they need. Pure."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from runner.core.code_search import search_code
from runner.core.snapshot import Detected, Finding, Snapshot, is_test
from runner.core.sql_texts import ENGINES, OWN, list_sql


@dataclass(frozen=True)
class Reach:
    """A kind of statement.

    Attributes:
        pattern: how it is written.
        rights: what the role needs for it.
        settings: parameters of the server that it needs.
        isolation: the weakest in which workers cannot meet; empty where any will do.
    """

    pattern: re.Pattern[str]
    rights: tuple[str, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    isolation: str = "server"


def make_reach(pattern: str, *rights: str, isolation: str = "server", **settings: Any) -> Reach:
    """A kind of statement; spaces stand for any space."""
    spaced = re.sub(r" (?!\*)", r"\\s+", pattern).replace(" *", r"\s*")
    return Reach(re.compile(spaced, re.IGNORECASE), rights, settings, isolation)


START = r"(?:^|;|\n) *"
"""Of a statement: a word in the middle of a sentence is none."""

REACHES = (
    make_reach(rf"{START}(?:CREATE|DROP|ALTER) DATABASE\b", "createdb"),
    make_reach(rf"{START}(?:CREATE|DROP|ALTER) (?:ROLE|USER) (?!MAPPING\b)", "createrole"),
    # Who may make roles is no member of them.
    make_reach(
        rf"{START}(?:ALTER [^;]*?\bOWNER TO|REASSIGN OWNED BY|SET (?:LOCAL |SESSION )?ROLE)"
        r" \"?(?!CURRENT_|SESSION_|NONE)",
        "superuser",
    ),
    make_reach(rf"{START}(?:CREATE|DROP) SCHEMA\b", isolation="database"),
    make_reach(r"\bpg_(?:terminate|cancel)_backend\b"),
    make_reach(rf"{START}ALTER SYSTEM\b", "superuser"),
    make_reach(r"\bpg_reload_conf\(", "superuser"),
    make_reach(rf"{START}(?:CREATE|DROP) TABLESPACE\b", "superuser"),
    make_reach(rf"{START}CREATE EVENT TRIGGER\b", "superuser"),
    make_reach(r"\bpg_(?:read_file|read_binary_file|ls_dir|stat_file|switch_wal)\(|\blo_(?:im|ex)port\(", "superuser"),
    make_reach(rf"{START}COPY [^;]*?\b(?:FROM|TO) (?:PROGRAM )?'", "superuser"),
    make_reach(rf"{START}SET (?:LOCAL |SESSION )?(?:session_replication_role|SESSION AUTHORIZATION)\b", "superuser"),
    make_reach(
        rf"{START}(?:CREATE SUBSCRIPTION|CREATE PUBLICATION [^;]*FOR ALL TABLES)\b", "superuser", wal_level="logical"
    ),
    make_reach(r"\bpg_create_logical_replication_slot\(", "superuser", wal_level="logical"),
    make_reach(rf"{START}PREPARE TRANSACTION\b", isolation="", max_prepared_transactions=10),
)
"""What SQL says. Source of the rights: the statements' pages in PostgreSQL's documentation."""

CALLS = (
    make_reach(r"(?<![\w.])(?:create_database|drop_database|temporary_database)\(", "createdb"),
    make_reach(r"\bLogicalReplicationConnection\b", "superuser", wal_level="logical"),
    make_reach(r"\.tpc_begin\(|\bbegin_twophase\(|\btwophase=True", isolation="", max_prepared_transactions=10),
)
"""What code calls."""

EXTENSION = re.compile(
    r"(?:^|;|\n)\s*CREATE\s+EXTENSION\s+(?P<guard>IF\s+NOT\s+EXISTS\s+)?\"?(?P<name>[a-z][\w-]*)\"?\s*"
    r"(?:$|;|\n|WITH|SCHEMA|VERSION|CASCADE)",
    re.IGNORECASE,
)
TRUSTED = re.compile(
    r"btree_gin|btree_gist|citext|cube|dict_int|fuzzystrmatch|hstore|intarray|isn|lo|ltree|pg_trgm|pgcrypto|seg"
    r"|tablefunc|tcn|tsm_system_rows|tsm_system_time|unaccent|uuid-ossp"
)
"""Extensions that the owner of a database may make. Source: PostgreSQL's documentation, appendix F."""

DJANGO = {"HStoreExtension": "hstore", "CITextExtension": "citext", "TrigramExtension": "pg_trgm"}
DJANGO |= {"BtreeGinExtension": "btree_gin", "BtreeGistExtension": "btree_gist", "UnaccentExtension": "unaccent"}
DJANGO |= {"CryptoExtension": "pgcrypto"}
DJANGO_EXTENSION = re.compile(rf"\b({'|'.join(DJANGO)})\(\)|\bCreateExtension\(\s*(?:name=)?[\"']([\w-]+)")
PACKAGES = {"vector": "pgvector"}
"""Extensions whose package has another name."""

BUILT_IN = frozenset({"plpgsql"})
"""There is nothing to make."""


def detect_statements(snapshot: Snapshot) -> Detected:
    """Isolation, rights and parameters by what the tests do, with the first place where each is done."""
    detected = Detected()
    tests = [(path, text) for path, text in sorted(snapshot.texts.items()) if is_test(path) and is_for_postgres(path)]
    for reach in REACHES:
        places = (found for path, text in tests if (found := find_statement(reach.pattern, path, text)))
        if found := next(places, None):
            detected |= make_detected(reach, *found)
    for reach in CALLS:
        for path, text in tests:
            if path.endswith(".py") and (match := search_code(reach.pattern, text)):
                place = f"{path}:{text.count(chr(10), 0, match.start()) + 1}"
                detected |= make_detected(reach, match[0].lstrip("."), place)
                break
    return detected | detect_extensions(snapshot)


def is_for_postgres(path: str) -> bool:
    """Whether a file is not named after another database alone."""
    name = PurePosixPath(path).name
    return ENGINES.search(name) is None or OWN.search(name) is not None


def find_statement(pattern: re.Pattern[str], path: str, text: str) -> tuple[str, str] | None:
    """The first statement of a kind in a file, and its place."""
    for sql, line in list_sql(path, text):
        if match := pattern.search(sql):
            words = " ".join(match[0].lstrip(";").split())
            return words, f"{path}:{line + sql.count(chr(10), 0, match.start() + match[0].index(words[0]))}"
    return None


def make_detected(reach: Reach, statement: str, where: str) -> Detected:
    """What one statement asks for."""
    settings: dict[str, Any] = {"isolation": reach.isolation} if reach.isolation else {}
    settings |= {"rights": [*reach.rights]} if reach.rights else {}
    settings |= {"postgres": {"settings": dict(reach.settings)}} if reach.settings else {}
    why = (
        f"one schema is not enough for `{statement}`"
        if reach.isolation == "database"
        else f"`{statement}` is for the whole server"
    )
    findings = [Finding("isolation", f"{reach.isolation}: {why}", where)] * bool(reach.isolation)
    findings += [Finding("rights", f"{', '.join(reach.rights)} for `{statement}`", where)] * bool(reach.rights)
    words = ", ".join(f"{name} = {value}" for name, value in reach.settings.items())
    findings += [Finding("Postgres", f"{words} for `{statement}`", where)] * bool(words)
    return Detected(tuple(findings), settings)


def detect_extensions(snapshot: Snapshot) -> Detected:
    """The extensions that migrations and tests make: each database has them before, so that nobody needs the right."""
    detected = Detected()
    for path, text in sorted(snapshot.texts.items()):
        for name, is_guarded, line in find_extensions(path, text):
            found = Finding("extensions", name, f"{path}:{line}")
            if is_guarded:
                settings: dict[str, Any] = {"postgres": {"extensions": [PACKAGES.get(name, name)]}}
            elif TRUSTED.fullmatch(name):
                settings = {"isolation": "database"}
            else:
                settings = {"isolation": "server", "rights": ["superuser"]}
            if name not in {each.found for each in detected.findings} or not is_guarded:
                detected |= Detected((found,), settings)
    return detected


def is_django(path: str, text: str) -> bool:
    """Whether a module has operations of Django's migrations."""
    return path.endswith(".py") and re.search(r"^from django\.contrib\.postgres", text, re.MULTILINE) is not None


def find_extensions(path: str, text: str) -> Iterator[tuple[str, bool, int]]:
    """Name, whether one that is there is no error, and line; Django's own operations never mind."""
    for sql, line in list_sql(path, text) if "EXTENSION" in text.upper() else ():
        for match in EXTENSION.finditer(sql):
            if (name := match["name"].lower()) not in BUILT_IN:
                yield name, match["guard"] is not None, line + sql.count("\n", 0, match.start("name"))
    for match in DJANGO_EXTENSION.finditer(text) if is_django(path, text) else ():
        yield DJANGO.get(match[1] or "") or match[2], True, text.count("\n", 0, match.start()) + 1
