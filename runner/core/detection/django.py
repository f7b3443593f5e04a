"""Django's own way to run tests, `manage.py test`, and what pytest needs to run the same tests. Pure."""

import re
from pathlib import PurePosixPath

from runner.core.ci_steps import list_steps
from runner.core.detection.django_tests import find_tests
from runner.core.detection.requirements import find_requirements
from runner.core.pytest_files import is_set
from runner.core.snapshot import Detected, Finding, Snapshot, is_own

SETTINGS = re.compile(r"DJANGO_SETTINGS_MODULE[\"']\s*(?:,|:|\]\s*=)\s*[\"']([\w.]+)[\"']")
"""As an argument of `setdefault`, in a table, or as an assignment."""

SCRIPTS = ("manage.py", "wsgi.py", "asgi.py")
"""Django's own files that name the settings, in the order in which they are asked."""
OPTION = re.compile(r"manage\.py\s+test\b[^\n;&|]*\s--settings[= ]([\w.]+)")
PATTERN = "test*.py"
"""Files in which Django looks for tests. Source: Django's documentation, "Running tests"; pytest wants a `_` too."""


def find_manage(snapshot: Snapshot) -> str:
    """Django's own script; empty where there is none."""
    return next((path for path in snapshot.find("manage.py") if "django" in snapshot.texts.get(path, "")), "")


def has_plugin(snapshot: Snapshot) -> bool:
    """Whether pytest-django is there: by the project's requirements, or because Django's own runner has the tests."""
    return "pytest-django" in find_requirements(snapshot) or lacks_pytest(snapshot)


def lacks_pytest(snapshot: Snapshot) -> bool:
    """Whether the tests are for Django's own runner; one that asks for pytest has its own way to set Django up."""
    return bool(find_manage(snapshot)) and not {"pytest", "pytest-django"} & find_requirements(snapshot)


def detect_django(snapshot: Snapshot) -> Detected:
    """pytest-django, the settings that Django's script would take, and the names of its test files."""
    if not lacks_pytest(snapshot):
        return Detected()
    manage = find_manage(snapshot)
    detected = Detected(
        (Finding("tests need", "`pytest-django`, where Django's own runner has them else", manage),),
        {"requirements": ["pytest-django"], "isolation": "none"},
    )
    if found := find_settings(snapshot):
        name, where = found
        seen = Finding("variables", f"`DJANGO_SETTINGS_MODULE` = {name}", where)
        detected |= Detected((seen,), {"environment": {"DJANGO_SETTINGS_MODULE": name}})
    if path := find_unseen(snapshot):
        seen = Finding("tests", f"in files named `{PATTERN}`, as Django has it", path)
        detected |= Detected((seen,), {"pytest_args": [f"--override-ini=python_files={PATTERN}"]})
    return detected | detect_places(snapshot, manage)


def detect_places(snapshot: Snapshot, manage: str) -> Detected:
    """From where modules are imported, as the folder of Django's script is, and where the tests are that CI runs."""
    folder = str(PurePosixPath(manage).parent).removeprefix(".")
    detected = Detected()
    if folder and not is_set(snapshot, "pythonpath"):
        seen = Finding("tests", f"import from `{folder}`, as Django's script does", manage)
        detected |= Detected((seen,), {"pytest_args": [f"--override-ini=pythonpath={folder}"]})
    paths, where = find_tests(snapshot, folder)
    if paths and not is_set(snapshot, "testpaths"):
        words = " ".join(paths)
        seen = Finding("tests", f"in {', '.join(f'`{each}`' for each in paths)}", where or manage)
        detected |= Detected((seen,), {"pytest_args": [f"--override-ini=testpaths={words}"]})
    return detected


def settle_django(snapshot: Snapshot, detected: Detected) -> Detected:
    """What detectors found, with the right to make databases, which pytest-django needs beside any other."""
    rights = detected.settings.get("rights", [])
    if not rights or not has_plugin(snapshot) or {"createdb", "superuser"} & {*rights}:
        return detected
    found = Finding("rights", "createdb: pytest-django makes a database for each worker", "the requirements")
    return detected | Detected((found,), {"rights": ["createdb"]})


def find_settings(snapshot: Snapshot) -> tuple[str, str] | None:
    """The module of settings and the file that names it: CI's command, else Django's script; not where pytest's has."""
    for step in list_steps(snapshot):
        if match := OPTION.search(step.commands):
            return match[1], step.where
    for path in (
        () if is_set(snapshot, "DJANGO_SETTINGS_MODULE") else [each for name in SCRIPTS for each in snapshot.find(name)]
    ):
        if match := SETTINGS.search(snapshot.texts.get(path, "")):
            return match[1], path
    return None


def find_unseen(snapshot: Snapshot) -> str:
    """A file with tests by Django's rule that is none by pytest's; empty where pytest's settings name their own."""
    if is_set(snapshot, "python_files"):
        return ""
    names = [name for name in sorted(snapshot.names) if PurePosixPath(name).match(PATTERN) and is_importable(name)]
    return next((each for each in names if not PurePosixPath(each).name.startswith("test_")), "")


def is_importable(path: str) -> bool:
    """Whether a file may be a module of tests, not one of documentation or of a package in the tree."""
    return is_own(str(PurePosixPath(path).name)) and not {"docs", "vendor", "node_modules"} & {
        *PurePosixPath(path).parts
    }
