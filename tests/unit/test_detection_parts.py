"""Addresses in parts that `runner init` sees in the text: arguments, tables, constants, settings of Django."""

import pytest

from runner.core.detection.addresses import detect_addresses
from runner.core.detection.detectors import detect
from runner.core.hard_coded import find_hard_coded
from runner.core.postgres_conf import make_conf
from runner.core.settings_postgres import Postgres
from runner.core.snapshot import Detected, Snapshot

pytestmark = pytest.mark.unit

SHOP = {"user": "shop", "password": "p@ss w", "database": "shop", "host": "localhost", "port": 5444}
KEYWORDS = 'host="localhost", port=5444, user="shop", password="p@ss w"'
NAMES = 'HOST = "localhost"\nPORT: int = 5444\nUSER = "shop"\nPASSWORD = "p@ss w"\nNAME = "shop"\n'
GIVEN = "host=HOST, port=PORT, user=USER, password=PASSWORD, dbname=NAME"
GIVEN_PREFIXED = NAMES.replace("\n", "\nDB_").replace("HOST", "DB_HOST", 1).removesuffix("DB_")
CREATED = 'drivername="postgresql", username="shop", password="p@ss w", host="localhost", port=5444, database="shop"'
SET = """
os.environ["POSTGRES_HOST"] = "localhost"
os.environ["POSTGRES_PORT"] = "5444"
os.environ["POSTGRES_USER"] = os.environ["POSTGRES_DB"] = "shop"
os.environ["POSTGRES_PASSWORD"] = "p@ss w"
"""
UPDATED = {"PGHOST": "localhost", "PGPORT": "5444", "PGUSER": "shop", "PGPASSWORD": "p@ss w", "PGDATABASE": "shop"}
DJANGO = "django", "pytest-django"


def make(texts, *requirements, ini=None):
    tables = {"project": {"dependencies": [*requirements]}, "tool": {"pytest": {"ini_options": ini or {}}}}
    return Snapshot(tables, frozenset(texts), texts)


def table(engine="django.db.backends.postgresql", **parts):
    parts = {"NAME": "shop", "USER": "shop", "PASSWORD": "p@ss w", "HOST": "localhost", "PORT": "5444", **parts}
    return f"DATABASES = {{'default': { {'ENGINE': engine, **parts} }}}\n"


@pytest.mark.parametrize(
    "code",
    [
        f'psycopg.connect({KEYWORDS}, dbname="shop")',
        f'psycopg2.connect({KEYWORDS}, database="shop")',
        f'await asyncpg.create_pool({KEYWORDS}, database="shop", min_size=1)',
        f'DB = dict({KEYWORDS}, dbname="shop")\nasyncpg.connect(**DB)',
        f"import psycopg as pg\npg.connect({KEYWORDS})",
        f"from asyncpg import connect\nconnect({KEYWORDS})",
        'pg8000.native.Connection("shop", host="localhost", port=5444, password="p@ss w", database="shop")',
        'URL.create("postgresql+asyncpg", "shop", "p@ss w", "localhost", 5444, "shop")',
        f"URL.create({CREATED})",
        f'PostgresqlDatabase("shop", {KEYWORDS})',
        f"{NAMES}def connect():\n    return psycopg.connect({GIVEN})",
        f"{NAMES}URL = f'postgresql://{{USER}}:p%40ss%20w@{{HOST}}:{{PORT}}/{{NAME}}'",
        f"{NAMES}URL = 'postgresql://' + USER + ':p%40ss%20w@' + HOST + ':5444/' + NAME",
        GIVEN_PREFIXED,
        f"class Config:\n    {GIVEN_PREFIXED.replace(chr(10), chr(10) + '    ').replace(': int', '')}",
        SET,
        f"def pytest_configure():\n    {SET.strip().replace(chr(10), chr(10) + '    ')}",
        f"os.environ.update({UPDATED})",
        f"os.environ.update(**{{}}, {', '.join(f'{name}={value!r}' for name, value in UPDATED.items())})",
        table(),
    ],
)
def test_parts_of_an_address_are_found_however_they_are_written(code):
    detected = detect_addresses(make({"tests/conftest.py": code}))
    assert detected.settings == {"isolation": "sandbox", "postgres": SHOP}


@pytest.mark.parametrize(
    "code",
    [
        'pymysql.connect(host="localhost", user="shop", database="shop")',
        'from pymysql import connect\nconnect(host="localhost", user="shop", database="shop")',
        'import mysql.connector as db\ndb.connect(host="localhost", user="shop", database="shop")',
        'connect(host="localhost", port=3306, user="shop", database="shop")',
        'URL.create("mysql+pymysql", username="shop", host="localhost", database="shop")',
        'Server(name="web", host="localhost", port=8080)',
        'client.post("/users", json={"name": "ada", "user": "ada", "host": "x"})',
        'HOST = "localhost"\nHOST = find_host()\nUSER = input()\npsycopg.connect(host=HOST, user=USER)',
        'psycopg.connect(host="localhost", port=PORT)',
        'class Base(BaseSettings):\n    pass\nclass Own(Base):\n    DB_HOST: str = "a"\n    DB_NAME: str = "b"',
        table(engine="django.db.backends.mysql"),
    ],
)
def test_what_is_of_something_else_or_not_fixed_fixes_nothing(code):
    assert detect_addresses(make({"tests/conftest.py": code})) == Detected()


def test_a_port_that_is_none_is_left_out():
    for port in ('"many"', "True", "80"):
        detected = detect_addresses(make({"tests/conftest.py": f'psycopg.connect(port={port}, user="u", dbname="d")'}))
        assert detected.settings["postgres"] == {"user": "u", "database": "d"}


def test_settings_that_derive_from_others_in_the_module_are_variables():
    code = 'class Base(BaseSettings):\n    model_config = SettingsConfigDict(env_prefix="APP_")\n'
    code += 'class Own(Base):\n    postgres_host: str = "localhost"'
    assert detect(make({"app/core.py": code})).settings["environment"] == {"APP_POSTGRES_HOST": "{host}"}


def test_django_s_own_databases_need_no_isolation_but_the_names_of_its_settings():
    detected = detect(make({"shop/settings/base.py": table()}, *DJANGO))
    assert (detected.settings["isolation"], detected.settings["postgres"]) == ("none", SHOP)


def test_django_as_the_superuser_has_a_server_of_its_own():
    settings = detect(make({"shop/settings.py": table(USER="postgres")}, *DJANGO)).settings
    assert (settings["isolation"], settings["postgres"]["user"]) == ("sandbox", "postgres")


def test_of_several_settings_of_django_those_that_pytest_is_told_count():
    texts = {"shop/settings/base.py": table(), "shop/settings/tests.py": table(NAME="other")}
    named = {"DJANGO_SETTINGS_MODULE": "shop.settings.tests"}
    assert detect(make(texts, *DJANGO, ini=named)).settings["postgres"]["database"] == "other"
    assert detect(make(texts, *DJANGO)).settings["postgres"]["database"] == "shop"
    texts["pytest.ini"] = "[pytest]\nDJANGO_SETTINGS_MODULE = shop.settings.tests\n"
    assert detect(make(texts, *DJANGO)).settings["postgres"]["database"] == "other"


def test_a_host_of_compose_is_had_also_where_the_rest_comes_from_the_environment():
    code = "import os\nDATABASES = {'default': {'ENGINE': 'django.db.backends.postgresql', 'HOST': 'db', "
    settings = detect(make({"shop/settings.py": code + "'NAME': os.environ['POSTGRES_DB']}}"}, *DJANGO)).settings
    assert (settings["isolation"], settings["postgres"]) == ("none", {"host": "db"})
    code = "import os\nURL = f\"postgresql://{os.environ['DB_USER']}:x@db:5433/{os.environ['DB_NAME']}\""
    settings = detect(make({"app/database.py": code})).settings
    assert "isolation" not in settings
    assert settings["postgres"] == {"password": "x", "host": "db", "port": 5433}


def test_modules_that_connect_count_where_nothing_else_leads_to_the_database():
    connects = {"app/db/session.py": 'engine = create_engine("postgresql://a@localhost:5432/a")'}
    assert detect_addresses(make(connects)).settings["postgres"]["user"] == "a"
    tests = {"tests/base.py": 'create_engine("postgresql://b@localhost:5432/b")'}
    assert detect_addresses(make({**connects, **tests})).settings["postgres"]["user"] == "b"
    assert detect_addresses(make({**connects, "app/a.py": 'os.environ["DATABASE_URL"]'})) == Detected()


def test_what_is_nested_too_deep_has_none():
    assert find_hard_coded("a = " + " + ".join(["'b'"] * 20000)) == ()


def test_pg8000_takes_no_password_of_one_round():
    settings = detect(make({"tests/test_a.py": "import pg8000"}, "pg8000")).settings
    assert settings["postgres"] == {"settings": {"scram_iterations": 4096}}
    assert make_conf(Postgres(**settings["postgres"])).endswith("scram_iterations = '4096'")
    assert "scram" not in make_conf(Postgres(version=15, **settings["postgres"])), "15 has no such parameter"
