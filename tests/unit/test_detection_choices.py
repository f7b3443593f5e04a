"""What `runner init` sees of the database that CI, tox or a Makefile chooses for the tests."""

import pytest

from runner.core.detection.choices import detect_choices
from runner.core.detection.detectors import detect
from runner.core.detection.options import detect_options
from runner.core.detection.requirements import detect_test_requirements
from runner.core.detection.services import detect_services
from runner.core.detection.system_packages import detect_system_packages
from runner.core.hard_coded import find_hard_coded
from runner.core.matrices import list_values
from runner.core.snapshot import Snapshot
from runner.core.yaml_reading import read_yaml

pytestmark = pytest.mark.unit

WORKFLOW = ".github/workflows/tests.yml"
CODE = 'import os\nBACKEND = os.environ.get("BACKEND", "sqlite")\nUSER = os.environ["BACKEND_DB_USER"]\n'


def make(texts, **tables):
    return Snapshot(tables, frozenset(texts), {"tests/base.py": CODE, **texts})


def make_workflow(matrix, value="${{ matrix.backend }}", name="BACKEND"):
    return f"jobs:\n  t:\n    strategy:\n      matrix:\n        {matrix}\n    env:\n      {name}: {value}\n"


@pytest.mark.parametrize(
    ("matrix", "value"),
    [
        ("backend: [sqlite, postgresql, mysql]", "postgresql"),
        ("backend: [sqlite, psycopg3, postgres-native, postgres]", "postgres"),
        ("backend: [sqlite, psycopg3]", "psycopg3"),
        ("include: [{backend: sqlite}, {python: 3}, {backend: pgsql}]", "pgsql"),
    ],
)
def test_a_matrix_gives_the_name_of_postgres(matrix, value):
    detected = detect_choices(make({WORKFLOW: make_workflow(matrix)}))
    assert detected.settings == {"environment": {"BACKEND": value}}
    assert [(each.found, each.where) for each in detected.findings] == [(f"`BACKEND` = {value}", WORKFLOW)]


@pytest.mark.parametrize(
    "workflow",
    [
        make_workflow("backend: [sqlite, mysql]"),
        make_workflow("backend: [sqlite, postgres]", name="UNREAD"),
        make_workflow("backend: [sqlite, postgres]", name="BACKEND_DB_USER"),
        make_workflow("backend: [sqlite, postgres]", value="${{ matrix.backend == 'a' && '1' || '2' }}"),
        make_workflow("backend: postgres"),
        make_workflow("backend: [x]", value="not-postgres-at-all x"),
    ],
)
def test_what_nobody_reads_or_is_something_else_is_no_choice(workflow):
    assert detect_choices(make({WORKFLOW: workflow})).settings == {}


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (".gitlab-ci.yml", "t:\n  parallel:\n    matrix:\n      - BACKEND: [sqlite, postgres]\n"),
        (
            ".circleci/config.yml",
            "j:\n  matrix: {parameters: {b: [x, postgres]}}\n  environment: {BACKEND: << matrix.b >>}",
        ),
        ("tox.ini", "[testenv]\nsetenv =\n    lite: BACKEND=sqlite\n    pg: BACKEND = postgres\n"),
        ("Makefile", "test:\n\tBACKEND=sqlite pytest\n\tVERBOSE=1 BACKEND=postgres pytest\n"),
    ],
)
def test_other_files_choose_as_well(path, text):
    assert detect_choices(make({path: text})).settings == {"environment": {"BACKEND": "postgres"}}


def test_djangos_settings_are_chosen_though_no_code_asks_for_them():
    text = "[testenv]\nsetenv = DJANGO_SETTINGS_MODULE=tests.settings_postgres\n"
    chosen = {"environment": {"DJANGO_SETTINGS_MODULE": "tests.settings_postgres"}}
    assert detect_choices(make({"tox.ini": text})).settings == chosen


def test_a_matrix_of_addresses_gives_that_of_postgres():
    rows = "db: [{url: 'sqlite:///x.db'}, {url: 'postgresql+psycopg://a:b@localhost/c'}]"
    workflow = make_workflow(rows, "${{ matrix.db.url }}", "SHOP_DATABASE_URL")
    template = "postgresql+psycopg://{user}:{password}@{host}:{port}/{dbname}"
    assert detect_services(make({WORKFLOW: workflow})).settings == {"environment": {"SHOP_DATABASE_URL": template}}


def test_a_text_that_refers_to_nothing_is_its_own_value():
    document = read_yaml("matrix:\n  a: [1, x, x]\n")
    assert list_values("plain", document) == ("plain",)
    assert list_values("${{ matrix.a }}", document) == ("x",)
    assert list_values("${{ matrix.b }}", document) == ()


MAKEFILE = r"""
a:
	python -V | grep PyPy || DEV=1 ORM_TEST_DB="asyncpg://postgres:$(PASS)@127.0.0.1:5432/test_\{\}" pytest -q
b:
	ORM_TEST_DB="psycopg://postgres:$(PASS)@127.0.0.1:5432/test_\{\}" pytest -q
"""


def test_a_database_that_the_suite_names_itself_stays_its_own():
    settings = detect_options(make({"Makefile": MAKEFILE})).settings
    assert settings == {
        "environment": {"ORM_TEST_DB": "asyncpg://{user}:{password}@{host}:{port}/test_{{}}"},
        "isolation": "none",
        "rights": ["createdb"],
    }


def test_a_variable_before_a_command_ends_with_its_word():
    text = "test:\n\tA_DATABASE_URL=postgis://u@localhost/shop pytest -q\n"
    template = "postgis://{user}:{password}@{host}:{port}/{dbname}"
    assert detect_options(make({"Makefile": text})).settings == {"environment": {"A_DATABASE_URL": template}}


def test_an_optional_driver_of_poetrys_needs_its_extra():
    driver = {"version": "*", "optional": True}
    poetry = {"dependencies": {"asyncpg": driver}, "dev-dependencies": {"pytest": "*"}, "extras": {"pg": ["asyncpg"]}}
    snapshot = make({"poetry.lock": ""}, tool={"poetry": poetry})
    assert detect_test_requirements(snapshot).settings == {"extras": ["pg"]}
    poetry["dependencies"] = {"asyncpg": "*"}
    assert detect_test_requirements(snapshot).settings == {}


def test_the_parts_of_another_servers_address_are_not_postgress():
    code = 'dsn = "cockroachdb://{user}@{host}/{database}"\nurl = dsn.format(user="root", database="defaultdb")\n'
    assert find_hard_coded(code) == ()
    assert [each.address.dbname for each in find_hard_coded(code.replace("cockroachdb", "postgres"))] == ["defaultdb"]


def test_a_choice_is_one_of_the_detectors():
    workflow = make_workflow("backend: [sqlite, postgres]")
    assert detect(make({WORKFLOW: workflow})).settings["environment"]["BACKEND"] == "postgres"


TRUST = "jobs: {t: {services: {db: {image: postgres, env: {POSTGRES_HOST_AUTH_METHOD: trust}}}}}"
ADDRESS = 'import psycopg\n\ndef connect():\n    return psycopg.connect(host="localhost", dbname="shop"{})\n'


@pytest.mark.parametrize(
    ("further", "postgres"),
    [("", {"authentication": "trust"}), (', password="secret"', {"password": "secret"})],
)
def test_a_server_that_asks_for_no_password_asks_for_none_in_a_run(further, postgres):
    settings = detect(make({WORKFLOW: TRUST, "tests/conftest.py": ADDRESS.format(further)})).settings
    assert settings["isolation"] == "server"
    assert settings["postgres"] == {"database": "shop", "host": "localhost", **postgres}


def test_workers_that_share_a_server_keep_their_passwords():
    assert "postgres" not in detect(make({WORKFLOW: TRUST})).settings


NAMED = "jobs: {t: {services: {db: {image: postgres, env: {POSTGRES_DB: NAME}}}}}"
DEFAULT = "import psycopg2, os\n\ndef connect(name='shop_test'):\n    return load(name, user=os.environ['PGUSER'])\n"


def test_the_name_of_cis_database_in_the_tests_is_the_name_of_the_runs():
    texts = {WORKFLOW: NAMED.replace("NAME", "shop_test"), "tests/base.py": DEFAULT}
    detected = detect(make(texts))
    assert detected.settings["postgres"] == {"database": "shop_test"}
    assert detected.settings["isolation"] == "server"
    assert ("fixed: `shop_test`, as CI's server has it", "tests/base.py:3") in [
        (each.found, each.where) for each in detected.findings
    ]


@pytest.mark.parametrize(
    ("name", "path", "code"),
    [
        ("shop_test", "tests/base.py", DEFAULT + "os.environ.get('SHOP_DATABASE_URL')\n"),
        ("shop_test", "tests/base.py", DEFAULT + "os.environ['PGDATABASE']\n"),
        ("shop_test", "shop/base.py", DEFAULT),
        ("shop_test", "tests/base.py", DEFAULT.replace("shop_test", "shop_test_items")),
        ("main", "tests/base.py", DEFAULT.replace("shop_test", "main")),
    ],
)
def test_a_name_that_leads_nowhere_fixes_nothing(name, path, code):
    assert "postgres" not in detect(make({WORKFLOW: NAMED.replace("NAME", name), path: code})).settings


@pytest.mark.parametrize(
    ("command", "settings"),
    [
        ("psql shop_test -c 'CREATE EXTENSION hstore;'", {"postgres": {"extensions": ["hstore"]}}),
        ('psql -c "create extension if not exists vector"', {"postgres": {"extensions": ["pgvector"]}}),
        ("psql -c 'CREATE EXTENSION plpgsql'", {}),
        ("echo 'CREATE EXTENSION hstore'", {}),
    ],
)
def test_the_extensions_that_cis_steps_make_are_there_before_the_tests(command, settings):
    workflow = f"jobs:\n  t:\n    steps:\n      - run: |\n          {command}\n          pytest\n"
    assert detect(make({WORKFLOW: workflow})).settings.get("postgres", {}) == settings.get("postgres", {})


def test_modes_of_pytest_on_command_lines_are_kept_the_first_of_each():
    text = "PYTEST = pytest -q --asyncio-mode=auto\na:\n\tpytest --import-mode importlib --asyncio-mode=strict\n"
    settings = detect_options(make({"Makefile": text})).settings
    assert settings == {"pytest_args": ["--asyncio-mode=auto", "--import-mode=importlib"]}
    assert detect_options(make({"pytest.ini": "[pytest]\naddopts = --import-mode=importlib\n"})).settings == {}


@pytest.mark.parametrize(
    ("code", "isolation", "authentication"),
    [
        ('import pg8000\nU = "postgresql+pg8000://localhost/shop_test"\n', "sandbox", "trust"),
        ('import pg8000\nU = "postgresql+pg8000://a:b@localhost/shop_test"\n', "sandbox", None),
        ('import psycopg\nU = "postgresql+psycopg://localhost/shop_test"\n', "server", None),
    ],
)
def test_a_driver_that_asks_the_environment_for_nothing_needs_the_usual_port(code, isolation, authentication):
    settings = detect(Snapshot({}, frozenset(), {"tests/conftest.py": code})).settings
    assert settings["isolation"] == isolation
    assert settings["postgres"].get("authentication") == authentication


EXTRAS = {"Pg": ["psycopg"], "fast": ["orjson"], "docs": ["sphinx"], "other": ["x"]}


@pytest.mark.parametrize(
    ("command", "extras"),
    [
        ("poetry install -E pg -E fast", ["Pg", "fast"]),
        ("poetry install --extras 'pg fast' && pytest", ["Pg", "fast"]),
        ("uv sync --extra pg --extra=fast", ["Pg", "fast"]),
        ("uv sync --all-extras --dev", ["Pg", "fast", "other"]),
        ('pip install -e ".[pg,fast]" tox', ["Pg", "fast"]),
        ("pip install .[pg]; echo .[other]", ["Pg"]),
        ("pip install .[docs] requests[other]", ["Pg"]),
        ("pip install -r requirements.txt -e extra", ["Pg"]),
    ],
)
def test_the_extras_that_a_command_installs_are_the_tests(command, extras):
    project = {"dependencies": ["pytest"], "optional-dependencies": EXTRAS}
    settings = detect(make({"Makefile": f"deps:\n\t{command}\n"}, project=project)).settings
    assert settings.get("extras", []) == extras


GROUPS = {"dev": ["pytest"], "pg": ["psycopg"], "translate": ["argos"], "docs": ["sphinx"]}


@pytest.mark.parametrize(
    ("command", "groups"),
    [
        ("uv sync --frozen --group translate", ["pg", "translate"]),
        ("uv sync --group=translate --group docs", ["pg", "translate"]),
        ("pip install --group dev --group pg", ["pg"]),
        ("uv run --group translate pytest", ["pg", "translate"]),
        ("uv sync; echo --group translate", ["pg"]),
        ("pytest --group 1", ["pg"]),
    ],
)
def test_the_groups_that_a_command_installs_are_the_tests_beside_the_drivers(command, groups):
    tables = {"project": {"dependencies": []}, "dependency-groups": GROUPS}
    assert (
        detect(make({"Makefile": f"test:\n\t{command}\n\tpytest\n"}, **tables)).settings["dependency_groups"] == groups
    )


@pytest.mark.parametrize(
    ("command", "names"),
    [
        (
            "sudo apt-get update && sudo apt-get install -y libsqlite3-mod-spatialite gdal-bin",
            "`libsqlite3-mod-spatialite`, `gdal-bin`",
        ),
        ("apt install libpq-dev python3-dev", ""),
        ("apt-get -qq install --no-install-recommends libmagic1; echo x", "`libmagic1`"),
        ("pip install gdal", ""),
    ],
)
def test_packages_of_the_system_that_ci_installs_are_told(command, names):
    workflow = f"jobs:\n  test:\n    steps:\n      - run: |\n          {command}\n          pytest\n"
    notes = detect_system_packages(make({".github/workflows/tests.yml": workflow})).notes
    assert [each.partition(" (")[0] for each in notes] == ([f"CI installs {names}"] if names else [])


def test_what_a_job_without_tests_installs_is_not_the_tests():
    job = "{{steps: [{{run: 'uv sync --extra {}'}}, {{run: {}}}]}}"
    workflow = f"jobs:\n  a: {job.format('fast', 'mkdocs')}\n  b: {job.format('other', 'pytest')}\n"
    project = {"dependencies": ["pytest", "psycopg"], "optional-dependencies": EXTRAS}
    assert detect(make({WORKFLOW: workflow}, project=project)).settings["extras"] == ["other"]


SPACE = 'import os\nAPART = os.environ.get("DATABASE_IN_CONTAINER") == "true"\n'


@pytest.mark.parametrize(
    ("code", "environment"),
    [("execute(f'CREATE TABLESPACE {x}')", {"DATABASE_IN_CONTAINER": "true"}), ("execute('CREATE TABLE x ()')", {})],
)
def test_a_suite_that_makes_tablespaces_is_told_that_the_server_is_elsewhere(code, environment):
    texts = {"settings.py": SPACE, "tests/conftest.py": code}
    assert detect(Snapshot({}, frozenset(), texts)).settings.get("environment", {}) == environment
