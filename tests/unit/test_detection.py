"""What `runner init` sees in a project, from a few names and texts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.core.detection.detectors import detect
from runner.core.detection.marks import find_used_marks
from runner.core.detection.pytest import find_missing_marks, find_place
from runner.core.groups import DEFAULT_GROUPS
from runner.core.snapshot import Snapshot

pytestmark = pytest.mark.unit

PREFIX = "{user}:{password}@{host}:{port}/{dbname}"


def make(texts=(), *names, **pyproject):
    texts = dict(texts)
    tables = {key.replace("_", "-"): value for key, value in pyproject.items()}
    return Snapshot(tables, frozenset({*texts, *names}), texts)


def depend(*names):
    return {"project": {"dependencies": list(names)}}


def find(detected, subject):
    return [(each.found, each.where) for each in detected.findings if each.subject == subject]


@pytest.mark.parametrize(
    ("asked", "found", "fits"),
    [(">=3.11", "3.13", True), (">=3.10,<3.13", "3.11", True), ("~=3.12.0", "3.12", False)],
)
def test_the_python_of_the_metadata_is_told_and_where_it_may_be_out_of_reach(asked, found, fits):
    detected = detect(make({}, "uv.lock", project={"requires-python": asked}))
    assert find(detected, "Python") == [(f"{found} for {asked}", "pyproject.toml")]
    assert any("asks for Python" in note for note in detected.notes) is not fits


def test_a_python_that_cannot_be_had_is_told_with_those_that_can():
    detected = detect(make({}, "uv.lock", project={"requires-python": "<3.9"}))
    assert find(detected, "Python") == [("none that can be had", "")]
    assert any("Debian has 3.9 3.11 3.13" in note for note in detected.notes)


@pytest.mark.parametrize(
    ("asked", "found", "fits"), [("3.13\n", "3.13", True), ("3.12.4\n", "3.12", False), ("3\n", "3.13", True)]
)
def test_the_python_of_a_version_file(asked, found, fits):
    detected = detect(make({".python-version": asked}))
    assert find(detected, "Python") == [(f"{found} for {asked.strip()}", ".python-version")]
    assert any("asks for Python" in note for note in detected.notes) is not fits


ALEMBIC = "[alembic]\nscript_location = %(here)s/migrations\nsqlalchemy.url = driver://\n"


def test_alembic():
    detected = detect(make({"alembic.ini": ALEMBIC, "migrations/env.py": "import os\nos.environ"}, "migrations/v/1.py"))
    assert find(detected, "migrations") == [("Alembic", "alembic.ini")]
    assert detected.settings == {"setup": ["alembic upgrade head"], "setup_inputs": ["alembic.ini", "migrations"]}
    assert not any("takes the address" in note for note in detected.notes)


def test_alembic_with_an_address_of_its_own_is_told():
    text = "engine_from_config(config.get_section(config.config_ini_section))"
    notes = detect(make({"alembic.ini": ALEMBIC, "migrations/env.py": text})).notes
    assert "`migrations/env.py` takes the address from alembic.ini; let it read `DATABASE_URL`" in notes


@pytest.mark.parametrize(
    ("location", "scripts"),
    [
        ("other:migrations", ""),
        ("app.db:migrations", "src/app/db/migrations"),
        ("src/app/db/migrations", "src/app/db/migrations"),
    ],
)
def test_alembic_finds_its_scripts_or_keeps_no_result(location, scripts):
    ini = f"[alembic]\nscript_location = {location}\n"
    settings = detect(make({"alembic.ini": ini}, "src/app/db/migrations/env.py")).settings
    assert settings.get("setup_inputs") == (["alembic.ini", scripts] if scripts else None)


def test_alembic_below_and_in_pyproject():
    settings = detect(make({"back end/alembic.ini": ALEMBIC}, "back end/migrations/env.py")).settings
    assert settings["setup"] == ["alembic -c 'back end/alembic.ini' upgrade head"]
    assert settings["setup_inputs"] == ["back end/alembic.ini", "back end/migrations"]
    in_tables = make({}, "db/env.py", tool={"alembic": {"script_location": "%(here)s/db"}})
    assert detect(in_tables).settings == {"setup": ["alembic upgrade head"], "setup_inputs": ["db"]}


def test_an_alembic_of_a_sample_among_the_tests_is_none_of_the_projects():
    assert find(detect(make({"tests/projects/a/alembic.ini": ALEMBIC})), "migrations") == []


def test_flask_migrate():
    snapshot = make({"migrations/alembic.ini": "[alembic]\n"}, "migrations/env.py", **depend("Flask-Migrate>=4"))
    settings = detect(snapshot).settings
    assert settings == {
        "setup": ["flask db upgrade -d migrations"],
        "setup_inputs": ["migrations", "migrations/alembic.ini"],
    }


MANAGE = {"manage.py": "os.environ.setdefault('DJANGO_SETTINGS_MODULE', 'a'); import django"}


def test_django_migrates_unless_pytest_django_does():
    settings = detect(make(MANAGE, "shop/migrations/0001.py", **depend("pytest"))).settings
    assert settings == {"setup": ["python manage.py migrate --no-input"], "setup_inputs": ["**/migrations/*.py"]}
    assert detect(make(MANAGE, **depend("pytest-django"))).settings == {"isolation": "none"}


def test_yoyo_names_its_driver():
    texts = {"yoyo.ini": "[DEFAULT]\nsources = %(here)s/migrations\n"}
    settings = detect(make(texts, "migrations/1.sql", **depend("yoyo-migrations", "psycopg[binary]"))).settings
    assert settings["setup"] == ["sh -c 'yoyo apply --batch --database \"$YOYO_DATABASE_URL\"'"]
    assert settings["setup_inputs"] == ["yoyo.ini", "migrations"]
    assert settings["environment"] == {"YOYO_DATABASE_URL": f"postgresql+psycopg://{PREFIX}"}
    assert "environment" not in detect(make(texts, **depend("psycopg2"))).settings


def test_plain_sql_runs_file_by_file_without_the_way_back():
    names = ["db/migrations/2.up.sql", "db/migrations/1.up.sql", "db/migrations/1.down.sql"]
    assert detect(make(dict.fromkeys(names, ""))).settings == {"setup": [names[1], names[0]]}
    assert detect(make({"migrations/1.sql": "", "docs/migrations/2.sql": ""})).settings == {
        "setup": ["migrations/1.sql"]
    }


@pytest.mark.parametrize("texts", [{"migrations/1.sql": "-- +goose Up\n"}, {"sqitch.plan": ""}])
def test_tools_of_others_are_told_and_not_guessed(texts):
    detected = detect(make(texts))
    assert "not set up" in find(detected, "migrations")[0][0]
    assert detected.settings == {}


@pytest.mark.parametrize("text", ["CREATE SCHEMA audit;", "INSERT INTO public.a VALUES (1)"])
def test_migrations_that_need_more_than_a_schema_get_a_database(text):
    assert detect(make({"migrations/1.sql": text})).settings["isolation"] == "database"
    assert "isolation" not in detect(make({"migrations/1.sql": "CREATE TABLE a ()"})).settings


@pytest.mark.parametrize(
    "code",
    [
        'os.environ["SHOP_DB_URI"]',
        "os.environ.get('SHOP_DB_URI', 'x')",
        "url = environ.setdefault('SHOP_DB_URI', '')",
        "class S(BaseSettings):\n    uri: str = Field(validation_alias='SHOP_DB_URI')\n",
        "class S(pydantic.BaseSettings):\n    db_uri: str\n    class Config:\n        env_prefix = 'shop_'\n",
        'os.getenv(\n    "SHOP_DB_URI")',
        'env.str("SHOP_DB_URI")',
        'config("SHOP_DB_URI", cast=str)',
        "class S(BaseSettings):\n    model_config = SettingsConfigDict(env_prefix='SHOP_')\n    db_uri: str\n",
    ],
)
def test_the_ways_to_read_a_variable(code):
    assert detect(make({"app.py": code})).settings == {"environment": {"SHOP_DB_URI": f"postgresql://{PREFIX}"}}


def test_the_table_of_an_application_s_settings_is_not_the_environment():
    assert detect(make({"app.py": 'app.config.setdefault("SHOP_DB_URI", None)'})).settings == {}
    code = 'app.config.update(SHOP_DB_URI="postgresql://me@localhost:5432/shop")'
    assert detect(make({"tests/conftest.py": code})).settings["postgres"]["database"] == "shop"


@pytest.mark.parametrize(
    "code", ["x = \"os.environ['SHOP_DB_URI']\"", "# os.environ['SHOP_DB_URI']", "os.environ['SHOP_DB_URI'"]
)
def test_what_only_looks_like_code_is_not_read(code):
    assert detect(make({"app.py": code})).settings == {}


def test_parts_of_an_address():
    names = "DB_HOST DB_PORT DB_USER DB_PASSWORD DB_NAME POSTGRES_DB POSTGRES_SERVER PGHOST"
    code = "\n".join(f'os.environ["{name}"]' for name in names.split())
    detected = detect(make({"settings.py": code}))
    assert detected.settings["environment"] == {
        "DB_HOST": "{host}",
        "DB_PORT": "{port}",
        "DB_USER": "{user}",
        "DB_PASSWORD": "{password}",
        "DB_NAME": "{dbname}",
        "POSTGRES_DB": "{dbname}",
        "POSTGRES_SERVER": "{host}",
    }
    assert ("`PGHOST`, set anyway", "settings.py") in find(detected, "database")


@pytest.mark.parametrize(
    "name", ["REDIS_DB_HOST", "MYSQL_DATABASE_URL", "HOST", "DEBUG", "DB_POOL_SIZE", "DJANGO_DB_ENGINE"]
)
def test_what_is_no_postgres_address_is_left_alone(name):
    assert detect(make({"settings.py": f'os.environ["{name}"]'})).settings == {}


@pytest.mark.parametrize(
    ("packages", "code", "prefix"),
    [
        (["sqlalchemy", "psycopg"], "create_engine(url)", "postgresql+psycopg://"),
        (["sqlalchemy", "psycopg2-binary", "psycopg"], "create_engine(url)", "postgresql+psycopg2://"),
        (["sqlalchemy", "psycopg2"], "create_engine(url)\npsycopg2.connect(url)", "postgresql://"),
        (["sqlmodel", "asyncpg"], "create_async_engine(url)", "postgresql+asyncpg://"),
        (["SQLAlchemy[asyncio]", "asyncpg", "psycopg"], "create_engine(url)", "postgresql+psycopg://"),
        (["sqlalchemy", "asyncpg"], 'url.replace("postgresql://", "postgresql+asyncpg://")', "postgresql://"),
        (["psycopg"], "psycopg.connect(url)", "postgresql://"),
    ],
)
def test_sqlalchemys_driver_stands_in_the_address(packages, code, prefix):
    texts = {"db.py": f'url = os.environ["APP_DATABASE_URL"]\n{code}'}
    assert detect(make(texts, **depend(*packages))).settings["environment"] == {"APP_DATABASE_URL": prefix + PREFIX}


def test_what_a_run_sets_anyway_stays_plain_where_other_code_needs_it_so():
    texts = {"db.py": 'create_async_engine(os.environ["DATABASE_URL"])'}
    packages = depend("sqlalchemy", "asyncpg")
    assert detect(make(texts, **packages)).settings == {
        "environment": {"DATABASE_URL": f"postgresql+asyncpg://{PREFIX}"}
    }
    assert detect(make({**texts, "raw.py": "asyncpg.connect(url)"}, **packages)).settings == {}


def test_tests_that_start_their_own_postgres_are_told():
    found = detect(make({}, **depend("testcontainers")))
    assert found.settings["isolation"] == "server"
    assert any("`testcontainers` starts containers" in each.found for each in found.findings)


@pytest.mark.parametrize(
    ("texts", "tables", "path"),
    [
        ({}, {}, "pyproject.toml"),
        ({"tox.ini": "[tox]\n"}, {}, "pyproject.toml"),
        ({"tox.ini": "[tox]\n[pytest]\n"}, {}, "tox.ini"),
        ({"setup.cfg": "[tool:pytest]\n"}, {}, "setup.cfg"),
        ({"setup.cfg": "[tool:pytest]\n"}, {"tool": {"pytest": {"ini_options": {"addopts": ""}}}}, "pyproject.toml"),
        ({"pytest.ini": ""}, {"tool": {"pytest": {"ini_options": {"addopts": ""}}}}, "pytest.ini"),
        ({"pytest.ini": "", "pytest.toml": ""}, {}, "pytest.toml"),
    ],
)
def test_marks_go_where_pytest_looks(texts, tables, path):
    assert find_place(make(texts, **tables)).path == path


@pytest.mark.parametrize(
    ("texts", "tables"),
    [
        ({}, {"tool": {"pytest": {"ini_options": {"markers": ["smoke: x", "slow(reason): y"]}}}}),
        ({}, {"tool": {"pytest": {"ini_options": {"markers": "smoke: x\nslow\n"}}}}),
        ({}, {"tool": {"pytest": {"markers": ["smoke", "slow"]}}}),
        ({"pytest.ini": "[pytest]\nmarkers =\n    smoke: x\n# y\n\n    slow\naddopts = -q\n    e2e\n"}, {}),
        ({"pytest.toml": '[pytest]\nmarkers = ["smoke", "slow: x"]\n'}, {}),
    ],
)
def test_declared_marks_are_not_missing(texts, tables):
    snapshot = make(texts, **tables)
    assert list(find_missing_marks(snapshot, find_place(snapshot))) == ["regression", "e2e", "security", "performance"]


def test_marks_of_own_groups_and_of_tests_are_declared_too():
    groups = {"tool": {"runner": {"groups": {"db": {"marks": ["pg"], "description": "slow\nones"}}}}}
    code = "@pytest.mark.gpu\n@pytest.mark.parametrize\n@pytest.mark.known\ndef f(): item.add_marker('rare')"
    texts = {"tests/test_a.py": code, "conftest.py": 'config.addinivalue_line("markers", "known: x")'}
    snapshot = make(texts, **groups)
    missing = find_missing_marks(snapshot, find_place(snapshot))
    assert list(missing) == [*DEFAULT_GROUPS, "pg", "gpu", "rare"]
    assert missing["gpu"] == ""


@pytest.mark.parametrize(
    ("code", "marks"),
    [
        ("pytestmark = [pytest.mark.gpu]", ["gpu"]),
        ("from pytest import mark\n@mark.gpu(reason='x')\ndef test_a(): pass", ["gpu"]),
        ("for mark in marks:\n    mark.gpu", []),
        ("self.mark.gpu", []),
    ],
)
def test_marks_are_pytests(code, marks):
    assert list(find_used_marks(make({"tests/test_a.py": code}))) == marks


def test_a_project_without_marks_is_told_what_they_are_for():
    assert any("@pytest.mark.smoke" in note for note in detect(make({"tests/test_a.py": "def test_a(): pass"})).notes)
    assert not any(
        "mark.smoke" in note for note in detect(make({"tests/test_a.py": "pytestmark = [pytest.mark.slow]"})).notes
    )


KEYS = [
    "project",
    "tool",
    "dependency-groups",
    "dependencies",
    "uv",
    "runner",
    "groups",
    "alembic",
    "pytest",
    "markers",
]
KEYS += [
    "optional-dependencies",
    "poetry",
    "group",
    "ini_options",
    "default-groups",
    "requires-python",
    "smoke",
    "lock",
]
VALUES = st.recursive(
    st.none() | st.integers() | st.text(max_size=5) | st.sampled_from(KEYS),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4),
    max_leaves=12,
)
TEXTS = st.dictionaries(
    st.sampled_from(
        ["alembic.ini", "yoyo.ini", "pytest.toml", "pytest.ini", "a.py", "migrations/1.sql", ".python-version"]
    ),
    st.text(max_size=60),
)


@given(st.dictionaries(st.sampled_from(KEYS), VALUES), TEXTS)
def test_whatever_the_files_hold_detection_ends(pyproject, texts):
    snapshot = Snapshot(pyproject, frozenset({*texts, "uv.lock"}), texts)
    detect(snapshot)
    find_missing_marks(snapshot, find_place(snapshot))
