"""What `runner init` sees of Django's own runner where its script is in a folder, and of what CI has it run."""

import pytest

from runner.core.ci_scripts import follow
from runner.core.ci_steps import list_steps
from runner.core.detection.detectors import detect
from runner.core.detection.django_tests import find_tests, read_labels
from runner.core.detection.installs import detect_installs
from runner.core.snapshot import Snapshot

pytestmark = pytest.mark.unit

WORKFLOW = ".github/workflows/tests.yml"
MANAGE = "import os, django\nos.environ.setdefault('DJANGO_SETTINGS_MODULE', 'shop.settings')\n"


def make(texts, *names, **pyproject):
    return Snapshot(pyproject, frozenset({*texts, *names}), texts)


def make_workflow(command):
    lines = command.replace("\n", "\n          ")
    return f"jobs:\n  test:\n    steps:\n      - run: |\n          {lines}\n"


NAMES = ("shop/tests/__init__.py", "shop/tests/test_a.py", "cart/tests.py", "site/forum/tests.py", "src/blog/tests.py")


@pytest.mark.parametrize(
    ("command", "paths"),
    [
        ("python manage.py test shop", ["shop"]),
        ("python manage.py test shop.tests cart.tests", ["shop/tests", "cart/tests.py"]),
        ("./manage.py test shop.tests.test_a.TestCart.test_sum", ["shop/tests/test_a.py"]),
        ("python manage.py test -v 2 --parallel 4 --settings shop.ci shop", ["shop"]),
        ("python manage.py test --parallel auto shop/tests", ["shop/tests"]),
        ("coverage run manage.py test cart/tests.py # all of them", ["cart/tests.py"]),
        ("python manage.py test shop\npython manage.py test cart", ["shop", "cart"]),
        ("python manage.py test blog", ["src/blog"]),
        ("python manage.py test", []),
        ("python manage.py test shop\npython manage.py test", []),
        ("python manage.py test unknown", []),
        ('python manage.py test "$@"', []),
        ("python manage.py migrate", []),
    ],
)
def test_what_cis_commands_name(command, paths):
    found, where = find_tests(make({WORKFLOW: make_workflow(command)}, *NAMES), "")
    assert found == paths
    assert not paths or where == WORKFLOW


@pytest.mark.parametrize(
    ("command", "paths"),
    [
        ("cd site && python manage.py test", ["site"]),
        ("pushd site\npython manage.py test forum", ["site/forum"]),
        ("cd site/\npython manage.py test shop", ["shop"]),
        ("python site/manage.py test", []),
        ("cd docs && make html; cd ../site; ./manage.py test", ["site"]),
        ("pytest", ["site"]),
    ],
)
def test_djangos_script_in_a_folder(command, paths):
    assert find_tests(make({WORKFLOW: make_workflow(command)}, *NAMES), "site")[0] == paths


def test_tox_and_a_makefile_where_ci_names_none():
    tox = {"tox.ini": "[testenv]\ncommands = python manage.py test shop\n"}
    makefile = {"Makefile": "test:\n\tpython manage.py test cart\n"}
    workflow = {WORKFLOW: make_workflow("make test")}
    assert find_tests(make({**workflow, **makefile, **tox}, *NAMES), "") == (["shop"], "tox.ini")
    assert find_tests(make({**workflow, **makefile}, *NAMES), "") == (["cart"], "Makefile")


def test_labels_are_no_values_of_options():
    assert read_labels("-v2 --tag fast -k cart --exclude-tag=slow --parallel 2 $APP shop") == ["shop"]


def test_the_settings_that_come_of_it():
    texts = {"site/manage.py": MANAGE, WORKFLOW: make_workflow("cd site; ./manage.py test shop")}
    assert detect(make(texts, *NAMES)).settings["pytest_args"] == [
        "--override-ini=python_files=test*.py",
        "--override-ini=pythonpath=site",
        "--override-ini=testpaths=shop",
    ]


def test_pytests_own_settings_stay():
    texts = {
        "site/manage.py": MANAGE,
        "setup.cfg": "[tool:pytest]\npythonpath = site\ntestpaths = shop\npython_files = test*.py\n",
        WORKFLOW: make_workflow("cd site; ./manage.py test"),
    }
    assert "pytest_args" not in detect(make(texts, *NAMES)).settings


CREATES = 'cursor.execute("CREATE ROLE shop")\n'


def test_pytest_django_makes_databases_whatever_other_rights_there_are():
    texts = {"manage.py": MANAGE, "shop/tests/test_a.py": CREATES}
    assert detect(make(texts)).settings["rights"] == ["createrole", "createdb"]
    assert "rights" not in detect(make({"manage.py": MANAGE}, "shop/tests/test_a.py")).settings
    assert detect(make({"shop/tests/test_a.py": CREATES})).settings["rights"] == ["createrole"]


@pytest.mark.parametrize(
    ("statement", "needs"),
    [
        ('ALTER SCHEMA s OWNER TO "%s"', True),
        ("SET ROLE shop", True),
        ("set local role shop", True),
        ("REASSIGN OWNED BY a TO b", True),
        ("SET ROLE NONE", False),
        ("ALTER TABLE t OWNER TO CURRENT_USER", False),
        ("the new owner to be", False),
    ],
)
def test_whoever_makes_roles_is_no_member_of_them(statement, needs):
    texts = {"tests/test_a.py": f"{CREATES}cursor.execute({statement!r})\n"}
    assert ("superuser" in detect(make(texts)).settings["rights"]) is needs


SCRIPT = "#!/bin/sh\nset -e\npip install -e .[test]\nexec python manage.py test shop\n"


@pytest.mark.parametrize(
    ("command", "path"),
    [
        ("./run_tests.sh", "run_tests.sh"),
        ("bash scripts/test.sh --fast", "scripts/test.sh"),
        ("docker compose up -d && scripts/test", "scripts/test"),
        ("sh -c 'bin/ci'", "bin/ci"),
    ],
)
def test_a_script_that_ci_calls(command, path):
    snapshot = make({path: SCRIPT, WORKFLOW: make_workflow(command)}, *NAMES)
    assert follow(command, snapshot) == f"{command}\n{SCRIPT}"
    assert "manage.py test shop" in list_steps(snapshot)[0].commands
    assert find_tests(snapshot, "") == (["shop"], WORKFLOW)


def test_a_script_that_a_script_calls_and_that_calls_itself():
    texts = {"a.sh": "sh b.sh\n", "b.sh": "sh a.sh; pytest\n"}
    assert follow("./a.sh", make(texts)) == "./a.sh\nsh b.sh\n\nsh a.sh; pytest\n"


def test_what_is_no_script_is_not_followed():
    texts = {"scripts/test": "#!/usr/bin/env python3\n", "notes.txt": "pytest\n"}
    for command in ("scripts/test", "cat notes.txt", "old/run.sh", "my-run.sh"):
        assert follow(command, make({**texts, "run.sh": "pytest\n"})) == command


def test_the_extras_that_a_script_installs():
    extras = {"project": {"optional-dependencies": {"test": ["pytest"], "pg": ["psycopg"]}}}
    texts = {"ci/run.sh": "pip install -e '.[pg]'\npytest\n", WORKFLOW: make_workflow("ci/run.sh")}
    assert detect_installs(make(texts, **extras)).settings == {"extras": ["pg"]}
