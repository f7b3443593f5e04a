"""What `runner init` sees of applications: Django's own test runner, and the variables of CI and tox."""

import pytest

from runner.core.ci_steps import list_steps
from runner.core.detection.ci_variables import detect_ci_variables
from runner.core.detection.database import find_variables, make_template
from runner.core.detection.detectors import detect
from runner.core.detection.django import detect_django
from runner.core.detection.engine import detect_engine
from runner.core.detection.interpreter import detect_interpreter
from runner.core.detection.migrations import detect_migrations
from runner.core.detection.own_servers import detect_own_servers
from runner.core.detection.tox import list_tox_variables
from runner.core.lock_source import find_source
from runner.core.snapshot import Snapshot

pytestmark = pytest.mark.unit

WORKFLOW = ".github/workflows/tests.yml"
MANAGE = "import os, django\nos.environ.setdefault('DJANGO_SETTINGS_MODULE', 'shop.settings')\n"


def make(texts, *names, **pyproject):
    return Snapshot(pyproject, frozenset({*texts, *names}), texts)


def depend(*packages):
    return {"project": {"dependencies": [*packages]}}


def test_djangos_own_tests_get_pytests_plugin_and_the_settings():
    detected = detect(make({"manage.py": MANAGE}, "shop/tests/test_a.py", "shop/migrations/0001.py"))
    assert detected.settings == {
        "requirements": ["pytest-django"],
        "isolation": "none",
        "environment": {"DJANGO_SETTINGS_MODULE": "shop.settings"},
    }


@pytest.mark.parametrize("package", ["pytest", "pytest-django==4.8"])
def test_a_django_project_that_asks_for_pytest_has_its_own_way(package):
    assert detect_django(make({"manage.py": MANAGE}, **depend(package))).settings == {}


def test_without_djangos_script_nothing_is_django():
    assert detect_django(make({"manage.py": "import flask_script\n"})).settings == {}
    assert detect_django(make({"wsgi.py": MANAGE})).settings == {}


@pytest.mark.parametrize(
    "text",
    [
        "import django\nos.environ['DJANGO_SETTINGS_MODULE'] = 'a.b'\n",
        'import django\nDEFAULTS = {"DJANGO_SETTINGS_MODULE": "a.b"}\n',
        'import django\nos.environ.setdefault(\n    "DJANGO_SETTINGS_MODULE",\n    "a.b",\n)\n',
    ],
)
def test_every_way_to_name_the_settings(text):
    found = detect_django(make({"manage.py": text})).settings
    assert found["environment"] == {"DJANGO_SETTINGS_MODULE": "a.b"}


def test_another_of_djangos_scripts_names_the_settings_where_the_first_does_not():
    found = detect_django(make({"manage.py": "import django\nos.environ\n", "shop/wsgi.py": MANAGE}))
    assert found.settings["environment"] == {"DJANGO_SETTINGS_MODULE": "shop.settings"}
    assert any(each.where == "shop/wsgi.py" for each in found.findings)


def test_cis_command_names_other_settings():
    texts = {"manage.py": MANAGE, WORKFLOW: make_workflow("python manage.py test shop --settings=shop.ci -v 2")}
    assert detect_django(make(texts)).settings["environment"] == {"DJANGO_SETTINGS_MODULE": "shop.ci"}


def test_what_pytests_own_settings_name_is_left_to_them():
    texts = {
        "manage.py": MANAGE,
        "setup.cfg": "[tool:pytest]\nDJANGO_SETTINGS_MODULE = shop.test\npython_files = t*.py\n",
    }
    assert "environment" not in detect_django(make(texts, "shop/tests.py")).settings
    assert "pytest_args" not in detect_django(make(texts, "shop/tests.py")).settings
    tables = {"tool": {"pytest": {"ini_options": {"DJANGO_SETTINGS_MODULE": "shop.test"}}}}
    assert "environment" not in detect_django(make({"manage.py": MANAGE}, **tables)).settings


@pytest.mark.parametrize("name", ["shop/tests.py", "shop/tests/testcart.py"])
def test_files_that_only_django_takes_for_tests(name):
    found = detect_django(make({"manage.py": MANAGE}, name, "shop/tests/test_a.py"))
    assert found.settings["pytest_args"] == ["--override-ini=python_files=test*.py"]


def test_pytests_own_names_need_nothing():
    names = ("shop/tests/test_a.py", "shop/tests/__init__.py", "docs/testing.py", "shop/contest.py", "test.txt")
    assert "pytest_args" not in detect_django(make({"manage.py": MANAGE}, *names)).settings


def make_workflow(command, job="", step="", services=""):
    return (
        "env:\n  EVERYWHERE: everywhere\njobs:\n  test:\n    runs-on: x\n"
        f"    env: {{{job}}}\n{services}    steps:\n      - run: |\n          {command}\n        env: {{{step}}}\n"
    )


READS = "import os\nfor name in ('x',):\n    os.environ['SECRET_KEY'], os.getenv('MODE'), os.getenv('EVERYWHERE')\n"


def find(*texts):
    joined = {"app.py": READS}
    for each in texts:
        joined |= each
    return detect_ci_variables(make(joined)).settings.get("environment", {})


def test_variables_of_a_job_a_step_and_the_whole_file():
    text = make_workflow("pytest -q", job="MODE: test", step="SECRET_KEY: 'a{b}'")
    assert find({WORKFLOW: text}) == {"EVERYWHERE": "everywhere", "MODE": "test", "SECRET_KEY": "a{{b}}"}


def test_variables_that_nobody_reads_or_that_do_not_stand_there_are_left_alone():
    job = "PYTHONWARNINGS: error, SECRET_KEY: '${{ secrets.KEY }}', MODE: $OTHER, DATABASE_URL: 'postgresql://a@b/c'"
    assert find({WORKFLOW: make_workflow("pytest", job=job)}) == {"EVERYWHERE": "everywhere"}


def test_another_database_of_ci_is_not_the_workers():
    code = {"settings.py": "X = os.environ['SHOP_DB_URL']\nif os.environ.get('DB') == 'postgres':\n    pass\n"}
    workflow = make_workflow("pytest", job="SHOP_DB_URL: 'sqlite:///a.db', SHOP_DB_HOST: /tmp, DB: sqlite")
    environment = detect(make({**code, WORKFLOW: workflow})).settings["environment"]
    assert environment["SHOP_DB_URL"].startswith("postgresql://{user}")
    assert environment["DB"] == "postgres"
    assert environment.get("SHOP_DB_HOST", "{host}") == "{host}"


def test_a_step_that_runs_no_test_says_nothing():
    assert find({WORKFLOW: make_workflow("docker build -t latest .", step="MODE: test")}) == {}


@pytest.mark.parametrize(
    "command",
    [
        "pytest",
        "tox -e py311",
        "make test",
        "python manage.py test",
        "poetry run ./scripts/test",
        "alembic upgrade head",
        "make -s lint && just backend-test",
        "scripts/run_tests.sh",
    ],
)
def test_commands_that_run_tests_or_migrations(command):
    assert [each.commands.strip() for each in list_steps(make({WORKFLOW: make_workflow(command)}))] == [command]


@pytest.mark.parametrize("command", ["pip install test-utils", "cd latest", "docker push x:tests-1", "ruff check"])
def test_commands_that_do_not(command):
    assert list_steps(make({WORKFLOW: make_workflow(command)})) == []


def test_the_job_beside_a_postgres_is_asked_first():
    services = "    services:\n      db:\n        image: postgres:16\n"
    texts = {
        ".github/workflows/a.yml": make_workflow("pytest", job="MODE: sqlite"),
        ".github/workflows/b.yml": make_workflow("pytest", job="MODE: postgres", services=services),
    }
    assert find(texts)["MODE"] == "postgres"


def test_a_job_of_gitlabs():
    job = "  services: [postgres:15]\n  variables: {MODE: b}\n  script:\n    - pytest\n"
    text = f"variables: {{SECRET_KEY: a}}\ntest:\n{job}"
    assert find({".gitlab-ci.yml": text}) == {"SECRET_KEY": "a", "MODE": "b"}
    (step,) = list_steps(make({".gitlab-ci.yml": text}))
    assert step.has_postgres


def test_what_a_framework_reads_counts_though_no_code_does():
    text = make_workflow("python manage.py test", job="DJANGO_SETTINGS_MODULE: shop.ci")
    assert find({WORKFLOW: text})["DJANGO_SETTINGS_MODULE"] == "shop.ci"


def test_cis_settings_come_before_those_of_djangos_script():
    texts = {"manage.py": MANAGE, WORKFLOW: make_workflow("./manage.py test", job="DJANGO_SETTINGS_MODULE: shop.ci")}
    assert detect(make(texts)).settings["environment"] == {"DJANGO_SETTINGS_MODULE": "shop.ci"}


def test_a_variable_that_is_only_looked_for():
    code = {"settings.py": "import os\nif 'CI' in os.environ:\n    KEY = 1\n"}
    assert find(code, {WORKFLOW: make_workflow("make test", step="CI: True")})["CI"] == "true"


def test_a_part_of_a_field_of_pydantics_settings():
    code = {"settings.py": "class Settings(BaseSettings):\n    security: Security\n"}
    text = make_workflow("pytest", step="SECURITY__KEY: a, OTHER__KEY: b")
    assert find(code, {WORKFLOW: text}) == {"EVERYWHERE": "everywhere", "SECURITY__KEY": "a"}


TOX = """
[testenv]
setenv =
    MODE = all
    dev: SECRET_KEY = {env:SECRET_KEY:dev}
    {tests,functests}: SECRET_KEY = {env:SECRET_KEY:"for tests"}
    PLACE = {toxinidir}/x
    WRONG
[testenv:lint]
setenv = MODE = lint
[testenv:py311]
set_env =
    EVERYWHERE=x
"""


def test_toxs_variables():
    assert [*list_tox_variables(TOX)] == [("MODE", "all"), ("SECRET_KEY", "for tests"), ("EVERYWHERE", "x")]
    assert find({"tox.ini": TOX}) == {"MODE": "all", "SECRET_KEY": "for tests", "EVERYWHERE": "x"}


def test_ci_comes_before_tox():
    assert find({"tox.ini": TOX, WORKFLOW: make_workflow("tox", step="MODE: ci")})["MODE"] == "ci"


@pytest.mark.parametrize(
    ("name", "template"),
    [
        ("DATABASE__HOSTNAME", "{host}"),
        ("DB__PASSWORD", "{password}"),
        ("APP_DATABASE__DB", "{dbname}"),
        ("DB_PW", "{password}"),
    ],
)
def test_parts_of_an_address_in_nested_settings(name, template):
    assert make_template(name, Snapshot(), "") == template


def find_python(workflow, **pyproject):
    detected = detect_interpreter(make({WORKFLOW: workflow}, **pyproject))
    return detected.settings.get("python", "")


MATRIX = "jobs:\n  test:\n    strategy:\n      matrix:\n        python-version: [{}]\n    steps: []\n"


def require(specifier):
    return {"project": {"requires-python": specifier}}


@pytest.mark.parametrize(
    ("versions", "specifier", "chosen"),
    [
        ("'3.9'", ">=3.9", "3.9"),
        ("'3.9', '3.10', '3.11'", ">=3.8", "3.11"),
        ("3.9.x, 3.11.4", ">=3.8", "3.11"),
        ("'3.9', '3.11', '3.13'", ">=3.8", ""),
        ("'3.12'", ">=3.12", ""),
        ("'3.9', '3.10'", ">=3.10", ""),
        ("'3.9'", "", "3.9"),
        ("'pypy-3.9', '2.7'", ">=3.9", ""),
        ("'${{ matrix.other }}'", ">=3.9", ""),
    ],
)
def test_the_python_of_ci_where_it_has_not_ours(versions, specifier, chosen):
    assert find_python(MATRIX.format(versions), **(require(specifier) if specifier else {})) == chosen


def test_the_python_of_a_step_or_an_image():
    step = "jobs:\n  test:\n    steps:\n      - uses: actions/setup-python@v4\n        with: {python-version: '3.9'}\n"
    assert find_python(step, **require(">=3.9")) == "3.9"
    text = "test:\n  image: python:3.11-slim\n  script: [pytest]\n"
    assert detect_interpreter(make({".gitlab-ci.yml": text}, **require(">=3.9"))).settings == {"python": "3.11"}


def test_a_version_that_somebody_named_stays():
    snapshot = make({WORKFLOW: MATRIX.format("'3.9'"), ".python-version": "3.11\n"}, **require(">=3.9"))
    assert detect_interpreter(snapshot).settings == {}


@pytest.mark.parametrize("hashes", ["", " --hash=sha256:0"])
def test_requirements_named_after_tests_come_before_others_that_ask_for_pytest(hashes):
    names = ("requirements/functests.txt", "requirements/lint.txt", "requirements/tests.txt")
    source = find_source(make(dict.fromkeys(names, f"pytest==9.0{hashes}\n")))
    assert [source.path, *source.files] == (["requirements/tests.txt"] if hashes else ["", "requirements/tests.txt"])


def test_a_file_for_tests_that_does_not_ask_for_pytest_stays_behind():
    texts = {"requirements/dev.txt": "pytest\n", "requirements/test.txt": "nose\n"}
    assert find_source(make(texts)).files == ["requirements/dev.txt"]


PREPARING = """
[testenv]
commands =
    dev: {posargs:supervisord -c conf/dev.conf}
    tests: sh bin/create-db shop_test
    {tests,functests}: python3 -m shop.scripts.init_db --delete --create
    lint: python -m shop.scripts.check_schema
    tests: coverage run -m pytest {posargs:tests/unit/}
    tests: python -m shop.scripts.drop_tables
"""
ALEMBIC = {"alembic.ini": "[alembic]\nscript_location = migrations\n", "migrations/env.py": "import os\n"}


def prepare(tox, *names, **texts):
    return detect_migrations(make({"tox.ini": tox, **ALEMBIC, **texts}, *names))


def test_what_tox_runs_before_the_tests_comes_before_migrations():
    detected = prepare(PREPARING, "shop/scripts/init_db.py", "shop/scripts/drop_tables.py")
    assert detected.settings == {"setup": ["python -m shop.scripts.init_db --delete --create"]}
    assert detected.findings[0].where == "tox.ini"


def test_a_module_of_others_prepares_nothing():
    assert prepare(PREPARING).settings["setup"] == ["alembic upgrade head"]
    tox = "[testenv]\ncommands =\n    python -m pip install shop_db\n    pytest\n"
    assert prepare(tox, "shop_db.py").settings["setup"] == ["alembic upgrade head"]


def test_a_script_that_names_a_schema_needs_a_database():
    text = "connection.execute('DROP SCHEMA public CASCADE')\n"
    names = {"shop/scripts/init_db.py": text}
    assert prepare(PREPARING, "shop/scripts/init_db.py", **names).settings["isolation"] == "database"


@pytest.mark.parametrize(
    ("line", "setup"),
    [
        ("python scripts/create_tables.py", "python scripts/create_tables.py"),
        ("poetry run python ./scripts/seed.py --all", "python ./scripts/seed.py --all"),
        ("python3.11 -m shop.db.create", "python -m shop.db.create"),
        ("python scripts/seed.py | tee log", "alembic upgrade head"),
        ("python scripts/build_docs.py", "alembic upgrade head"),
        ("python scripts/feedback.py", "alembic upgrade head"),
    ],
)
def test_what_a_step_of_ci_runs_before_the_tests(line, setup):
    names = ("scripts/create_tables.py", "scripts/seed.py", "src/shop/db/create.py", "scripts/build_docs.py")
    workflow = f"jobs:\n  test:\n    steps:\n      - run: |\n          {line}\n          pytest\n"
    found = detect_migrations(make({WORKFLOW: workflow, **ALEMBIC}, *names, "scripts/feedback.py"))
    assert found.settings["setup"] == [setup]


@pytest.mark.parametrize("text", ["from pytest_databases.docker.postgres import PostgresService\n", ""])
def test_a_plugin_that_starts_containers_gets_a_server_for_each_worker_instead(text):
    found = detect_own_servers(make({"tests/conftest.py": text}, **depend("pytest-databases[postgres]")))
    assert found.settings == {"isolation": "server", "postgres": {"authentication": "trust"}}
    assert found.notes == ()


FLASK = {"migrations/alembic.ini": "[alembic]\n"}


def find_app(*names, **texts):
    snapshot = make({**FLASK, **texts}, "migrations/env.py", *names, **depend("Flask-Migrate"))
    return detect_migrations(snapshot).settings.get("environment", {}).get("FLASK_APP")


@pytest.mark.parametrize(
    "line", ["\tFLASK_APP=shop.main flask run", "  FLASK_APP: shop.main", "\tuv run flask --app shop.main run"]
)
def test_the_application_that_flasks_commands_are_for(line):
    assert find_app("shop/main.py", Makefile=f"run:\n{line}\n") == "shop.main"


def test_an_application_that_is_not_there_is_none():
    assert find_app("shop/main.py", Makefile="FLASK_APP=$(APP) FLASK_APP=other.main\n") is None


@pytest.mark.parametrize("name", ["app.py", "wsgi.py", ".flaskenv"])
def test_what_flask_finds_needs_no_name(name):
    assert find_app(name, "shop/wsgi.py") is None


def test_a_module_that_makes_the_application():
    assert find_app("src/shop/wsgi.py") == "shop.wsgi"
    assert find_app(**{"shop/__init__.py": "import os\ndef create_app(config=None):\n    os.environ\n"}) == "shop"
    assert find_app(**{"tests/conftest.py": "app = Flask(__name__)\n"}) is None
    assert find_app(**{"shop/main.py": "app: Flask = flask.Flask(__name__)\n"}) == "shop.main"


def test_ci_names_the_application_first():
    texts = {**FLASK, WORKFLOW: make_workflow("flask db upgrade; pytest", job="FLASK_APP: shop.ci")}
    detected = detect(make(texts, "shop/wsgi.py", "shop/ci.py", **depend("Flask-Migrate")))
    assert detected.settings["environment"]["FLASK_APP"] == "shop.ci"


POSTGRES = "django.db.backends.postgresql"


def choose(code):
    return detect_engine(make({"settings.py": code})).settings.get("environment", {})


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ('if os.getenv("DB") == "postgres":\n    pass\n', {"DB": "postgres"}),
        ('if os.environ["DB_TYPE"].lower() in ("postgresql", "psql"):\n    pass\n', {"DB_TYPE": "postgresql"}),
        (
            'X = os.environ.get("DB_ENGINE", "django.db.backends.sqlite3")\n',
            {"DB_ENGINE": "django.db.backends.postgresql"},
        ),
        (
            'X = env("SQL_ENGINE", default="django.db.backends.mysql")\n',
            {"SQL_ENGINE": "django.db.backends.postgresql"},
        ),
        ('X = os.environ.get("DB_ENGINE", "django.db.backends.postgresql")\n', {}),
        ('if os.getenv("DB") == "mysql":\n    pass\n', {}),
        ('if os.getenv("DB") != "postgres":\n    pass\n', {}),
        ('if name == "postgres":\n    pass\n', {}),
        ('X = os.environ.get("CACHE_BACKEND", "django.core.cache.backends.dummy")\n', {}),
    ],
)
def test_the_value_that_chooses_postgres(code, found):
    assert choose(code) == found


@pytest.mark.parametrize(
    "call", ["envsecret('DB_PASSWORD', '')", "get_env('DB_PASSWORD')", "settings.env_or('DB_PASSWORD')"]
)
def test_functions_of_a_projects_own_that_read_variables(call):
    assert find_variables(make({"settings.py": f"X = {call}\n"})) == {"DB_PASSWORD": "settings.py"}


@pytest.mark.parametrize("call", ["envelope('HELLO')", "send('DB_PASSWORD')", "get_env('lower')"])
def test_functions_that_read_none(call):
    assert find_variables(make({"settings.py": f"X = {call}\n"})) in ({}, {"HELLO": "settings.py"})


def test_requirements_of_developers_where_no_file_asks_for_pytest():
    texts = {"requirements.txt": "django\n", "requirements-dev.txt": "mypy\n"}
    assert find_source(make(texts)).files == ["requirements.txt", "requirements-dev.txt"]
    assert find_source(make(texts | {"requirements-test.txt": "x\n"})).files == [
        "requirements.txt",
        "requirements-test.txt",
    ]
    assert find_source(make(texts | {"setup.py": "setup(install_requires=['a'])"})).files == []


NESTED = """
class Database(BaseModel):
    hostname: str = "postgres"
    port: int = 5432

class Settings(BaseSettings):
    database: Database = Field(default_factory=Database)
    mode: str = "x"
    model_config = SettingsConfigDict(env_nested_delimiter="__")
"""


def test_fields_of_nested_settings():
    found = find_variables(make({"config.py": NESTED}))
    assert {"DATABASE__HOSTNAME", "DATABASE__PORT", "MODE"} <= set(found)
    assert "DATABASE__PORT" not in find_variables(make({"config.py": NESTED.replace("env_nested_delimiter", "x")}))
    environment = detect(make({"config.py": NESTED})).settings["environment"]
    assert environment == {"DATABASE__HOSTNAME": "{host}", "DATABASE__PORT": "{port}"}


def test_a_python_that_debian_has_not_is_told_with_one_that_ci_has_too():
    text = "jobs:\n  t:\n    strategy:\n      matrix:\n        python-version: ['3.10', '3.11']\n"
    (note,) = detect_interpreter(make({".python-version": "3.10", WORKFLOW: text}, **require(">=3.10"))).notes
    assert f'else set `python = "3.11"`, which CI has ({WORKFLOW})' in note
    (note,) = detect_interpreter(make({".python-version": "3.10"}, **require(">=3.10"))).notes
    assert note.endswith("else set `python` to another")
