"""Django's tests with a database of SQLite in a file: the folder is made writable, and nothing else is changed."""

import pytest

from runner.core.detection.detectors import detect
from runner.core.snapshot import Snapshot

pytestmark = pytest.mark.unit

ENGINE = '"ENGINE": "django.db.backends.sqlite3"'


def find(database, pyproject=None):
    texts = {"tests/settings.py": f'DATABASES = {{"default": {{{database}}}}}\n'}
    tables = {"project": {"dependencies": ["pytest-django"]}, "tool": {"pytest": pyproject or NATIVE}}
    return detect(Snapshot(tables, frozenset(texts), texts)).settings.get("writable", [])


NATIVE = {"DJANGO_SETTINGS_MODULE": "tests.settings"}


@pytest.mark.parametrize(
    ("name", "folder"),
    [('"test.sqlite3"', "."), ('"db/test.sqlite3"', "db"), ('BASE / "test.db"', "."), ('os.path.join(B, "t")', ".")],
)
def test_the_folder_of_the_file_is_writable(name, folder):
    assert find(f'{ENGINE}, "NAME": "db.sqlite3", "TEST": {{"MIRROR": None, "NAME": {name}}}') == [folder]


@pytest.mark.parametrize(
    "database",
    [
        f'{ENGINE}, "NAME": "db.sqlite3"',
        f'{ENGINE}, "NAME": "db.sqlite3", "TEST": {{"NAME": ":memory:"}}',
        '"ENGINE": "django.db.backends.postgresql", "TEST": {"NAME": "test_shop"}',
        f'{ENGINE}}}, "other": {{"ENGINE": "x", "TEST": {{"NAME": "test_shop"}}',
    ],
)
def test_a_database_in_memory_or_of_another_server_needs_nothing(database):
    assert find(database) == []


def test_settings_that_pytest_does_not_take_say_nothing():
    database = f'{ENGINE}, "TEST": {{"NAME": "test.sqlite3"}}'
    assert find(database, {"ini_options": {"DJANGO_SETTINGS_MODULE": "shop.settings"}}) == []
    assert find(database, {"ini_options": NATIVE}) == ["."]


@pytest.mark.parametrize(
    "texts",
    [
        {"setup.py": "setup(name='a', extras_require={'dev': ['pytest-django>=4']})\n"},
        {"setup.cfg": "[options.extras_require]\ndev =\n    pytest-django\n"},
        {"tox.ini": "[testenv]\ndeps =\n    pytest-django\n"},
    ],
)
def test_the_plugin_may_be_an_extra_or_toxs(texts):
    assert detect(Snapshot({}, frozenset(texts), texts)).settings["isolation"] == "none"
