"""Files that CI has Django's script make before the tests are made by `setup`, in folders that are writable then."""

import pytest

from runner.core.detection.detectors import detect
from runner.core.snapshot import Snapshot

pytestmark = pytest.mark.unit

WORKFLOW = ".github/workflows/tests.yml"
SETTINGS = 'STATIC_URL = "/static/"\nSTATIC_ROOT = os.path.join(BASE_DIR, env("STATIC_ROOT", "build/static/"))\n'


def find(*steps, plugin="pytest-django", names=()):
    lines = "".join(f"      - run: |\n          {each}\n" for each in steps)
    texts = {
        WORKFLOW: f"jobs:\n  test:\n    steps:\n      - uses: actions/checkout@v4\n{lines}",
        "manage.py": "import django\n",
        "shop/settings.py": SETTINGS,
    }
    tables = {"project": {"dependencies": ["pytest", plugin]}}
    return detect(Snapshot(tables, frozenset({*texts, *names}), texts)).settings


@pytest.mark.parametrize(
    ("command", "setup"),
    [
        ("python manage.py collectstatic --no-input", "python manage.py collectstatic --no-input"),
        ("uv run python ./manage.py collectstatic --noinput -v 0", "python manage.py collectstatic --noinput -v 0"),
        ("poetry run ./manage.py collectstatic --verbosity=0", "python manage.py collectstatic --verbosity=0"),
        ("python manage.py collectstatic > log", None),
        ("python manage.py makemigrations --check", None),
    ],
)
def test_static_files(command, setup):
    found = find("pip install . pytest-xdist", command, "pytest")
    assert found.get("setup") == ([setup] if setup else None)
    assert found.get("writable") == (["build/static"] if setup else None)


def test_translations_want_gettext():
    names = {"locale/de/LC_MESSAGES/django.po", "shop/locale/fr/LC_MESSAGES/django.po"}
    found = find("python manage.py compilemessages", "pytest", names=names)
    assert found["setup"] == ["python manage.py compilemessages"]
    assert found["writable"] == ["locale", "shop/locale"]
    assert found["packages"] == ["gettext"]


def test_a_command_of_the_projects_own_may_write_anywhere():
    found = find("python manage.py compile_themes\n          python manage.py collectstatic", "pytest -n 3")
    assert found["setup"] == ["python manage.py compile_themes", "python manage.py collectstatic"]
    assert found["writable"] == ["."]


@pytest.mark.parametrize("steps", [("pytest", "python manage.py collectstatic"), ("python manage.py collectstatic",)])
def test_what_comes_after_the_tests_or_without_them_is_for_something_else(steps):
    assert "setup" not in find(*steps)


def test_without_pytest_django_the_setup_is_the_migrations():
    found = find("python manage.py collectstatic", "pytest", plugin="django")
    assert found["setup"] == ["python manage.py migrate --no-input"]


@pytest.mark.parametrize(
    ("line", "folders"),
    [
        ('MEDIA_ROOT = os.path.join(BASE_DIR, "media")', ["media"]),
        ('MEDIA_ROOT = BASE_DIR / "var/uploads/"', ["var/uploads"]),
        ('MEDIA_ROOT = env.str("MEDIA_DIR", os.path.join(BASE_DIR, "media"))', ["media"]),
        ('MEDIA_ROOT = "/srv/media"', []),
        ("MEDIA_ROOT = tempfile.mkdtemp()", []),
        ('MEDIA_URL = "/media/"', []),
    ],
)
def test_the_folder_of_uploads_is_writable(line, folders):
    texts = {"manage.py": "import django\n", "shop/settings.py": f"{line}\n"}
    assert detect(Snapshot({}, frozenset(texts), texts)).settings.get("writable", []) == folders


def test_another_folder_of_uploads_than_the_applications_is_left_alone():
    texts = {"manage.py": "import django\n", "tests/settings.py": 'MEDIA_ROOT = "media"\n'}
    assert "writable" not in detect(Snapshot({}, frozenset(texts), texts)).settings
    texts = {"shop/settings.py": 'MEDIA_ROOT = "media"\n'}
    assert "writable" not in detect(Snapshot({}, frozenset(texts), texts)).settings
