"""Statements of the tests that reach beyond a slot: the isolation, rights and parameters that they need. Pure."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from runner.core.snapshot import Detected, Finding, Snapshot, is_test


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
    return Reach(re.compile(pattern.replace(" ", r"\s+"), re.IGNORECASE), rights, settings, isolation)


REACHES = (
    make_reach(r"\b(?:CREATE|DROP|ALTER) DATABASE\b(?! (?:is|was|if\s+you))", "createdb"),
    make_reach(r"\b(?:create_database|drop_database)\(", "createdb"),
    make_reach(r"\b(?:CREATE|DROP|ALTER) (?:ROLE|USER)\b (?!for|id|with\b)[\w\"'{%]", "createrole"),
    make_reach(r"\bpg_(?:terminate|cancel)_backend\b"),
    make_reach(r"\bALTER SYSTEM\b", "superuser"),
    make_reach(r"\bpg_reload_conf\b", "superuser"),
    make_reach(r"\b(?:CREATE|DROP) TABLESPACE\b", "superuser"),
    make_reach(r"\bCREATE EVENT TRIGGER\b", "superuser"),
    make_reach(
        r"\bpg_(?:read_file|read_binary_file|ls_dir|stat_file|switch_wal)\b|\blo_(?:import|export)\(", "superuser"
    ),
    make_reach(r"\bCOPY [\w.\"{}]+(?: \([^)]*\))? (?:FROM|TO) '", "superuser"),
    make_reach(r"\bsession_replication_role\b|\bSET SESSION AUTHORIZATION\b", "superuser"),
    make_reach(r"\bCREATE SUBSCRIPTION\b|\bFOR ALL TABLES\b", "superuser", wal_level="logical"),
    make_reach(
        r"\bpg_create_logical_replication_slot\b|\bSTART_REPLICATION\b|\bLogicalReplicationConnection\b",
        "superuser",
        wal_level="logical",
    ),
    make_reach(
        r"\bPREPARE TRANSACTION\b|\btpc_begin\(|\bbegin_twophase\(|\btwophase=True",
        isolation="",
        max_prepared_transactions=10,
    ),
)
"""Source of the rights: the statements' pages in PostgreSQL's documentation."""

EXTENSION = re.compile(
    r"\bCREATE\s+EXTENSION\s+(?P<guard>IF\s+NOT\s+EXISTS\s+)?[\\\"']*(?P<name>[a-z][\w-]*)", re.IGNORECASE
)
DJANGO = {"HStoreExtension": "hstore", "CITextExtension": "citext", "TrigramExtension": "pg_trgm"}
DJANGO |= {"BtreeGinExtension": "btree_gin", "BtreeGistExtension": "btree_gist", "UnaccentExtension": "unaccent"}
DJANGO |= {"CryptoExtension": "pgcrypto"}
DJANGO_EXTENSION = re.compile(rf"\b({'|'.join(DJANGO)})\(\)|\bCreateExtension\(\s*(?:name=)?[\"']([\w-]+)")
PACKAGES = {"vector": "pgvector"}
"""Extensions whose package has another name."""

BUILT_IN = frozenset({"plpgsql"})


def detect_statements(snapshot: Snapshot) -> Detected:
    """Isolation, rights and parameters by what the tests do, with the first place where each is done."""
    detected = Detected()
    for reach in REACHES:
        for path, text in snapshot.texts.items():
            if is_test(path) and path.endswith((".py", ".sql")) and (match := reach.pattern.search(text)):
                detected |= make_detected(reach, " ".join(match[0].split()), find_place(path, text, match.start()))
                break
    return detected | detect_extensions(snapshot)


def make_detected(reach: Reach, statement: str, where: str) -> Detected:
    """What one statement asks for."""
    settings: dict[str, Any] = {"isolation": reach.isolation} if reach.isolation else {}
    settings |= {"rights": [*reach.rights]} if reach.rights else {}
    settings |= {"postgres": {"settings": dict(reach.settings)}} if reach.settings else {}
    findings = [Finding("isolation", f"{reach.isolation}: `{statement}` is for the whole server", where)] * bool(
        reach.isolation
    )
    findings += [Finding("rights", f"{', '.join(reach.rights)} for `{statement}`", where)] * bool(reach.rights)
    words = ", ".join(f"{name} = {value}" for name, value in reach.settings.items())
    findings += [Finding("Postgres", f"{words} for `{statement}`", where)] * bool(words)
    return Detected(tuple(findings), settings)


def detect_extensions(snapshot: Snapshot) -> Detected:
    """The extensions that migrations and tests make: each database has them before, so that nobody needs the right."""
    detected = Detected()
    for path, text in snapshot.texts.items():
        for name, is_guarded, at in find_extensions(text) if path.endswith((".py", ".sql")) else ():
            place = find_place(path, text, at)
            found = Finding("extensions", name, place)
            if is_guarded:
                detected |= Detected((found,), {"postgres": {"extensions": [PACKAGES.get(name, name)]}})
            else:
                detected |= Detected((found,), {"isolation": "server", "rights": ["superuser"]})
    return Detected(tuple(dict.fromkeys(detected.findings)), detected.settings)


def find_extensions(text: str) -> Iterator[tuple[str, bool, int]]:
    """Name, whether one that is there is no error, and where; Django's own operations never mind."""
    for match in EXTENSION.finditer(text):
        if (name := match["name"].lower()) not in BUILT_IN | {"if", "s"}:
            yield name, match["guard"] is not None, match.start()
    for match in DJANGO_EXTENSION.finditer(text):
        yield DJANGO.get(match[1] or "") or match[2], True, match.start()


def find_place(path: str, text: str, at: int) -> str:
    """File and line."""
    return f"{path}:{text.count(chr(10), 0, at) + 1}"
