"""What `runner init` sees of the database in CI's files, Compose files, command lines and files of variables."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.core.addresses import find_address, make_list_template
from runner.core.detection.detectors import detect
from runner.core.detection.env_files import detect_env_files
from runner.core.detection.options import detect_options
from runner.core.detection.other_services import detect_other_services
from runner.core.detection.services import detect_services
from runner.core.snapshot import Snapshot
from runner.core.yaml_reading import read_yaml, walk

pytestmark = pytest.mark.unit

PARTS = "{user}:{password}@{host}:{port}/{dbname}"
WORKFLOW = ".github/workflows/tests.yml"


def make(texts, *names, **pyproject):
    tables = {key.replace("_", "-"): value for key, value in pyproject.items()}
    return Snapshot(tables, frozenset({*texts, *names}), texts)


GITHUB = """
name: tests
on: [push]
env:
  COLOR: "1"
jobs:
  test:
    runs-on: ubuntu-latest
    strategy:
      matrix:
        python: ["3.11", "3.13"]
    services:
      db:
        image: postgres:15-alpine
        env:
          POSTGRES_USER: shop
          POSTGRES_PASSWORD: ${{ secrets.DB_PASSWORD }}
          POSTGRES_DB: shop_test
        ports: ["5432:5432"]
    steps:
      - uses: actions/checkout@v4
      - run: pytest
        env:
          SHOP_DATABASE_URI: postgresql+asyncpg://shop:${{ secrets.DB_PASSWORD }}@localhost:5432/shop_test?ssl=disable
          SHOP_DB_HOST: localhost
          SENTRY_DSN: https://key@example.invalid/1
          REDIS_URL: redis://localhost
"""


def test_a_workflow_gives_the_version_and_the_variables_in_their_form():
    detected = detect_services(make({WORKFLOW: GITHUB}))
    assert detected.settings == {
        "postgres": {"version": 15},
        "environment": {
            "SHOP_DATABASE_URI": f"postgresql+asyncpg://{PARTS}?ssl=disable",
            "SHOP_DB_HOST": "{host}",
        },
    }
    found = {each.subject: (each.found, each.where) for each in detected.findings}
    assert found["Postgres"] == ("image `postgres:15-alpine` with user `shop`, database `shop_test`", WORKFLOW)


def make_workflow(image, matrix=""):
    job = f"strategy:\n      matrix:\n        pg: {matrix or '[]'}\n    services:\n      db:\n        image: {image}\n"
    return f"jobs:\n  t:\n    {job}"


@pytest.mark.parametrize(
    ("image", "matrix", "settings"),
    [
        ("postgres:17", "", {}),
        ("postgres", "", {}),
        ("postgres:latest", "", {}),
        ("docker.io/library/postgres:13.4-bullseye", "", {"postgres": {"version": 13}}),
        ("postgres:${{ matrix.pg }}", '["13", "15"]', {"postgres": {"version": 15}}),
        ("postgres:${{ matrix.pg }}", "[13, 17, 18]", {}),
        ("postgres:${{ matrix.pg }}", "[9.6, 12]", {}),
        ("pgvector/pgvector:pg17", "", {"postgres": {"extensions": ["pgvector"]}}),
        ("postgis/postgis:15-3.3", "", {"postgres": {"version": 15, "extensions": ["postgis"]}}),
        ("cimg/postgres:18.1", "", {}),
        ("mysql:8", "", {}),
        ("example/postgres-exporter:15", "", {}),
    ],
)
def test_images(image, matrix, settings):
    assert detect_services(make({WORKFLOW: make_workflow(image, matrix)})).settings == settings


def test_a_version_that_debian_lacks_is_told_and_not_set():
    detected = detect_services(make({WORKFLOW: make_workflow("postgres:16")}))
    assert detected.settings == {}
    assert detected.notes[0].startswith('CI has Postgres 16, a run 17; `postgres.image = "postgres:16"`')
    assert "unstable" in detect_services(make({WORKFLOW: make_workflow("postgres:18")})).notes[0]


def test_gitlab_s_short_and_long_forms():
    text = (
        "variables:\n  POSTGRES_DB: shop\n  DATABASE_URL: postgres://postgres:x@postgres/shop\n"
        "test:\n  services:\n    - postgres:13\n    - name: redis:7\n      alias: cache\n  "
        "script: [!reference [a, b], pytest]\n"
    )
    snapshot = make({".gitlab-ci.yml": text})
    assert detect_services(snapshot).settings == {
        "postgres": {"version": 13},
        "environment": {"DATABASE_URL": f"postgres://{PARTS}", "POSTGRES_DB": "{dbname}"},
    }
    assert detect_other_services(snapshot).findings[0].found == "`redis:7`"


def test_compose_counts_behind_ci():
    compose = "services:\n  db:\n    image: pgvector/pgvector:pg15\n    environment:\n      - POSTGRES_USER=app\n"
    alone = detect_services(make({"docker-compose.yml": compose}))
    assert alone.settings == {"postgres": {"version": 15, "extensions": ["pgvector"]}}
    both = detect_services(make({"docker-compose.yml": compose, WORKFLOW: make_workflow("postgres:13")}))
    assert both.settings == {"postgres": {"version": 13}}


def test_what_ci_sets_goes_before_what_the_code_suggests():
    texts = {WORKFLOW: GITHUB, "app.py": 'import os\nos.environ["SHOP_DATABASE_URI"]'}
    environment = detect(make(texts)).settings["environment"]
    assert environment["SHOP_DATABASE_URI"] == f"postgresql+asyncpg://{PARTS}?ssl=disable"


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("sudo locale-gen fr_FR zh_TW.EUC-TW && sudo update-locale", "`fr_FR`, `zh_TW.EUC-TW`"),
        ("localedef -i de_DE -f UTF-8 de_DE.UTF-8", "`de_DE.UTF-8`"),
        ("locale-gen en_US.UTF-8", ""),
        ("locale-gen --purge", ""),
        ("locale-gen", ""),
    ],
)
def test_locales_that_ci_makes_are_in_the_image(command, words):
    workflow = f"jobs:\n  t:\n    steps:\n      - run: |\n          {command}\n          pytest\n"
    detected = detect(make({WORKFLOW: workflow}))
    assert detected.settings == ({"packages": ["locales-all"]} if words else {})
    assert [each.found.split(", from")[0] for each in detected.findings if each.subject == "locales"] == [words] * bool(
        words
    )


def test_a_list_of_addresses_keeps_those_that_need_no_other_server():
    workflow = (
        "jobs:\n  t:\n    env:\n      TEST_DATABASE_URLS: |\n        sqlite:///test.db,\n"
        "        mysql://u@127.0.0.1/x,\n        postgresql+asyncpg://u:p@localhost/x\n"
    )
    environment = detect_services(make({WORKFLOW: workflow})).settings["environment"]
    assert environment == {"TEST_DATABASE_URLS": f"sqlite:///test.db, postgresql+asyncpg://{PARTS}"}
    assert make_list_template("postgres://a/b;postgres://a/b") == f"postgres://{PARTS}"
    code = {"tests/conftest.py": 'import os\nos.environ["TEST_DATABASE_URLS"].split(",")'}
    assert detect(make(code)).settings["environment"] == {"TEST_DATABASE_URLS": f"postgresql://{PARTS}"}


def test_words_of_libpq_stay_words():
    workflow = "jobs:\n  t:\n    env:\n      APP_TEST_DSN: host=127.0.0.1 user=postgres password=x dbname=test\n"
    environment = detect_services(make({WORKFLOW: workflow})).settings["environment"]
    assert environment == {"APP_TEST_DSN": "{dsn}"}


def test_of_several_jobs_the_one_that_says_most_is_followed_and_scripts_own_names_are_left():
    workflow = (
        "jobs:\n  a:\n    env: {APP_DB_URL: 'postgresql+asyncpg://u:p@h:1/d', URL: 'postgresql://a@b/c'}\n"
        "  b:\n    env: {APP_DB_URL: 'mysql://u@h/d', TEST_DB: x, OTHER: y}\n"
    )
    environment = detect_services(make({WORKFLOW: workflow})).settings["environment"]
    assert environment == {"APP_DB_URL": f"postgresql+asyncpg://{PARTS}", "TEST_DB": "{dbname}"}


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("postgresql://u:p%40x@localhost:5433/d?a=b", ("u", "p@x", "localhost", "5433", "d")),
        ("postgres:///d", ("", "", "", "", "d")),
        ("postgresql+psycopg://u@[::1]/d", ("u", "", "[::1]", "", "d")),
        ("dbname='my db' user = me", ("me", "", "", "", "my db")),
    ],
)
def test_parts_of_addresses(text, parts):
    address = find_address(text)
    assert (address.user, address.password, address.host, address.port, address.dbname) == parts


@pytest.mark.parametrize("text", ["mysql://u@h/d", "port=5 user=x", "", "see postgresql docs"])
def test_no_address(text):
    assert find_address(text) is None


@pytest.mark.parametrize(
    ("texts", "arguments"),
    [
        (
            {"tox.ini": "[testenv]\ncommands = pytest --dburi postgresql://a:b@localhost/t {posargs}\n"},
            ["--dburi={url}"],
        ),
        (
            {
                WORKFLOW: "jobs:\n  t:\n    steps:\n      - run: |\n          python -m pytest \\\n            --db-url=postgresql+psycopg://a@b/c\n"
            },
            [f"--db-url=postgresql+psycopg://{PARTS}"],
        ),
        ({"Makefile": 'test:\n\tpytest --test-dsn="host=localhost dbname=x user=y"\n'}, ["--test-dsn={dsn}"]),
        ({"tests/conftest.py": 'def pytest_addoption(parser):\n    parser.addoption("--dsn")\n'}, ["--dsn={dsn}"]),
        (
            {"conftest.py": 'parser.addoption("--database-url", default="postgresql://localhost/x")'},
            ["--database-url={url}"],
        ),
        ({"conftest.py": 'parser.addoption("--dsn", default=os.environ.get("DSN"))'}, None),
        ({"conftest.py": 'parser.addoption("--slow", default="no")'}, None),
        ({"Makefile": "db:\n\tpsql --dbname=postgresql://localhost/x\n"}, None),
    ],
)
def test_options_with_an_address(texts, arguments):
    assert detect_options(make(texts)).settings.get("pytest_args") == arguments


def test_addopts_of_pyproject_and_variables_of_tox():
    tool = {"pytest": {"ini_options": {"addopts": ["-q", "--dburi=postgresql://a:b@h/c"]}}}
    snapshot = make({"tox.ini": "[testenv]\nsetenv =\n    APP_DB_URL = postgres://a@b/c\n"}, tool=tool)
    assert detect_options(snapshot).settings == {
        "pytest_args": ["--dburi={url}"],
        "environment": {"APP_DB_URL": f"postgres://{PARTS}"},
    }


EXAMPLE = """# of the tests
SECRET_KEY='{not so secret}'
DB_HOST=db
export DATABASE_URL=postgresql://a:b@db/c # here
EMPTY=
A=$B
"""


def test_a_variable_without_a_value_does_not_take_the_next_line():
    text = "SENDER=\n# Timeouts\nKEY_ID=\nSECRET=  # none yet\nexport MODE = test\nCOLOR='#363636' # grey\nPART=a#b\n"
    workflow = "jobs:\n  t:\n    steps:\n      - run: cp .env.example .env\n"
    detected = detect_env_files(make({WORKFLOW: workflow, ".env.example": text}))
    assert detected.settings["environment"] == {"MODE": "test", "COLOR": "#363636", "PART": "a#b"}


def test_a_file_of_variables_that_ci_copies_becomes_variables():
    workflow = "jobs:\n  t:\n    steps:\n      - run: cp .env.example .env\n"
    detected = detect_env_files(make({WORKFLOW: workflow, ".env.example": EXAMPLE}))
    assert detected.settings == {
        "environment": {
            "SECRET_KEY": "{{not so secret}}",
            "DB_HOST": "{host}",
            "DATABASE_URL": f"postgresql://{PARTS}",
        }
    }
    assert detect_env_files(make({".env.example": EXAMPLE})).settings == {}
    assert detect_env_files(make({WORKFLOW: workflow, ".env.example": EXAMPLE}, ".env")).settings == {}


@pytest.mark.parametrize(
    ("code", "file"),
    [
        ('config = dotenv_values("../.env.test")', "../.env.test"),
        ("load_dotenv(override=True)", ".env"),
        ("load_dotenv()", None),
    ],
)
def test_code_that_reads_a_file_and_not_the_environment_is_told(code, file):
    detected = detect_env_files(make({"app/config.py": code}))
    assert [note.startswith(f"app/config.py reads `{file}` and not") for note in detected.notes] == [True] * bool(file)
    assert detected.settings == {}


def test_other_services_are_told_once_and_not_where_there_are_services():
    texts = {
        WORKFLOW: "jobs:\n  t:\n    services:\n      cache:\n        image: redis:7-alpine\n",
        "app.py": 'os.environ["REDIS_URL"], os.environ["CELERY_BROKER_URL"], os.environ["HOST"]',
    }
    notes = detect_other_services(make(texts)).notes
    assert len(notes) == 2
    assert any(note.startswith(f"`redis:7-alpine` ({WORKFLOW}): no redis is there in a run") for note in notes)
    assert detect_other_services(make(texts, tool={"runner": {"services": "compose.yaml"}})).notes == ()


@given(
    st.text(max_size=200)
    | st.sampled_from([GITHUB, "a: &a [*a]\n", "? [b]\n: c\n- d", "x: 2026-13-99", "a: !x {b: *c}"])
)
def test_yaml_of_any_kind_is_read_or_left(text):
    for table in walk(read_yaml(text)):
        assert hasattr(table, "items")


def test_references_that_multiply_are_looked_at_once():
    levels = "\n".join(f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 9)}]" for n in range(1, 12))
    assert len([*walk(read_yaml(f"l0: &l0 {{a: 1}}\n{levels}\n"))]) == 2
