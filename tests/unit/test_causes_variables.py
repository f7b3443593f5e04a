"""Variables that nobody sets, and Django without its settings: one text for each way in which libraries say so."""

import tomllib

import pytest

from runner.core.causes.known import KNOWN
from runner.core.causes.symptoms import Facts, Symptom
from runner.core.explanation import explain
from runner.core.settings import Settings
from runner.core.snapshot import Snapshot
from runner.report.explaining import read_setup, read_symptoms

pytestmark = pytest.mark.unit

CODE = {"app.py": "import os\nos.environ['SECRET_KEY'], os.environ['APP_MODE'], os.environ['SHOP_DB_HOST']\n"}
SECTION = "[tool.runner.environment]"
TODO = (SECTION, 'SECRET_KEY = "test"')


def find(error, texts=CODE, pyproject=None, test="test_a.py::test_a", **settings):
    facts = Facts(Snapshot(pyproject or {}, frozenset(texts), texts), Settings(**settings), "schema", 2)
    found = explain([Symptom(test, error, error.split("\n")[0])], KNOWN, facts)
    return found.causes[0].diagnosis if found.causes else None


def test_an_end_of_pytest_s_own_is_told_by_its_traceback(tmp_path):
    lines = ["Traceback (most recent call last):", '  File "/opt/venv/bin/pytest", line 10, in <module>', "    main()"]
    (tmp_path / "suite.log").write_text("\n".join([*lines, "ValueError: option names {'--a'} already added", ""]))
    (symptom,) = read_symptoms(tmp_path, None)
    assert symptom.errors == "ValueError: option names {'--a'} already added"
    (tmp_path / "suite.log").write_text("\n".join([lines[0], '  File "app.py", line 1', "ValueError: a", ""]))
    assert [*read_symptoms(tmp_path, None)] == []


@pytest.mark.parametrize(
    "error",
    [
        "django.core.exceptions.ImproperlyConfigured: Set the SECRET_KEY environment variable",
        "decouple.UndefinedValueError: SECRET_KEY not found. Declare it as envvar or define a default value.",
        'environs.exceptions.EnvError: Environment variable "SECRET_KEY" not set',
        "KeyError: \"Config 'SECRET_KEY' is missing, and has no default.\"",
        "KeyError: 'SECRET_KEY'",
        "django.core.exceptions.ImproperlyConfigured: The SECRET_KEY setting must not be empty.",
    ],
)
def test_every_way_to_say_that_a_variable_is_missing(error):
    found = find(error)
    assert (found.kind, found.todo) == ("variable", TODO)
    assert "`SECRET_KEY`" in found.what


def test_a_key_that_is_no_variable_of_the_code_is_something_else():
    assert find("KeyError: 'TOTAL'") is None


def test_a_variable_that_is_set_is_not_missing():
    assert find("KeyError: 'SECRET_KEY'", environment={"SECRET_KEY": "a"}) is None


def test_the_value_is_the_one_of_ci_or_of_a_file_of_variables():
    workflow = "jobs:\n  test:\n    steps:\n      - run: pytest\n        env: {SECRET_KEY: from-ci}\n"
    texts = CODE | {".env.example": "SECRET_KEY='from a file'\nAPP_MODE=test\n"}
    assert find("KeyError: 'SECRET_KEY'", texts).todo == (
        SECTION,
        'SECRET_KEY = "from a file"  # as .env.example has it',
    )
    path = ".github/workflows/a.yml"
    assert find("KeyError: 'SECRET_KEY'", texts | {path: workflow}).todo == (
        SECTION,
        f'SECRET_KEY = "from-ci"  # as {path} has it',
    )


def test_a_part_of_the_address_is_the_workers_own():
    assert find("KeyError: 'SHOP_DB_HOST'").todo == (SECTION, 'SHOP_DB_HOST = "{host}"')


PYDANTIC = (
    "pydantic_core._pydantic_core.ValidationError: 2 validation errors for {}\n"
    "secret_key\n  Field required [type=missing, input_value={{}}, input_type=dict]\n"
    "    For further information visit https://errors.pydantic.dev/2.9/v/missing\n"
    "mail.server\n  Field required [type=missing, input_value={{}}, input_type=dict]\n"
)


def test_fields_of_a_class_of_settings_are_variables():
    assert find(PYDANTIC.format("AppSettings")).todo == (
        SECTION,
        'SECRET_KEY = "test"',
        'MAIL__SERVER = "test"',
    )
    older = (
        "pydantic.error_wrappers.ValidationError: 1 validation error for Config\nsecret_key\n  field required (type=x)"
    )
    assert find(older).todo == TODO


def test_a_prefix_that_the_code_knows_is_before_the_field():
    lines = [
        "class Settings(BaseSettings):",
        "    model_config = SettingsConfigDict(env_prefix='my_')",
        "    mode: str",
    ]
    code = {"app.py": "\n".join(lines)}
    error = "pydantic.ValidationError: 1 validation error for Settings\nmode\n  Field required [type=missing]"
    assert find(error, code).todo == (SECTION, 'MY_MODE = "test"')


def test_fields_of_another_model_are_no_variables():
    assert find(PYDANTIC.format("OrderIn")) is None


DJANGO = (
    "ImproperlyConfigured: Requested setting X, but settings are not configured. You must either define the environment"
    " variable DJANGO_SETTINGS_MODULE or call settings.configure()"
)
MANAGE = {"manage.py": "import os, django\nos.environ.setdefault('DJANGO_SETTINGS_MODULE', 'shop.settings')\n"}
MODULE = (SECTION, 'DJANGO_SETTINGS_MODULE = "shop.settings"')


def test_django_without_settings_is_told_where_they_are():
    needed = {"project": {"dependencies": ["pytest-django"]}}
    assert find(DJANGO, MANAGE, needed).todo == MODULE
    with_plugin = find(DJANGO, MANAGE, {"project": {"dependencies": ["pytest"]}}).todo
    assert with_plugin == ("[tool.runner]", 'requirements = ["pytest-django"]', *MODULE)


def test_flask_without_an_application_is_told_which(tmp_path):
    log = "Usage: flask [OPTIONS]\n\nError: Could not locate a Flask application. Use the 'flask --app' option.\n"
    (tmp_path / "suite.log").write_text(log)
    (symptom,) = read_setup(tmp_path, "`flask db upgrade` (`setup`) ended with the exit code 2")
    assert find(symptom.errors, {"shop/wsgi.py": ""}).todo == (SECTION, 'FLASK_APP = "shop.wsgi"')


def test_a_query_at_import_is_told_from_one_in_a_test():
    error = 'RuntimeError: Database access not allowed, use the "django_db" mark, or the "db" fixture to enable it.'
    assert find(error, test="shop/test_a.py").kind == "import"
    assert find(error) is None


@pytest.mark.parametrize(
    ("error", "line"),
    [
        ("ModuleNotFoundError: No module named 'pkg_resources'", 'requirements = ["setuptools<81"]'),
        ("UserWarning: pkg_resources is deprecated as an API. See https", 'requirements = ["setuptools<67.5"]'),
    ],
)
def test_what_setuptools_had_once(error, line):
    assert find(error).todo == ("[tool.runner]", line)


def test_a_setup_that_fails_is_read_in_the_log(tmp_path):
    log = "Traceback (most recent call last):\n  File 'manage.py', line 3\nKeyError: 'SECRET_KEY'\n"
    (tmp_path / "suite.log").write_text(log)
    (symptom,) = read_setup(tmp_path, "`python manage.py migrate` (`setup`) ended with the exit code 1")
    facts = Facts(Snapshot({}, frozenset(CODE), CODE), Settings(), "schema", 2)
    assert explain([symptom], KNOWN, facts).causes[0].diagnosis.todo == TODO
    assert [*read_setup(tmp_path, "the tests did not end within 5 s")] == []


def test_the_values_of_lines_are_toml():
    texts = CODE | {".env": 'APP_MODE="a \\"b\\" {c}"\n'}
    line = find("KeyError: 'APP_MODE'", texts).todo[1]
    value = line.removeprefix("APP_MODE = ").partition("  #")[0]
    assert tomllib.loads(f"value = {value}") == {"value": "a \\"}


TOX = "[testenv]\ncommands =\n    python -m shop.init_db --create\n    pytest\n"


def test_a_table_that_migrations_do_not_make_may_be_of_what_the_project_does_before_its_tests():
    texts = {"tox.ini": TOX, "shop/init_db.py": ""}
    error = 'psycopg2.errors.UndefinedTable: relation "rule" does not exist'
    found = find(error, texts, setup=["alembic upgrade head"])
    assert found.todo == ("[tool.runner]", 'setup = ["python -m shop.init_db --create"]')
    assert found.what == "a table is missing that `setup` does not make; tox.ini has more before the tests"
    assert find(error, texts, setup=["python -m shop.init_db --create"]) is None
    assert find(error, {}, setup=["alembic upgrade head"]) is None
