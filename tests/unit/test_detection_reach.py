"""What `runner init` sees in the tests that reach beyond a slot: names, statements, servers of their own, ids."""

import re

import pytest

from runner.core.code_search import search_code
from runner.core.detection.addresses import detect_addresses
from runner.core.detection.detectors import detect
from runner.core.detection.ids import detect_ids
from runner.core.detection.own_servers import detect_own_servers
from runner.core.detection.paths import detect_paths
from runner.core.detection.statements import detect_statements
from runner.core.snapshot import Detected, Snapshot

pytestmark = pytest.mark.unit


def make(texts, *names, **pyproject):
    tables = {key.replace("_", "-"): value for key, value in pyproject.items()}
    return Snapshot(tables, frozenset({*texts, *names}), texts)


def depend(*names):
    return {"project": {"dependencies": list(names)}}


@pytest.mark.parametrize(
    ("texts", "isolation", "postgres"),
    [
        (
            {"tests/conftest.py": 'DSN = "postgresql://shop:secret@localhost:5432/shop_test"\n'},
            "sandbox",
            {"user": "shop", "password": "secret", "database": "shop_test", "host": "localhost"},
        ),
        (
            {"tests/conftest.py": 'def url(p):\n    return f"postgresql://postgres:{p}@localhost:5432/app"'},
            "sandbox",
            {"user": "postgres", "database": "app", "host": "localhost"},
        ),
        (
            {"tests/test_a.py": 'def test_a():\n    connect("dbname=shop user=me")'},
            "server",
            {"user": "me", "database": "shop"},
        ),
        (
            {
                "setup.cfg": "[db]\npostgresql = postgresql://a@127.0.0.1:5432/b\n",
                "tests/test_a.py": 'connect("postgresql://x@h/y")',
            },
            "sandbox",
            {"user": "a", "database": "b"},
        ),
        (
            {"tests/conftest.py": 'URL = f"postgresql://postgres@{host}/postgres"'},
            "server",
            {"user": "postgres", "database": "postgres"},
        ),
        ({"tests/test_a.py": 'psycopg.connect("dbname=shop user=me")'}, "server", {"user": "me", "database": "shop"}),
        (
            {"tests/test_a.py": 'asyncpg.connect(host="localhost", user="me", database="shop")'},
            "server",
            {"user": "me", "database": "shop", "host": "localhost"},
        ),
        (
            {
                "piccolo_conf.py": "DB = PostgresEngine("
                'config={"host": "127.0.0.1", "port": 5434, "database": "p", "user": "q"})'
            },
            "sandbox",
            {"user": "q", "database": "p", "port": 5434},
        ),
        (
            {"tests/conftest.py": 'import os\nos.environ["DATABASE_URL"] = "postgresql://u:p@127.0.0.1:5432/d"'},
            "sandbox",
            {"user": "u", "password": "p", "database": "d"},
        ),
        (
            {
                "tests/a.py": 'create_engine("postgresql://u@/one")',
                "tests/b.py": 'create_engine("postgresql://u@/two")',
            },
            "server",
            {"user": "u", "database": "one", "databases": ["two"]},
        ),
        (
            {"setup.cfg": "[db]\npostgresql = postgresql://scott:tiger@127.0.0.1:5432/test\n"},
            "sandbox",
            {"user": "scott", "password": "tiger", "database": "test"},
        ),
        (
            {"pytest.ini": "[pytest]\nenv =\n    DATABASE_URL=postgresql://u@localhost:5432/d\n"},
            "sandbox",
            {"user": "u", "database": "d", "host": "localhost"},
        ),
    ],
)
def test_addresses_that_stand_in_the_text_fix_names(texts, isolation, postgres):
    detected = detect_addresses(make(texts))
    assert detected.settings == {"isolation": isolation, "postgres": postgres}
    assert all(each.where.partition(":")[0] in texts for each in detected.findings)


@pytest.mark.parametrize(
    "texts",
    [
        {"tests/conftest.py": 'URL = os.environ.get("DATABASE_URL", "postgresql://u@localhost:5432/d")'},
        {"tests/conftest.py": 'URL = os.getenv("X") or "postgresql://u@localhost:5432/d"'},
        {"tests/conftest.py": 'os.environ.setdefault("DATABASE_URL", "postgresql://u@localhost:5432/d")'},
        {"app/settings.py": 'class S(BaseSettings):\n    url: str = "postgresql://u@localhost:5432/d"'},
        {"tests/test_urls.py": 'def test_a():\n    assert parse("postgresql://u@localhost:5432/d").port == 5432'},
        {"tests/test_a.py": 'monkeypatch.setenv("DATABASE_URL", "postgresql://u@localhost:5432/d")'},
        {"tests/test_a.py": 'create_engine("postgresql://")'},
        {"tests/test_a.py": 'DATABASE_URL = f"postgresql://{user}@localhost/{name}"'},
        {"tests/test_a.py": 'os.environ["APP_DB_URL"]\ndef test_a():\n    connect("postgresql://u@localhost/d")'},
        {"tests/conftest.py": '"""Uses postgresql://u@localhost/d."""\n"postgresql://u@localhost/d"\n'},
        {"app/views.py": 'connect("postgresql://u@localhost:5432/d")'},
        {"tests/settings.py": 'A = {"default": {"ENGINE": "django.db.backends.mysql", "NAME": "x", "HOST": "h"}}'},
        {"tox.ini": "[testenv]\nsetenv =\n    DATABASE_URL=postgresql://u@localhost:5432/d\n"},
        {"pytest.ini": "[pytest]\nenv =\n    D:DATABASE_URL=postgresql://u@localhost:5432/d\n"},
        {"tests/test_a.py": "def broken(:\n  postgresql://u@localhost/d"},
    ],
)
def test_what_the_environment_can_change_or_nobody_dials_fixes_nothing(texts):
    assert detect_addresses(make(texts)) == Detected()


def test_another_machine_is_told():
    notes = detect_addresses(make({"tests/conftest.py": 'URL = "postgresql://u:p@db.example.org:5432/d"'})).notes
    assert notes == ("tests/conftest.py:1 connects to the host `db.example.org`; a run has `localhost`",)


@pytest.mark.parametrize(
    ("code", "settings"),
    [
        ('execute("CREATE DATABASE other")', {"isolation": "server", "rights": ["createdb"]}),
        ('execute(f"CREATE SCHEMA {name}")', {"isolation": "database"}),
        ('if driver == "mysql":\n    execute("CREATE DATABASE x")', {}),
        ('if driver == "sqlite":\n    pass\nelif driver == "mariadb":\n    execute("CREATE DATABASE x")', {}),
        ('if driver == "sqlite":\n    pass\nelse:\n    execute("CREATE SCHEMA x")', {"isolation": "database"}),
        ('if driver != "mysql":\n    execute("CREATE SCHEMA x")', {"isolation": "database"}),
        ('if driver in ("mysql", "postgresql"):\n    execute("CREATE SCHEMA x")', {"isolation": "database"}),
        ('create_database("postgresql://x")', {"isolation": "server", "rights": ["createdb"]}),
        ('execute("create  role reader login")', {"isolation": "server", "rights": ["createrole"]}),
        ('execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity")', {"isolation": "server"}),
        ('execute("ALTER SYSTEM SET work_mem = 1")', {"isolation": "server", "rights": ["superuser"]}),
        ("execute(\"COPY things FROM '/tmp/x.csv'\")", {"isolation": "server", "rights": ["superuser"]}),
        (
            "cursor(LogicalReplicationConnection)",
            {"isolation": "server", "rights": ["superuser"], "postgres": {"settings": {"wal_level": "logical"}}},
        ),
        ("connection.tpc_begin(xid)", {"postgres": {"settings": {"max_prepared_transactions": 10}}}),
        ('execute("CREATE EXTENSION IF NOT EXISTS vector")', {"postgres": {"extensions": ["pgvector"]}}),
        (
            "from django.contrib.postgres.operations import *\nop = HStoreExtension()",
            {"postgres": {"extensions": ["hstore"]}},
        ),
        (
            'from django.contrib.postgres.operations import *\nCreateExtension("uuid-ossp")',
            {"postgres": {"extensions": ["uuid-ossp"]}},
        ),
        ('execute("CREATE EXTENSION hstore")', {"isolation": "database"}),
        ('execute("CREATE EXTENSION vector CASCADE")', {"isolation": "server", "rights": ["superuser"]}),
        ('"""Create user table."""\n# create database\nassert x == "to create database y"', {}),
        (
            'execute("""\n    -- a comment\n    DROP ROLE IF EXISTS x\n""")',
            {"isolation": "server", "rights": ["createrole"]},
        ),
        ('execute("COPY things FROM STDIN")', {}),
        ('execute("CREATE TABLE users ()")', {}),
        ("# create users first\n", {}),
        ("def test_create_user(): ...", {}),
    ],
)
def test_statements_of_the_tests(code, settings):
    assert detect_statements(make({"tests/test_a.py": code})).settings == settings


@pytest.mark.parametrize(
    ("path", "is_read"), [("tests/conf_mssql.py", False), ("tests/test_mysql.py", False), ("tests/test_pg.py", True)]
)
def test_files_that_are_named_after_other_databases_say_nothing(path, is_read):
    assert bool(detect_statements(make({path: 'execute("CREATE DATABASE x")'})).settings) is is_read


def test_statements_of_the_application_ask_for_nothing_but_extensions():
    texts = {
        "app/admin.py": 'execute("CREATE DATABASE x")',
        "migrations/1.sql": 'CREATE EXTENSION IF NOT EXISTS "citext";',
    }
    assert detect_statements(make(texts)).settings == {"postgres": {"extensions": ["citext"]}}


def test_a_statement_is_told_with_its_place():
    found = detect_statements(make({"tests/test_a.py": 'x = 1\ny("DROP DATABASE  z")'})).findings
    assert ("server: `DROP DATABASE` is for the whole server", "tests/test_a.py:2") in [
        (f.found, f.where) for f in found
    ]


def test_the_stronger_isolation_counts_and_rights_add_up():
    texts = {
        "tests/conftest.py": 'URL = "postgresql://u@localhost:5432/d"',
        "tests/test_a.py": 'e("CREATE DATABASE x"); e("CREATE ROLE y")',
        "migrations/1.sql": "CREATE SCHEMA audit",
    }
    settings = detect(make(texts)).settings
    assert settings["isolation"] == "sandbox"
    assert settings["rights"] == ["createdb", "createrole"]
    assert (
        detect(make({"tests/test_a.py": 'e("CREATE DATABASE x")'}, **depend("pytest-django"))).settings["isolation"]
        == "server"
    )


def test_noproc_of_pytest_postgresql_is_told_where_the_server_is():
    texts = {"tests/conftest.py": 'postgresql = factories.postgresql("postgresql_noproc")'}
    settings = detect_own_servers(make(texts, **depend("pytest-postgresql"))).settings
    assert settings["pytest_args"] == [
        "--postgresql-host={host}",
        "--postgresql-port={port}",
        "--postgresql-user={user}",
        "--postgresql-password={password}",
    ]


def test_a_suite_that_may_use_either_starts_its_own_unless_it_makes_the_fixture_from_the_other():
    code = 'def pg(get):\n    get.getfixturevalue("postgresql_noproc")\n    get.getfixturevalue("postgresql")\n'
    of = depend("pytest-postgresql")
    assert detect_own_servers(make({"tests/conftest.py": code}, **of)).settings["packages"] == ["postgresql"]
    made = code + 'postgresql = factories.postgresql("postgresql_noproc")\n'
    assert "packages" not in detect_own_servers(make({"tests/conftest.py": made}, **of)).settings


@pytest.mark.parametrize(
    ("code", "arguments"),
    [
        ("def test_a(postgresql): ...", ["--postgresql-exec=/usr/lib/postgresql/17/bin/pg_ctl"]),
        ("p = factories.postgresql_proc(port=None)", ["--postgresql-exec=/usr/lib/postgresql/17/bin/pg_ctl"]),
        ('p = factories.postgresql_proc(\n  executable="/opt/pg_ctl")', None),
    ],
)
def test_servers_that_are_processes_get_their_programs(code, arguments):
    settings = detect_own_servers(make({"tests/test_a.py": code}, **depend("pytest-postgresql"))).settings
    assert settings["packages"] == ["postgresql"]
    assert settings["database"] is False
    assert settings.get("pytest_args") == arguments


def test_programs_of_a_server_that_a_conftest_starts_are_in_the_image():
    texts = {"test/conftest.py": 'run([os.path.join(bindir, "initdb"), "-D", folder])'}
    assert detect_own_servers(make(texts)).settings == {"packages": ["postgresql"], "database": False}
    assert detect_own_servers(make({"test/test_a.py": texts["test/conftest.py"]})).settings == {}


def test_a_server_of_the_tests_leaves_the_run_s_where_a_variable_asks_for_one():
    code = 'def test_a(postgresql): os.environ["SHOP_DATABASE_URL"]'
    settings = detect_own_servers(make({"tests/test_a.py": code}, **depend("pytest-postgresql"))).settings
    assert (settings["isolation"], settings["strict"]) == ("none", False)
    assert "database" not in settings


def test_factories_that_start_servers_count_wherever_they_come_from_and_before_others_that_do_not():
    texts = {
        "tests/conftest.py": "from pytest_postgresql import factories\np = factories.postgresql_proc(port=5555)\n",
        "tests/test_there.py": "there = factories.postgresql_noproc()",
    }
    assert detect_own_servers(make(texts)).settings["packages"] == ["postgresql"]
    chosen = "p = factories.postgresql_noproc() if CI else factories.postgresql_proc()"
    texts = {"tests/conftest.py": f"from pytest_postgresql import factories\n{chosen}\n"}
    assert "packages" not in detect_own_servers(make(texts)).settings


WHOLE = 'host="localhost", port="5432", username="me", password="secret", database="shop"'


@pytest.mark.parametrize(
    "code",
    [
        f"class TestQueue(TestCase):\n    def setUp(self):\n        self.queue = Queue({WHOLE})\n",
        f"class Base(TestCase):\n    async def asyncSetUp(self):\n        self.queue = await Queue.make({WHOLE})\n",
        f"import asyncpg\nasync def pool():\n    return await asyncpg.connect({WHOLE})\n",
    ],
)
def test_what_is_dialled_before_the_tests_counts_though_other_code_reads_variables(code):
    texts = {"shop/queue.py": 'import os\nHOST = os.getenv("PG_HOST", "localhost")\n', "tests/test_a.py": code}
    settings = detect_addresses(make(texts)).settings
    assert settings["isolation"] == "sandbox"
    assert settings["postgres"] == {"user": "me", "password": "secret", "database": "shop", "host": "localhost"}
    for other in (code.replace('password="secret", ', ""), code.replace("setUp", "make").replace("asyncpg", "x")):
        texts["tests/test_a.py"] = other.replace("asyncSetUp", "make")
        assert detect_addresses(make(texts)) == Detected()


def test_the_address_of_a_server_that_a_test_starts_is_not_one_to_connect_to():
    code = 'p = postgresql_proc(host="localhost", port=5555, dbname="shop", user="me")'
    assert detect_addresses(make({"tests/conftest.py": code})) == Detected()
    assert detect_addresses(make({"tests/conftest.py": code.replace("_proc", "_noproc")})).settings["postgres"]


def test_sqlalchemys_plugin_has_databases_of_its_own_whatever_else_is_seen():
    texts = {
        "tests/conftest.py": "from sqlalchemy.testing.plugin.pytestplugin import *",
        "setup.cfg": "[db]\npostgresql = postgresql://scott:tiger@127.0.0.1:5432/test\n",
        "tests/test_a.py": 'e("CREATE USER x")',
    }
    detected = detect(make(texts))
    assert detected.settings["isolation"] == "none"
    assert [each.where for each in detected.findings if each.subject == "isolation"] == ["tests/conftest.py"]
    assert detected.settings["postgres"]["user"] == "scott"
    assert detected.settings["pytest_args"] == ["--db=postgresql"]
    assert "init_sql" not in detected.settings["postgres"]
    tests = {"test/test_b.py": 'schemas = ["test_schema", "test_schema_2"]'}
    wanted = ["CREATE SCHEMA IF NOT EXISTS test_schema", "CREATE SCHEMA IF NOT EXISTS test_schema_2"]
    assert detect(make(texts | tests)).settings["postgres"]["init_sql"] == wanted


def test_a_server_of_the_tests_is_none_where_a_variable_names_another():
    code = 'import os\nif not os.environ.get("EXTERNAL_POSTGRES_DSN"):\n    PostgresContainer()'
    detected = detect_own_servers(make({"test/conftest.py": code}))
    assert detected.notes == ()
    assert detected.findings[1].found == "none where `EXTERNAL_POSTGRES_DSN` is set, so it is"


@pytest.mark.parametrize(
    "code",
    [
        "def url(docker_services): ...",
        "client = docker.from_env()",
        "from docker import APIClient",
        'subprocess.run(["docker", "run", "postgres"])',
    ],
)
def test_containers_of_the_tests_are_told_with_the_line_that_is_missing(code):
    (note,) = detect_own_servers(make({"tests/conftest.py": code}, **depend("pytest-docker"))).notes
    assert "starts a Postgres by itself (tests/conftest.py)" in note
    assert 'os.environ.get("TEST_DATABASE_URL")' in note


@pytest.mark.parametrize(
    "code",
    ["from testcontainers.postgres import PostgresContainer", 'from docker import APIClient\nimage = "postgres:16"'],
)
def test_containers_that_the_plugins_engine_stands_in_for_need_a_server_for_each_worker(code):
    found = detect_own_servers(make({"tests/conftest.py": code}))
    assert found.settings == {"isolation": "server", "postgres": {"authentication": "trust"}}
    assert found.notes == ()


def test_what_only_stands_in_texts_and_comments_starts_nothing():
    code = 'x = "docker.from_env()"  # PostgresContainer\ny = f"""{z} docker.from_env()"""\n'
    assert detect_own_servers(make({"tests/test_a.py": code})) == Detected()


@pytest.mark.parametrize("code", ["a = 'b", "if:\n  x()", 'a = """\n x() # y\n', "\x00"])
def test_code_with_mistakes_is_searched_as_far_as_it_goes(code):
    assert search_code(re.compile("nowhere"), code) is None
    assert search_code(re.compile("x"), f"x\n{code}")[0] == "x"


def test_pytest_mock_resources_is_told_where_the_server_is():
    code = "from pytest_mock_resources import create_postgres_fixture\npg = create_postgres_fixture()\n"
    settings = detect(make({"tests/conftest.py": code}, **depend("pytest-mock-resources"))).settings
    assert settings["environment"] == {
        "PMR_POSTGRES_HOST": "{host}",
        "PMR_POSTGRES_PORT": "{port}",
        "PMR_POSTGRES_USERNAME": "{user}",
        "PMR_POSTGRES_PASSWORD": "{password}",
        "PMR_POSTGRES_ROOT_DATABASE": "{dbname}",
    }
    assert (settings["isolation"], settings["rights"]) == ("server", ["createdb"])
    assert settings["packages"] == ["docker-cli"]
    assert settings["postgres_memory"] == 0
    own = 'from pytest_mock_resources import PostgresConfig\nconfig = PostgresConfig(host="localhost", port=5433)\n'
    assert detect_addresses(make({"tests/conftest.py": own})) == Detected()
    other = code.replace("postgres_", "redis_")
    assert "environment" not in detect(make({"tests/conftest.py": other}, **depend("pytest-mock-resources"))).settings


def test_a_suite_that_starts_containers_only_outside_ci_is_told_that_it_is_in_ci():
    code = 'if not os.environ.get("CI"):\n    container = PostgresContainer()'
    detected = detect_own_servers(make({"tests/conftest.py": code}))
    assert detected.settings == {"environment": {"CI": "true"}}
    assert detected.notes == ()


MAKEFILE = "test:\n\tcoverage run -m pytest src tests -vv\n"
NAMES = ("src/app.py", "tests/test_a.py", "examples/one/test_b.py")


@pytest.mark.parametrize(
    ("texts", "arguments"),
    [
        ({"Makefile": MAKEFILE}, ["--override-ini=testpaths=src tests"]),
        ({"Makefile": MAKEFILE + "\tpip install pytest\n"}, ["--override-ini=testpaths=src tests"]),
        ({"tox.ini": "[testenv]\ncommands = pytest ./tests/ -k examples"}, ["--override-ini=testpaths=tests"]),
        ({"Makefile": MAKEFILE + "\tpytest -n 2\n"}, None),
        ({"Makefile": "test:\n\tpytest src tests examples\n"}, None),
        ({"Makefile": MAKEFILE, "pytest.ini": "[pytest]\ntestpaths = tests\n"}, None),
        ({"README.md": "pytest src tests"}, None),
        ({}, None),
    ],
)
def test_the_folders_that_commands_give_to_pytest_are_its_own_where_there_are_tests_elsewhere(texts, arguments):
    assert detect_paths(make(texts, *NAMES)).settings.get("pytest_args") == arguments


def test_folders_in_pytests_settings_need_no_option():
    tables = {"tool": {"pytest": {"ini_options": {"testpaths": ["tests"]}}}}
    assert detect_paths(make({"Makefile": MAKEFILE}, *NAMES, **tables)).settings == {}


def test_an_address_in_the_ids_needs_the_same_one_for_every_worker():
    code = (
        'import os, pytest\nURLS = os.environ["TEST_DATABASE_URLS"].split(",")\n'
        '@pytest.mark.parametrize("database_url", URLS)\ndef test_a(database_url): ...\n'
    )
    assert detect_ids(make({"tests/test_a.py": code})).settings == {"isolation": "sandbox"}
    other = code.replace("URLS)", '["a", "b"])')
    assert detect_ids(make({"tests/test_a.py": other})).settings == {}
    assert detect_ids(make({"tests/test_a.py": code.replace("TEST_DATABASE_URLS", "PAGES")})).settings == {}
    named = code.replace("URLS)", "NAMES)") + 'NAMES = ["postgresql", "sqlite"]\n'
    assert detect_ids(make({"tests/test_a.py": named})).settings == {}
