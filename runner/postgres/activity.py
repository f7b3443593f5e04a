"""What a server does: its backends, the locks that they wait for, and the names of what those are on.

Asked from outside the run, by statements whose answer is one line of JSON: only the run itself has a password.
"""

import json
import re
from collections.abc import Callable, Iterable
from typing import Any

from runner.core.backends import Backend, Lock
from runner.core.lock_words import Names, find_targets
from runner.core.logins import Logins
from runner.errors import PostgresError

Ask = Callable[[str, str], str]
"""Takes the name of a database and a statement, and returns the one value that it has."""

ACTIVITY = """
WITH activity AS MATERIALIZED (
    SELECT pid, coalesce(usename, '') AS role, coalesce(datname, '') AS database, application_name AS application,
        CASE WHEN client_addr <<= '127.0.0.0/8' THEN client_port ELSE 0 END AS port, coalesce(state, '') AS state,
        extract(epoch FROM clock_timestamp() - coalesce(
            CASE WHEN state = 'active' THEN query_start ELSE state_change END, backend_start)) AS seconds,
        extract(epoch FROM clock_timestamp() - xact_start) AS transaction_seconds,
        concat_ws('/', wait_event_type, wait_event) AS wait, query AS statement,
        CASE WHEN wait_event_type = 'Lock' THEN pg_blocking_pids(pid) ELSE '{}' END AS blockers
    FROM pg_stat_activity
    WHERE pid <> pg_backend_pid() AND backend_type IN ('client backend', 'autovacuum worker')
), involved AS (
    SELECT pid FROM activity WHERE blockers <> '{}' UNION SELECT unnest(blockers) FROM activity
)
SELECT json_build_object(
    'backends', (SELECT coalesce(json_agg(activity ORDER BY pid), '[]') FROM activity),
    'locks', (SELECT coalesce(json_agg(found), '[]') FROM (
        SELECT pid, locktype AS kind, coalesce(datname, '') AS database, coalesce(relation::bigint, 0) AS relation,
            array[coalesce(classid::bigint, 0), coalesce(objid::bigint, 0), coalesce(objsubid, 0)] AS key,
            mode, granted,
            coalesce(extract(epoch FROM clock_timestamp()
                - (to_jsonb(pg_locks) ->> 'waitstart')::timestamptz), 0) AS seconds
        FROM pg_locks LEFT JOIN pg_database ON pg_database.oid = pg_locks.database
        WHERE pid IN (SELECT pid FROM involved) AND (NOT granted OR locktype IN ('tuple', 'relation'))) found))
"""

"""`waitstart` is there since 14."""

NAMES = """
SELECT coalesce(json_agg(array[oid::text, oid::regclass::text, relkind::text]), '[]') FROM pg_class WHERE oid IN ({})
"""

LOGINS = """
SELECT json_build_object(
    'roles', (SELECT coalesce(json_agg(rolname ORDER BY rolname), '[]') FROM pg_roles WHERE rolcanlogin),
    'databases', (SELECT json_agg(datname ORDER BY datname) FROM pg_database WHERE datallowconn),
    'user', coalesce(current_setting('ephemeral_runner.user', true), ''),
    'database', coalesce(current_setting('ephemeral_runner.database', true), ''))
"""

END_SESSIONS = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = '{}'"

SECRET = re.compile(r"(password\s+)'(?:[^']|'')*'?", re.IGNORECASE)


def read_activity(ask: Ask) -> list[Backend]:
    """The server's backends, with what they wait for.

    Raises:
        PostgresError: the server refused, or gave no such answer.
    """
    answer = parse(ask("postgres", ACTIVITY))
    backends = [make_backend(each) for each in answer["backends"]]
    locks = [make_lock(each) for each in answer["locks"]]
    return find_targets(backends, locks, read_names(ask, locks))


def read_logins(ask: Ask) -> Logins:
    """Who may log in where; raises PostgresError."""
    return Logins(**parse(ask("postgres", LOGINS)))


def read_names(ask: Ask, locks: Iterable[Lock]) -> Names:
    """The names of the relations that locks are on; only a session in their database knows them."""
    wanted: dict[str, set[int]] = {}
    for lock in locks:
        if lock.relation:
            wanted.setdefault(lock.database, set()).add(lock.relation)
    names: dict[tuple[str, int], tuple[str, str]] = {}
    for database, relations in wanted.items():
        found = parse(ask(database or "postgres", NAMES.format(", ".join(map(str, sorted(relations))))))
        names |= {(database, int(number)): (name, kind) for number, name, kind in found}
    return names


def parse(text: str) -> Any:
    """The JSON of an answer."""
    try:
        return json.loads(text)
    except ValueError:
        raise PostgresError("cannot read what Postgres says of its backends", f"it said {text[:200]!r}") from None


def make_backend(line: dict[str, Any]) -> Backend:
    """A backend of a line; the clock may have gone back a little between two looks at it."""
    seconds = max(0.0, float(line.pop("seconds")))
    blockers, statement = tuple(line.pop("blockers")), hide_secrets(line.pop("statement") or "")
    return Backend(**line, seconds=seconds, blockers=blockers, statement=statement)


def make_lock(line: dict[str, Any]) -> Lock:
    """A lock of a line."""
    return Lock(**{**line, "key": tuple(line["key"]), "seconds": max(0.0, float(line["seconds"]))})


def hide_secrets(statement: str) -> str:
    """A statement without the passwords that it sets."""
    return SECRET.sub(r"\1'***'", statement)


def end_sessions(ask: Ask, application: str) -> None:
    """End the sessions of a client by the name that it has given itself; raises PostgresError."""
    ask("postgres", END_SESSIONS.format(application.replace("'", "''")))
