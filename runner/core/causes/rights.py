"""Known causes: what Postgres refuses or lacks: rights, names that are taken, extensions, settings. Pure."""

from collections.abc import Sequence

from runner.core.causes.symptoms import Diagnosis, Hit, Rule, rule, say

RUNNER, POSTGRES = "[tool.runner]", "[tool.runner.postgres]"

SUPERUSER = (RUNNER, 'isolation = "server"  # superuser without danger for other workers', 'rights = ["superuser"]')

EXTENSIONS = {
    "hstore": "hstore",
    "citext": "citext",
    "ltree": "ltree",
    "vector": "vector",
    "geometry": "postgis",
    "geography": "postgis",
    "uuid_generate_v4": "uuid-ossp",
    "uuid_generate_v1": "uuid-ossp",
    "gin_trgm_ops": "pg_trgm",
    "gist_trgm_ops": "pg_trgm",
    "similarity": "pg_trgm",
    "crypt": "pgcrypto",
    "gen_salt": "pgcrypto",
    "digest": "pgcrypto",
    "unaccent": "unaccent",
    "cube": "cube",
    "dblink": "dblink",
    "crosstab": "tablefunc",
}
"""Types, functions and operator classes that extensions bring, as their documentation has them."""


def diagnose_extension(hit: Hit) -> Diagnosis | None:
    """A type, a function or an operator class of an extension that nobody has made."""
    name = EXTENSIONS.get(hit["name"])
    if name is None:
        return None
    what = f"the extension `{name}` is not in the database: `{hit['name']}` does not exist"
    return Diagnosis("extension", what, (POSTGRES, f'extensions = ["{name}"]'))


def diagnose_right(hit: Hit) -> Diagnosis:
    """A right that the role of a slot has not."""
    right, thing = ("createdb", "database") if hit["thing"] == "database" else ("createrole", "role")
    # A database or a role belongs to the whole server: two workers that make the same one meet.
    todo = (RUNNER, f'rights = ["{right}"]', f'isolation = "server"  # where workers make the same {thing}')
    return Diagnosis(right, f"the tests make a {thing}, for which their role has no right", todo)


def diagnose_exists(hit: Hit) -> Diagnosis:
    """A name that is taken: which isolation gives each worker one of its own."""
    thing, isolation = hit["thing"], hit.facts.isolation
    named = f"{thing} `{hit['name']}`"
    if isolation in {"server", "sandbox"} or not hit.facts.workers:
        what = f"the {named} is there already, from an earlier test"
        return Diagnosis("exists", what, ("`runner audit` finds the test that leaves it behind",))
    if thing in {"database", "role", "tablespace"}:
        what = f"two workers make the {named}, which belongs to the whole server"
        return Diagnosis("exists", what, (RUNNER, 'isolation = "server"'))
    if isolation == "database":
        what = f"the {named} is there already, from an earlier test of the same worker"
        return Diagnosis("exists", what, ("`runner audit` finds the test that leaves it behind",))
    what = f"the {named} is there already: the tests name a schema, or leave it behind"
    return Diagnosis("exists", what, (RUNNER, 'isolation = "database"'))


NO_TABLES = "no table is there: no `setup` makes them"


def diagnose_missing_schema(hit: Hit) -> Diagnosis:
    """A schema of a fixed name that somebody makes before the tests elsewhere."""
    isolation = (RUNNER, 'isolation = "database"') if hit.facts.isolation == "schema" else ()
    made = f'init_sql = ["CREATE SCHEMA {hit["name"]}"]'
    what = f"the tests expect the schema `{hit['name']}`, which nobody has made"
    return Diagnosis("no-schema", what, (*isolation, POSTGRES, made))


def diagnose_missing_table(hit: Hit) -> Diagnosis | None:
    """Tables that nobody has made, where the project has a tool that would, or does more before its own tests."""
    from runner.core.detection.migrations import detect_migrations
    from runner.core.detection.preparation import find_prepared

    there = [*hit.facts.settings.setup]
    detected = find_prepared(hit.facts.snapshot) if there else detect_migrations(hit.facts.snapshot)
    if detected is None or (setup := detected.settings.get("setup")) in (None, there):
        return None
    what = NO_TABLES
    if there:
        where = detected.findings[0].where
        what = f"a table is missing that `setup` does not make; {where} has more before the tests"
    return Diagnosis("no-tables", what, (RUNNER, f"setup = {str(setup).replace(chr(39), chr(34))}"))


def diagnose_schema(hit: Hit) -> Diagnosis:
    """A slot that is a schema, or a database without the right for more, is too small for the tests."""
    what = f"the tests want more than their slot is: {hit.found[0].strip()}"
    if hit.facts.isolation == "schema":
        return Diagnosis("too-small", what, (RUNNER, 'isolation = "database"'))
    return Diagnosis("too-small", what, SUPERUSER)


RULES: Sequence[Rule] = (
    rule(
        r"too many clients already|remaining connection slots are reserved|too many connections for (?:role|database)",
        say(
            "connections",
            "the tests open more connections than the server takes",
            POSTGRES,
            'settings = {{max_connections = "1000"}}',
        ),
    ),
    rule(r"permission denied to create (?P<thing>database|role)", diagnose_right),
    rule(
        r"permission denied to create extension \"(?P<name>[^\"]+)\"",
        say(
            "extension",
            "the tests make the extension `{name}`, which takes a superuser",
            POSTGRES,
            'extensions = ["{name}"]',
        ),
    ),
    rule(
        r"could not open extension control file \"[^\"]*/(?P<name>[\w-]+)\.control\"",
        say("extension", "the server has no extension `{name}`", POSTGRES, 'extensions = ["{name}"]'),
    ),
    rule(
        r"extension \"(?P<name>[\w-]+)\" is not available",
        say("extension", "the server has no extension `{name}`", POSTGRES, 'extensions = ["{name}"]'),
    ),
    rule(
        r"(?:type|function|operator class) \"?(?:\w+\.)?(?P<name>\w+)\"?(?:\([^)]*\))? does not exist",
        diagnose_extension,
    ),
    rule(
        r"(?P<what>permission denied to (?:set|alter|terminate|create) [^\n]{1,60}|must be superuser [^\n]{1,60}"
        r"|permission denied for function \w+|permission denied to set parameter \"\w+\")",
        say("superuser", "the tests do what takes a superuser: {what}", *SUPERUSER),
    ),
    rule(
        r"permission denied for (?:schema (?:public|\w+)|database \"?\w+\"?)|no schema has been selected",
        diagnose_schema,
    ),
    rule(r"must be owner of (?:schema|database|extension) \w+", diagnose_schema),
    rule(
        r"(?P<thing>relation|type|database|role|schema|tablespace|function) \"(?P<name>[^\"]+)\" already exists",
        diagnose_exists,
    ),
    rule(
        r"source database \"(?P<name>[^\"]+)\" is being accessed by other users",
        say(
            "template-in-use",
            "the template database `{name}` has another worker's session on it while a test copies it",
            RUNNER,
            'isolation = "server"',
        ),
    ),
    rule(
        r"database \"(?P<name>[^\"]+)\" is being accessed by other users",
        say(
            "database-in-use",
            "a test removes the database `{name}`, on which a session is open",
            RUNNER,
            'isolation = "server"  # where it is another worker\'s session',
        ),
    ),
    rule(
        r"prepared transactions are disabled",
        say(
            "setting",
            "the tests prepare transactions (two-phase commit)",
            POSTGRES,
            'settings = {{max_prepared_transactions = "10"}}',
        ),
    ),
    rule(
        r"logical decoding requires \"?wal_level\"? >= \"?logical|replication slots can only be used if \"?max_repl|"
        r"replication slots can only be used if \"?wal_level",
        say(
            "setting",
            "the tests replicate, for which the server writes too little",
            POSTGRES,
            'settings = {{wal_level = "logical", max_wal_senders = "10", max_replication_slots = "10"}}',
        ),
    ),
    rule(
        r"\b(?P<name>\w+)\"? must be loaded via \"?shared_preload_libraries",
        say(
            "setting",
            "`{name}` must be loaded with the server",
            POSTGRES,
            'settings = {{shared_preload_libraries = "{name}"}}',
        ),
    ),
    rule(
        r"collation \"(?P<name>[a-z]{2}[_-][A-Z]{2}[\w.-]*)\" (?:for encoding \"\w+\" )?does not exist"
        r"|invalid (?:LC_COLLATE )?locale name:? \"(?P<other>[^\"]+)\"",
        say(
            "locale", "the server has no locale `{name}{other}`", POSTGRES, 'locale = "en_US.UTF-8"  # or the one named'
        ),
    ),
    rule(
        r"unsupported locale setting",
        say("locale", "the suite's container has no such locale", RUNNER, 'packages = ["locales-all"]'),
    ),
    rule(
        r"could not (?:extend|write).* file .*No space left on device|could not extend file .*: wrote only \d+ of"
        r"|could not resize shared memory segment",
        say("memory", "the server's memory is full", RUNNER, "postgres_memory = 4096  # MiB; 0: on disk"),
    ),
    rule(r"InvalidSchemaName(?:Error)?\b.*schema \"(?P<name>\w+)\" does not exist", diagnose_missing_schema),
    rule(r"relation \"[^\"]+\" does not exist|UndefinedTable\b", diagnose_missing_table),
    rule(
        r"value too long for type (?P<type>character(?: varying)?\(\d+\))",
        say(
            "too-long",
            "a value is longer than its column, `{type}`: Postgres refuses what SQLite takes",
            "no setting helps: the test fails on any Postgres, and passes where it is run with SQLite",
        ),
    ),
)
