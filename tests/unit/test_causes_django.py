"""Django's modules, models, files and static files that a run does not find where a suite looks for them."""

import pytest

from runner.core.causes.known import KNOWN
from runner.core.causes.symptoms import Facts, Symptom
from runner.core.explanation import explain
from runner.core.snapshot import Snapshot

pytestmark = pytest.mark.unit

NAMES = frozenset({"site/manage.py", "site/data/a.json", "site/shop/data/a.json", "shop/models.py", "README.md"})


def find(error, test="test_a.py::test_a", manage="site/manage.py"):
    snapshot = Snapshot({}, NAMES | {manage}, {manage: "import django\n"})
    found = explain([Symptom(test, error, error.split("\n")[0])], KNOWN, Facts(snapshot))
    return found.causes[0].diagnosis if found.causes else None


NO_PROJECT = (
    "ImportError: No module named 'shop.settings'\n\n"
    "pytest-django could not find a Django project (no manage.py file could be found). You must explicitly add"
)


def test_settings_that_are_modules_of_a_folder():
    found = find(NO_PROJECT, test="")
    assert found.todo == ("[tool.runner]", 'pytest_args = ["--override-ini=pythonpath=site"]')


MANIFEST = "ValueError: Missing staticfiles manifest entry for 'css/a.css'"


def test_static_files_that_nobody_collected():
    found = find(MANIFEST)
    assert found.kind == "static"
    assert found.todo[:2] == ("[tool.runner]", 'setup = ["python manage.py collectstatic --no-input"]')


MODEL = (
    "RuntimeError: Model class blog.models.Post doesn't declare an explicit app_label and isn't in an application in"
    " INSTALLED_APPS."
)


def test_an_example_with_models_of_its_own():
    found = find(MODEL, test="examples/blog/tests.py")
    assert found.kind == "other-project"
    assert found.todo[1].startswith('pytest_args = ["--ignore=examples"]')


@pytest.mark.parametrize("test", ["tests.py", "examples/blog/tests.py::test_a"])
def test_a_model_of_the_projects_own(test):
    assert find(MODEL, test=test) is None


@pytest.mark.parametrize(
    "error",
    [
        "FileNotFoundError: [Errno 2] No such file or directory: 'data/a.json'",
        "FileNotFoundError: [Errno 2] No such file or directory: '/project/data/a.json'",
        "ImproperlyConfigured: no script could be found (looked for /project/data/a.json).",
    ],
)
def test_a_file_of_the_folder_in_which_the_suite_is_run(error):
    found = find(error)
    assert found.kind == "folder"
    assert "`data/a.json`" in found.what
    assert found.what.endswith("`site`")


@pytest.mark.parametrize("path", ["README.md", "/etc/data/a.json", "b.json"])
def test_a_file_that_is_nowhere_else(path):
    assert find(f"FileNotFoundError: [Errno 2] No such file or directory: '{path}'") is None
