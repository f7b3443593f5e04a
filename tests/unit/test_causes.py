"""Known causes: one text for each as tests really show it, near misses, ranking, and what is honestly unknown."""

import pytest

from runner.core.causes.known import KNOWN
from runner.core.causes.symptoms import Facts, Symptom
from runner.core.error_lines import find_errors
from runner.core.explanation import explain
from runner.core.groups import Group
from runner.core.settings import Settings
from runner.core.snapshot import Snapshot

pytestmark = pytest.mark.unit

REFUSED = (
    'psycopg.OperationalError: connection failed: connection to server at "127.0.0.1", port 5433 failed: '
    "Connection refused\n\tIs the server running on that host and accepting TCP/IP connections?"
)
COMPOSE = "services:\n  cache:\n    image: redis:7\n  db:\n    image: postgres:16\n"


def make_facts(texts=None, pyproject=None, isolation="schema", workers=2, **settings):
    texts = texts or {}
    return Facts(Snapshot(pyproject or {}, frozenset(texts), texts), Settings(**settings), isolation, workers)


def find(error, facts=None, text="", **symptom):
    """What is made of one failed test with these error lines: its diagnosis, or None."""
    found = explain(
        [Symptom("test_a.py::test_a", error, error.split("\n")[0], text, **symptom)], KNOWN, facts or make_facts()
    )
    return found.causes[0].diagnosis if found.causes else None


KINDS = [
    ("elsewhere", REFUSED),
    (
        "elsewhere",
        'psycopg2.OperationalError: could not translate host name "db" to address: Name or service not known',
    ),
    ("elsewhere", "psycopg.OperationalError: failed to resolve host 'db': [Errno -2] Name or service not known"),
    (
        "elsewhere",
        (
            'psycopg2.OperationalError: connection to server on socket "/var/run/postgresql/.s.PGSQL.5432" failed: '
            "No such file or directory"
        ),
    ),
    (
        "elsewhere",
        (
            "psycopg2.OperationalError: could not connect to server: Connection refused\n"
            '\tIs the server running on host "localhost" (127.0.0.1) and accepting\n\tTCP/IP connections on port 5433?'
        ),
    ),
    (
        "elsewhere",
        (
            'psycopg2.OperationalError: connection to server at "localhost" (127.0.0.1), port 5432 failed: FATAL:  '
            'password authentication failed for user "app"'
        ),
    ),
    ("elsewhere", 'asyncpg.exceptions.InvalidPasswordError: password authentication failed for user "postgres"'),
    ("elsewhere", 'asyncpg.exceptions.InvalidCatalogNameError: database "app_test" does not exist'),
    ("elsewhere", 'asyncpg.exceptions.InvalidAuthorizationSpecificationError: role "app" does not exist'),
    (
        "elsewhere",
        "pg8000.exceptions.InterfaceError: Can't create a connection to host localhost and port 5433 (timeout)",
    ),
    ("elsewhere", "OSError: Multiple exceptions: [Errno 111] Connect call failed ('127.0.0.1', 5433)"),
    (
        "elsewhere",
        "pg8000.exceptions.DatabaseError: {'S': 'FATAL', 'C': '3D000', 'M': 'database \"app\" does not exist'}",
    ),
    (
        "no-password",
        "pg8000.exceptions.InterfaceError: server requesting password authentication, but no password was provided",
    ),
    (
        "no-password",
        (
            'psycopg.OperationalError: connection failed: connection to server at "127.0.0.1", port 5432 failed: '
            "fe_sendauth: no password supplied"
        ),
    ),
    ("server-folder", 'psycopg2.errors.UndefinedFile: directory "/tmp/tmpx1" does not exist'),
    (
        "server-folder",
        'psycopg.errors.UndefinedFile: could not open file "/tmp/a.csv" for reading: No such file or directory',
    ),
    ("driver", "sqlalchemy.exc.NoSuchModuleError: Can't load plugin: sqlalchemy.dialects:postgres"),
    (
        "driver",
        'psycopg2.ProgrammingError: invalid dsn: missing "=" after "postgresql+psycopg2://a@b/c" in connection info',
    ),
    (
        "driver",
        (
            "sqlalchemy.exc.InvalidRequestError: The asyncio extension requires an async driver to be used. "
            "The loaded 'psycopg2' is not async."
        ),
    ),
    ("driver", "sqlalchemy.exc.MissingGreenlet: greenlet_spawn has not been called; can't call await_only() here."),
    ("service", "redis.exceptions.ConnectionError: Error 111 connecting to localhost:6379. Connection refused."),
    ("service", "redis.exceptions.ConnectionError: Error -2 connecting to redis:6379. Name or service not known."),
    ("service", "ConnectionRefusedError: [Errno 111] Connect call failed ('127.0.0.1', 6379)"),
    (
        "service",
        "pymongo.errors.ServerSelectionTimeoutError: localhost:27017: [Errno 111] Connection refused, Timeout: 30s",
    ),
    ("service", "OperationalError: (2003, \"Can't connect to MySQL server on 'localhost:3306' ([Errno 111])\")"),
    (
        "service",
        (
            "requests.exceptions.ConnectionError: HTTPConnectionPool(host='localhost', port=9200): Max retries "
            "exceeded with url: / (Caused by NewConnectionError: [Errno 111] Connection refused)"
        ),
    ),
    (
        "service",
        "aiohttp.ClientConnectorError: Cannot connect to host localhost:8080 ssl:default [Connect call failed]",
    ),
    ("module", "ModuleNotFoundError: No module named 'freezegun'"),
    ("library", "ImportError: libpq.so.5: cannot open shared object file: No such file or directory"),
    ("library", "ImportError: no pq wrapper available.\nAttempts made:\n- couldn't import psycopg 'c' implementation"),
    ("library", "OSError: cannot load library 'libgobject-2.0-0.so': libgobject-2.0-0.so: cannot open shared object"),
    ("library", "FileNotFoundError: [Errno 2] No such file or directory: 'psql'"),
    ("metadata", "importlib.metadata.PackageNotFoundError: No package metadata was found for sample"),
    ("createdb", "psycopg.errors.InsufficientPrivilege: permission denied to create database"),
    ("createrole", "psycopg2.errors.InsufficientPrivilege: permission denied to create role"),
    ("superuser", "psycopg.errors.InsufficientPrivilege: must be superuser to create a base type"),
    ("superuser", 'psycopg.errors.InsufficientPrivilege: permission denied to set parameter "log_statement"'),
    ("superuser", "psycopg.errors.InsufficientPrivilege: permission denied for function pg_read_file"),
    ("too-small", "psycopg.errors.InsufficientPrivilege: permission denied for schema public"),
    ("too-small", "psycopg.errors.InsufficientPrivilege: permission denied for database suite"),
    ("exists", 'psycopg.errors.DuplicateTable: relation "items" already exists'),
    ("exists", 'psycopg.errors.DuplicateDatabase: database "app_test" already exists'),
    ("exists", 'psycopg.errors.DuplicateObject: role "app" already exists'),
    ("connections", "psycopg.OperationalError: connection failed: FATAL:  sorry, too many clients already"),
    ("extension", 'psycopg.errors.UndefinedObject: type "citext" does not exist'),
    ("extension", "psycopg.errors.UndefinedFunction: function uuid_generate_v4() does not exist"),
    (
        "extension",
        'psycopg.errors.UndefinedObject: operator class "gin_trgm_ops" does not exist for access method "gin"',
    ),
    ("extension", 'psycopg.errors.FeatureNotSupported: extension "vector" is not available'),
    (
        "extension",
        (
            "psycopg2.errors.UndefinedFile: could not open extension control file "
            '"/usr/share/postgresql/17/extension/postgis.control": No such file or directory'
        ),
    ),
    ("extension", 'psycopg.errors.InsufficientPrivilege: permission denied to create extension "hstore"'),
    ("template-in-use", 'psycopg.errors.ObjectInUse: source database "template1" is being accessed by other users'),
    ("database-in-use", 'psycopg.errors.ObjectInUse: database "app_test" is being accessed by other users'),
    ("setting", "psycopg.errors.ObjectNotInPrerequisiteState: prepared transactions are disabled"),
    ("setting", 'psycopg.errors.ObjectNotInPrerequisiteState: logical decoding requires "wal_level" >= "logical"'),
    ("setting", 'psycopg.errors.ObjectNotInPrerequisiteState: pg_cron must be loaded via "shared_preload_libraries"'),
    ("too-long", "django.db.utils.DataError: value too long for type character varying(100)"),
    ("locale", 'psycopg.errors.UndefinedObject: collation "en_US.utf8" for encoding "UTF8" does not exist'),
    ("locale", 'psycopg.errors.WrongObjectType: invalid locale name: "de_DE.UTF-8"'),
    ("locale", "locale.Error: unsupported locale setting"),
    ("memory", 'psycopg2.errors.DiskFull: could not write blocks 0..0 in file "base/1/2": No space left on device'),
    ("memory", 'psycopg2.errors.DiskFull: could not extend file "base/1/2": wrote only 4096 of 8192 bytes at block 9'),
    ("memory", 'psycopg.errors.DiskFull: could not extend file "base/5/16": No space left on device'),
    ("read-only", "OSError: [Errno 30] Read-only file system: '/project/data/out.csv'"),
    ("read-only", "PermissionError: [Errno 13] Permission denied: '/project/out.csv'"),
    ("read-only", "PermissionError: [Errno 13] Permission denied: 'out.csv'"),
    ("read-only", "PermissionError: [Errno 13] Permission denied: '/var/lib/app/out.csv'"),
    ("read-only", "sqlite3.OperationalError: unable to open database file"),
    ("read-only", "sqlite3.OperationalError: attempt to write a readonly database"),
    (
        "network",
        (
            "urllib3.exceptions.MaxRetryError: HTTPSConnectionPool(host='api.example.com', port=443): Max retries "
            "exceeded with url: / (Caused by NameResolutionError: Failed to resolve 'api.example.com')"
        ),
    ),
    ("network", "socket.gaierror: [Errno -3] Temporary failure in name resolution"),
    ("network", "OSError: [Errno 101] Network is unreachable"),
    ("network", "aiohttp.ClientConnectorError: Cannot connect to host api.example.com:443 ssl:default [Timeout]"),
    ("own-server", "docker.errors.DockerException: Error while fetching server API version: ('Connection aborted.'"),
    (
        "versions",
        "docker.errors.DockerException: Error while fetching server API version: Not supported URL scheme http+docker",
    ),
    ("own-server", "FileNotFoundError: [Errno 2] No such file or directory: 'docker'"),
    (
        "service",
        (
            'docker.errors.ImageNotFound: 404 Client Error: Not Found ("no such image: redis: '
            'tests have no engine; declare it in a Compose file (`services`)")'
        ),
    ),
    ("no-schema", 'psycopg.errors.InvalidSchemaName: schema "orders" does not exist'),
    ("fixture", "fixture 'widget' not found"),
    ("plugin", "fixture 'mocker' not found"),
    ("plugin", "pytest: error: unrecognized arguments: --cov=app"),
    ("plugin", "Failed: async def functions are not natively supported."),
    ("marker", "Failed: 'integration' not found in `markers` configuration option"),
    ("marker", "pytest.PytestUnknownMarkWarning: Unknown pytest.mark.integration - is this a typo?"),
    ("hang", "Failed: Timeout >10.0s"),
    ("hang", "Failed: Timeout (>10.0s) from pytest-timeout."),
    ("crashed", "worker 'gw0' crashed while running 'tests/test_a.py::test_a'"),
    ("own-plugin", "RuntimeError: Plugin already registered under the name ephemeral_runner_plugin"),
    ("git", "subprocess.CalledProcessError: fatal: not a git repository (or any of the parent directories): .git"),
]


@pytest.mark.parametrize(("kind", "error"), KINDS, ids=range(len(KINDS)))
def test_a_cause_is_named_by_what_the_failure_says_and_comes_with_something_to_do(kind, error):
    found = find(error)
    assert found is not None
    assert found.kind == kind
    assert found.todo or kind == "fixture"


@pytest.mark.parametrize(
    "error",
    [
        "ValueError: invalid literal for int() with base 10: 'x'",
        "KeyError: 'database'",
        "app.errors.AlreadyExists: the order already exists",
        "app.errors.Denied: permission denied",
        "FileNotFoundError: [Errno 2] No such file or directory: 'fixtures/data.json'",
        'psycopg.errors.UndefinedObject: type "order_state" does not exist',
        "psycopg.errors.UndefinedFunction: function total(integer) does not exist",
        'psycopg.errors.UndefinedTable: relation "items" does not exist',
        "PermissionError: [Errno 1] Operation not permitted",
        "ConnectionRefusedError: [Errno 111] Connection refused",
        "ImportError: cannot import name 'x' from 'y'",
        "TimeoutError",
        'psycopg.errors.UniqueViolation: duplicate key value violates unique constraint "orders_pkey"',
        "app.NotFound: user 'app' not found",
    ],
)
def test_what_only_resembles_a_cause_is_none(error):
    assert find(error) is None


@pytest.mark.parametrize(("isolation", "lines"), [("schema", 4), ("database", 2)])
def test_a_schema_that_is_missing_is_made_in_a_database_of_the_workers_own(isolation, lines):
    found = find('InvalidSchemaName: schema "orders" does not exist', Facts(isolation=isolation))
    assert len(found.todo) == lines
    assert found.todo[-1] == 'init_sql = ["CREATE SCHEMA orders"]'


def test_what_a_test_compared_is_no_error_of_its_own():
    text = (
        "    def test_message():\n>       assert tell() == 'Connection refused'\n"
        "E       assert 'permission denied to create database' == 'Connection refused'\nE         \nE         - a\n"
    )
    assert find_errors("assert 'permission denied to create database' == 'Connection refused'", text) == ""


def test_source_code_in_a_traceback_is_no_error_line():
    text = (
        "    def test_a():\n>       raise ValueError(1)  # permission denied to create database\n"
        "E       ValueError: 1\n\ntests/test_a.py:2: ValueError"
    )
    assert find_errors("ValueError: 1", text) == "ValueError: 1"


@pytest.mark.parametrize(
    "text",
    [
        "Traceback (most recent call last):\n  File 'a.py', line 1\n    f()\npsycopg.OperationalError: no\n\tone\n",
        "a.py:1: in f\n    connect()\nE   psycopg.OperationalError: no\nE   \tone\n",
    ],
)
def test_the_error_lines_are_found_in_every_style_of_traceback(text):
    assert find_errors("psycopg.OperationalError: no", text).split() == ["psycopg.OperationalError:", "no", "one"]


def test_an_address_in_the_project_is_found_with_the_variable_that_it_is_the_default_of():
    code = 'import os\nURL = os.environ.get(\n    "APP_DB", "postgresql+psycopg://app:app@localhost:5433/app"\n)\n'
    found = find(REFUSED, make_facts({"app/settings.py": code, "tests/test_a.py": "port = 1"}))
    assert found.what.endswith("`127.0.0.1:5433`, the default of the variable `APP_DB`")
    assert (found.places[0].file, found.places[0].line) == ("app/settings.py", 3)
    assert found.todo == (
        "[tool.runner.environment]",
        'APP_DB = "postgresql+psycopg://{user}:{password}@{host}:{port}/{dbname}"',
    )


def test_a_hard_coded_address_is_answered_with_its_parts_and_the_isolation_that_can_have_them():
    refused = 'FATAL:  password authentication failed for user "me"'
    error = f'connection to server at "localhost" (::1), port 5432 failed: {refused}'
    code = "import asyncpg\n\nDSN = 'postgresql://me:secret@localhost:5432/piccolo'\n"
    found = find(error, make_facts({"tests/conftest.py": code}))
    assert (found.places[0].file, found.places[0].line) == ("tests/conftest.py", 3)
    assert found.todo[1].startswith('isolation = "sandbox"')
    assert set(found.todo[2:]) == {
        "[tool.runner.postgres]",
        'user = "me"',
        'database = "piccolo"',
        'host = "localhost"',
        'password = "secret"',
    }


def test_another_address_in_the_project_is_not_taken_for_the_one_that_was_dialled():
    code = "URL = 'postgresql://app@db.example.com:6000/app'\n"
    assert find(REFUSED, make_facts({"app.py": code})).places == ()


def test_a_host_that_is_a_service_of_the_compose_file_is_that_service():
    error = "redis.exceptions.ConnectionError: Error -2 connecting to cache:6379. Name or service not known."
    found = find(error, make_facts({"docker-compose.yml": COMPOSE}))
    assert 'services = "docker-compose.yml"' in found.todo[1]
    refused = 'could not translate host name "db" to address: Name or service not known'
    assert find(refused, make_facts({"docker-compose.yml": COMPOSE})).kind == "elsewhere"


def test_coroutines_are_answered_with_the_mode_where_their_plugin_is_there():
    error = "Failed: async def functions are not natively supported."
    pyproject = {"dependency-groups": {"test": ["pytest-asyncio"]}}
    assert 'pytest_args = ["--asyncio-mode=auto"]' in find(error, make_facts(pyproject=pyproject)).todo


SASL = "core.py:605: in handle_AUTHENTICATION_REQUEST"
NONE = "AttributeError: 'NoneType' object has no attribute 'decode'"
TRUST = ("[tool.runner.postgres]", 'authentication = "trust"')


@pytest.mark.parametrize(
    ("isolation", "todo"),
    [("server", TRUST), ("sandbox", TRUST), ("schema", ("[tool.runner]", 'isolation = "server"', *TRUST))],
)
def test_a_driver_without_a_password_is_answered_with_trust_and_an_isolation_that_may_have_it(isolation, todo):
    found = find(NONE, make_facts(isolation=isolation), SASL)
    assert (found.kind, found.todo) == ("no-password", todo)
    assert find(NONE, make_facts(isolation=isolation)) is None


@pytest.mark.parametrize(
    ("file", "folder", "lines"), [("/srv/data/a.csv", "/srv/data", 2), ("/tmp/pytest-1/a.csv", "/srv/exchange", 3)]
)
def test_a_file_that_the_server_does_not_see_is_answered_with_a_folder_that_it_shares(file, folder, lines):
    found = find(f'psycopg.errors.UndefinedFile: could not open file "{file}" for reading: No such file or directory')
    assert found.todo[:2] == ("[tool.runner.postgres]", f'folders = ["{folder}"]')
    assert len(found.todo) == lines


def test_folders_of_a_tablespace_are_one_cause_and_answered_with_the_variable_that_the_suite_asks():
    errors = [f'psycopg2.errors.UndefinedFile: directory "/run/x/gw{each}/t" does not exist' for each in (0, 1)]
    code = {"settings.py": "import os\nX = os.environ.get('DATABASE_IN_CONTAINER') == 'true'\n"}
    found = {find(error, make_facts(code)) for error in errors}
    assert [each.todo for each in found] == [("[tool.runner.environment]", 'DATABASE_IN_CONTAINER = "true"')]
    assert "TO PROGRAM" in find(errors[0]).todo[0]


def test_a_driver_without_a_port_needs_a_sandbox_where_each_worker_has_a_server():
    error = "(pg8000.dbapi.ProgrammingError) {'S': 'ERROR', 'C': '42P01', 'M': 'relation \"item\" does not exist'}"
    assert 'isolation = "sandbox"' in find(error, make_facts(isolation="server")).todo[1]
    assert find(error, make_facts(isolation="sandbox")) is None


def test_a_role_that_the_server_lacks_is_found_in_a_message_that_is_a_table():
    error = "pg8000.dbapi.ProgrammingError: {'S': 'FATAL', 'C': '28000', 'M': 'role \"shop\" does not exist'}"
    assert 'user = "shop"' in find(error, make_facts({"tests/conftest.py": 'connect("shop", database="x")\n'})).todo


def test_a_group_without_a_database_is_named_where_its_tests_look_for_one():
    groups = {"unit": Group(marks=["unit"], database=False)}
    error = REFUSED.replace("5433", "5432")
    found = find(error, make_facts(groups=groups), groups=("unit",))
    assert (found.kind, found.todo) == ("no-database", ("[tool.runner.groups.unit]", "database = true"))


def test_a_file_of_sqlite_needs_a_sandbox_which_comes_with_a_server():
    error = "sqlite3.OperationalError: unable to open database file"
    assert find(error).todo == ("[tool.runner]", 'isolation = "sandbox"  # a work tree for each worker')
    assert find(error, make_facts(database=False)).todo[2:] == ("database = true", "strict = false")


def test_a_run_without_a_database_is_named_where_tests_look_for_one():
    error = REFUSED.replace("5433", "5432")
    found = find(error, make_facts(database=False))
    assert (found.kind, found.todo) == ("no-database", ("[tool.runner]", "database = true"))
    groups = {"db": Group(marks=["db"], database=True)}
    assert find(error, make_facts(database=False, groups=groups), groups=("db",)).kind != "no-database"
    assert find("KeyError: 'DATABASE_URL'", make_facts(database=False)).kind == "no-database"


@pytest.mark.parametrize(
    "error",
    [
        "ValueError: option names {'--shop'} already added",
        "ValueError: Plugin already registered under a different name: shop.plugin=<module 'shop.plugin'>",
    ],
)
def test_a_plugin_that_its_own_project_loads_twice_is_named(error):
    own = {"project": {"entry-points": {"pytest11": {"shop": "shop.plugin"}}}}
    found = find(error, make_facts(pyproject=own, pytest_args=["-x"]))
    assert (found.kind, found.todo) == ("plugin-twice", ("[tool.runner]", 'pytest_args = ["-x", "-pno:shop"]'))
    assert find(error, make_facts(pyproject=own, pytest_args=["-pno:shop"])).todo[0] == "[tool.uv]"
    assert find(error, make_facts()) is None


def test_a_group_without_egress_is_named_where_its_tests_reach_out():
    groups = {"security": Group(marks=["security"], egress=False)}
    found = find("OSError: [Errno 101] Network is unreachable", make_facts(groups=groups), groups=("security",))
    assert found.todo == ("[tool.runner.groups.security]", "egress = true")


@pytest.mark.parametrize(
    ("pyproject", "line"),
    [
        ({"project": {"optional-dependencies": {"docs": ["sphinx"], "test": ["freezegun>=1"]}}}, 'extras = ["test"]'),
        ({"dependency-groups": {"testing": ["freezegun"]}}, 'dependency_groups = ["testing"]'),
        (
            {"tool": {"poetry": {"group": {"dev": {"dependencies": {"freezegun": "^1"}}}}}},
            'dependency_groups = ["dev"]',
        ),
        ({}, 'requirements = ["freezegun"]'),
    ],
)
def test_a_missing_module_is_answered_with_the_extra_or_group_that_has_it(pyproject, line):
    assert find("ModuleNotFoundError: No module named 'freezegun'", make_facts(pyproject=pyproject)).todo[1] == line


def test_a_missing_module_is_found_in_a_file_of_requirements_and_by_its_distribution_s_name():
    facts = make_facts({"requirements/tests.txt": "PyYAML==6\n"})
    assert (
        find("ModuleNotFoundError: No module named 'yaml'", facts).todo[1]
        == 'requirements = ["-r requirements/tests.txt"]'
    )


def test_a_module_of_the_project_s_own_is_no_missing_package():
    facts = make_facts({"src/app/__init__.py": "x = 1"})
    found = find("ModuleNotFoundError: No module named 'app'", facts)
    assert (found.kind, found.todo[1][:22]) == ("own-module", 'pythonpath = ["src"]  ')


@pytest.mark.parametrize(
    ("isolation", "thing", "line"),
    [
        ("schema", 'relation "items"', 'isolation = "database"'),
        ("schema", 'role "app"', 'isolation = "server"'),
        ("database", 'database "app"', 'isolation = "server"'),
    ],
)
def test_what_exists_already_is_answered_with_the_isolation_that_has_one_for_each_worker(isolation, thing, line):
    found = find(f"psycopg.errors.Duplicate: {thing} already exists", make_facts(isolation=isolation))
    assert found.todo[-1] == line


def test_what_exists_already_in_a_slot_of_its_own_was_left_by_an_earlier_test():
    found = find('DuplicateTable: relation "items" already exists', make_facts(isolation="server"))
    assert "audit" in found.todo[0]


COLLECTED = "Different tests were collected between"


@pytest.mark.parametrize(
    ("removed", "added", "why"),
    [
        ("t.py::t[<A object at 0x7f10aa20>]", "t.py::t[<A object at 0x7f10bb20>]", "memory"),
        ("t.py::t[postgresql://gw0@h/d]", "t.py::t[postgresql://gw1@h/d]", "address of the database"),
        ("t.py::t[0b6b3a8e-1b1e-4a52-9d2a-0d1f6a9a7b11]", "t.py::t[1b6b3a8e-1b1e-4a52-9d2a-0d1f6a9a7b22]", "random"),
        ("t.py::t[2026-01-01 10:00:00]", "t.py::t[2026-01-01 10:00:01]", "time"),
        ("t.py::t[b]", "t.py::t[b]", "another order"),
        ("t.py::t[x]", "t.py::t[y]", "collected different tests, such as"),
    ],
)
def test_why_workers_collected_different_tests_is_read_from_the_difference(removed, added, why):
    difference = f" gw0 and gw1. The difference is:\n--- gw0\n\n+++ gw1\n\n@@ -1,2 +1,2 @@\n\n-{removed}\n+{added}"
    found = explain([Symptom("", COLLECTED, COLLECTED, difference)], KNOWN, make_facts())
    assert why in found.causes[0].diagnosis.what


def test_a_hang_names_its_tests():
    text = "the tests did not end within 5 s (`timeout`)\nrunning: tests/test_a.py::test_waits[a b] (for 4.9 s)"
    [cause] = explain([Symptom("", text, text, text)], KNOWN, make_facts()).causes
    assert cause.diagnosis.what == "tests hang: `tests/test_a.py::test_waits[a b]` for 4.9 s"


def test_missing_tables_are_answered_with_the_project_s_own_migrations():
    facts = make_facts({"alembic.ini": "[alembic]\nscript_location = migrations\n", "migrations/env.py": "x = 1"})
    error = 'psycopg.errors.UndefinedTable: relation "items" does not exist'
    assert find(error, facts).kind == "no-tables"
    assert find(error, Facts(facts.snapshot, Settings(setup=["alembic upgrade head"]))) is None


def test_a_driver_that_is_missing_is_answered_with_the_one_that_is_there():
    facts = make_facts({"requirements.txt": "sqlalchemy==2\npsycopg==3\n"})
    found = find("ModuleNotFoundError: No module named 'psycopg2'", facts)
    assert (found.kind, found.todo[1][:37]) == ("driver", 'DATABASE_URL = "postgresql+psycopg://')
    assert find("ModuleNotFoundError: No module named 'psycopg2'").kind == "module"
    # Since SQLAlchemy 2.1 an address without a driver means the other one.
    facts = make_facts({"requirements.txt": "sqlalchemy==2.1\npsycopg2-binary==2.9\n"})
    found = find("ModuleNotFoundError: No module named 'psycopg'", facts)
    assert (found.kind, found.todo[1][:38]) == ("driver", 'DATABASE_URL = "postgresql+psycopg2://')


def test_a_driver_that_wants_more_rounds_of_hashing_gets_them():
    found = find("scramp.utils.ScramException: The value must not be < 4096: other-error")
    assert found.todo == ("[tool.runner.postgres.settings]", "scram_iterations = 4096")


@pytest.mark.parametrize(
    ("message", "line"),
    [
        ("assert 'localhost' == '127.0.0.1'", 'host = "127.0.0.1"'),
        ("assert 'gw0' == 'app'", 'database = "app"  # or user'),
    ],
)
def test_a_test_that_compares_its_address_is_answered_with_the_setting_of_that_part(message, line):
    [cause] = explain([Symptom("t.py::t", "", message)], KNOWN, make_facts()).causes
    assert cause.diagnosis.todo[-1] == line


def test_causes_are_ranked_by_how_many_tests_they_explain_and_the_unknown_is_counted():
    failed = [
        Symptom("t.py::a", "ModuleNotFoundError: No module named 'x'", "x"),
        *(Symptom(f"t.py::b{number}", REFUSED, "refused") for number in range(3)),
        *(
            Symptom(f"t.py::c{number}", f"ValueError: at 0x7f{number}00", f"ValueError: at 0x7f{number}00")
            for number in range(2)
        ),
    ]
    found = explain(failed, KNOWN, make_facts())
    assert [(each.diagnosis.kind, len(each.tests)) for each in found.causes] == [("elsewhere", 3), ("module", 1)]
    assert found.unknown == {"ValueError: at 0x…": ["t.py::c0", "t.py::c1"]}
    assert found.failed == 6


def test_captured_output_is_asked_only_where_the_test_s_own_error_tells_nothing():
    output = "psycopg.errors.InsufficientPrivilege: permission denied to create database"
    assert find("", output=output).kind == "createdb"
    assert find("ModuleNotFoundError: No module named 'x'", output=output).kind == "module"


def test_a_database_that_nobody_used_is_answered_with_the_variables_that_nobody_sets():
    what = "no test used the database that was prepared for them"
    text = f"{what}\n3 tests were skipped for want of a database: `APP_PG_DSN not set` (3)"
    facts = make_facts({"app.py": 'import os\nx = os.environ["APP_DB_URL"], os.environ["DATABASE_URL"]'})
    [cause] = explain([Symptom("", text, what, text)], KNOWN, facts).causes
    assert cause.diagnosis.todo == (
        "[tool.runner.environment]",
        'APP_DB_URL = "postgresql://{user}:{password}@{host}:{port}/{dbname}"',
        'APP_PG_DSN = "postgresql://{user}:{password}@{host}:{port}/{dbname}"',
    )
    assert [(each.file, each.line) for each in cause.diagnosis.places] == [("app.py", 2)]
    [cause] = explain([Symptom("", text.partition("\n")[0], what)], KNOWN, make_facts()).causes
    assert "`database = false`" in cause.diagnosis.todo[0]
