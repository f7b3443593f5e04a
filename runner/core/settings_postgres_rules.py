"""What of `[tool.runner.postgres]` and `rights` cannot be with an isolation; each with the reason. Pure."""

from collections.abc import Callable, Iterator, Sequence

from runner.core.groups import Isolation, Right
from runner.core.names import MASTER
from runner.core.settings_postgres import SUITE_DATABASE, Postgres
from runner.core.settings_postgres_values import Refusal, refuse

OWN_ROLE, OWN_DATABASES = "postgres", frozenset({"postgres", "template0", "template1"})

MOST_SERVERS = 1000
"""Ports behind the first one that are free for the servers of slots."""

PRIVATE_FOLDERS = ("/tmp/", "/var/tmp/")  # noqa: S108 -- names in a container

AS_SLOT = (
    'set `isolation = "database"`, where the name may hold `{slot}`, or `isolation = "server"`, where it may be any'
)
FIXED = 'let it hold `{slot}`, or set `isolation = "server"`, where it may be any'
SERVER = 'set `isolation = "server"`'
SCHEMA_REASONS = {
    "user": "where a slot is a schema, the role is the isolation: each worker has one of its own, of its slot's name",
    "database": "where a slot is a schema, all slots are in one database of the runner's",
    "databases": "where a slot is a schema, it has no database of its own",
}


def find_conflict(postgres: Postgres, isolation: Isolation, rights: Sequence[Right]) -> Refusal | None:
    """Why these cannot be with an isolation; None where they can.

    Args:
        postgres: the table.
        isolation: what a slot is.
        rights: of the tests' role.
    """
    check = CHECKS.get(isolation)
    return next(check(postgres, rights), None) if check else None


def list_conflicts_of_schema(postgres: Postgres, rights: Sequence[Right]) -> Iterator[Refusal]:
    """What a slot that is a schema cannot have."""
    for key, cause in SCHEMA_REASONS.items():
        if value := getattr(postgres, key):
            yield refuse(key, value, cause, AS_SLOT)
    if "superuser" in rights:
        cause = "where a slot is a schema, rights are what keeps workers apart, and a superuser has all of them"
        yield Refusal(("rights",), [*rights], cause, SERVER)
    yield from list_conflicts_of_roles(postgres, rights)


def list_conflicts_of_database(postgres: Postgres, rights: Sequence[Right]) -> Iterator[Refusal]:
    """What a slot that is a database cannot have."""
    if postgres.database and not has_slot(postgres.database):
        yield refuse("database", postgres.database, "each slot has a database of its own", FIXED)
    yield from list_conflicts_of_own(postgres)
    yield from list_conflicts_of_roles(postgres, rights)


def list_conflicts_of_own(postgres: Postgres, _rights: Sequence[Right] = ()) -> Iterator[Refusal]:
    """Names on a server of all slots that are the runner's."""
    if postgres.user == OWN_ROLE:
        yield refuse("user", postgres.user, "it is the role of the runner itself on this server", SERVER)
    if postgres.database in OWN_DATABASES:
        yield refuse("database", postgres.database, "it is a database of the server's own", SERVER)


def list_conflicts_of_roles(postgres: Postgres, rights: Sequence[Right]) -> Iterator[Refusal]:
    """Roles are the whole server's."""
    if postgres.authentication == "trust":
        cause = "passwords are what keeps workers from each other's roles here"
        yield refuse("authentication", postgres.authentication, cause, SERVER)
    if "createrole" in rights and not postgres.image and int(postgres.major) < 16:
        cause = "before Postgres 16 a role with this right may change the roles of other workers"
        yield Refusal(("rights",), [*rights], cause, SERVER)


def list_conflicts_of_alone(postgres: Postgres, _rights: Sequence[Right] = ()) -> Iterator[Refusal]:
    """What a slot that is a server cannot have."""
    last = 65535 - MOST_SERVERS
    if postgres.port > last:
        cause = f"the servers of workers listen at the ports behind it; {last} is the last one that has room for them"
        yield refuse("port", postgres.port, cause)
    names = [each.format(slot=MASTER) for each in (postgres.database or SUITE_DATABASE, *postgres.databases)]
    if "template0" in names:
        yield refuse("databases" if names[0] != "template0" else "database", "template0", "nobody gets into it")
    if len(set(names)) < len(names):
        cause = f"each needs a name of its own, and other than `{names[0]}`, which is `postgres.database`"
        yield refuse("databases", postgres.databases, cause)


def list_conflicts_of_sandbox(postgres: Postgres, _rights: Sequence[Right]) -> Iterator[Refusal]:
    """What a worker in a sandbox cannot have."""
    yield from list_conflicts_of_alone(postgres)
    for folder in postgres.folders:
        if folder.startswith(PRIVATE_FOLDERS):
            yield refuse("folders", folder, "a sandbox has such folders of its own", "take one such as `/srv/exchange`")


CHECKS: dict[str, Callable[[Postgres, Sequence[Right]], Iterator[Refusal]]] = {
    "schema": list_conflicts_of_schema,
    "database": list_conflicts_of_database,
    "none": list_conflicts_of_own,
    "server": list_conflicts_of_alone,
    "sandbox": list_conflicts_of_sandbox,
}
"""By isolation; with a server for each slot nearly everything may be as the suite has it."""


def has_slot(template: str) -> bool:
    """Whether a name differs from slot to slot."""
    return template.format(slot="a") != template.format(slot="b")
