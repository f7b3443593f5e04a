"""What `runner init` says of a project's lock, and which extras, groups and requirements it proposes for the tests."""

import subprocess
from datetime import date

import pytest

from runner.core.detection.environments import read_extras
from runner.core.detection.lock import advise_day, detect_lock
from runner.core.detection.requirements import detect_test_requirements, find_requirements
from runner.core.snapshot import Snapshot
from runner.project.commit import find_idle_day

pytestmark = pytest.mark.unit

HASHED = "a==1 --hash=sha256:00\n"


def make(texts=(), workspace="", **pyproject):
    texts = dict(texts)
    tables = {key.replace("_", "-"): value for key, value in pyproject.items()}
    return Snapshot(tables, frozenset(texts), texts, workspace=workspace)


def find_lock(snapshot):
    return [(each.found, each.where) for each in detect_lock(snapshot).findings]


@pytest.mark.parametrize(
    ("texts", "found"),
    [
        ({"uv.lock": ""}, ("uv.lock", "uv.lock")),
        ({"poetry.lock": "", "pyproject.toml": ""}, ("poetry.lock", "poetry.lock")),
        ({"pylock.dev.toml": ""}, ("pylock.dev.toml", "pylock.dev.toml")),
        ({"requirements.txt": HASHED}, ("requirements with hashes", "requirements.txt")),
        (
            {"requirements-app.txt": HASHED, "requirements.txt": HASHED + "pytest==9 --hash=sha256:11\n"},
            ("requirements with hashes", "requirements.txt"),
        ),
        ({"requirements/test.txt": HASHED}, ("requirements with hashes", "requirements/test.txt")),
    ],
)
def test_a_lock_of_any_kind_needs_no_setting(texts, found):
    detected = detect_lock(make(texts))
    assert find_lock(make(texts)) == [found]
    assert (detected.settings, detected.notes) == ({}, ())


def test_the_lock_of_a_workspace_is_named():
    assert find_lock(make(workspace="../../uv.lock")) == [("uv.lock of the workspace", "../../uv.lock")]


UNLOCKED = "there is no lock: versions are resolved when the image is built, and stay as long as it does"


@pytest.mark.parametrize(
    ("texts", "tables", "found", "note"),
    [
        ({"requirements.txt": "a"}, {}, "none; requirements.txt", f"{UNLOCKED}; `runner lock` pins them"),
        ({"requirements.in": "a"}, {}, "none; requirements.in", f"{UNLOCKED}; `runner lock` pins them"),
        ({}, {"project": {"name": "a"}}, "none; pyproject.toml", f"{UNLOCKED}; `runner lock` pins them"),
        ({"Pipfile": ""}, {}, "none; Pipfile", f"{UNLOCKED}; `runner lock` pins them; `pipenv lock` makes one"),
        ({}, {}, "none; nothing but pytest and psycopg", f"{UNLOCKED}; `runner lock` pins them"),
    ],
)
def test_without_a_lock_it_is_told_what_is_resolved(texts, tables, found, note):
    assert find_lock(make(texts, **tables)) == [(found, "")]
    assert detect_lock(make(texts, **tables)).notes == (note,)


def test_what_conda_locked_is_no_lock():
    assert "`pixi.lock` cannot be used" in detect_lock(make({"pixi.lock": ""})).notes[0]


@pytest.mark.parametrize(
    ("tables", "settings"),
    [
        ({"dependency_groups": {"test": ["pytest>=9"], "lint": ["ruff"]}}, {"dependency_groups": ["test"]}),
        ({"dependency_groups": {"dev": ["pytest"], "lint": ["ruff"]}}, {}),
        ({"dependency_groups": {"dev": [{"include-group": "tests"}], "tests": ["pytest"]}}, {}),
        ({"dependency_groups": {"checks": ["pytest-xdist", "pytest"]}}, {"dependency_groups": ["checks"]}),
        ({"dependency_groups": {"a": [{"include-group": "b"}], "b": [{"include-group": "a"}]}}, {}),
        ({"dependency_groups": {"test": ["pytest"]}, "tool": {"uv": {"default-groups": "all"}}}, {}),
        ({"project": {"optional-dependencies": {"testing": ["pytest"], "s3": ["boto3"]}}}, {"extras": ["testing"]}),
        ({"project": {"optional-dependencies": {"all": ["pytest"]}}}, {"extras": ["all"]}),
    ],
)
def test_the_group_or_extra_with_the_tests_requirements(tables, settings):
    assert detect_test_requirements(make({"uv.lock": ""}, **tables)).settings == settings


@pytest.mark.parametrize(
    ("name", "text"), [("requirements.txt", HASHED), ("Pipfile.lock", "{}"), ("pylock.toml", ""), ("pdm.lock", "")]
)
def test_locks_that_hold_the_tests_requirements_need_no_group(name, text):
    assert detect_test_requirements(make({name: text}, dependency_groups={"test": ["pytest"]})).settings == {}


def test_poetry_takes_its_groups_by_itself_unless_they_are_optional():
    group = {"dependencies": {"pytest": "*"}}
    assert (
        detect_test_requirements(make({"poetry.lock": ""}, tool={"poetry": {"group": {"test": group}}})).settings == {}
    )
    optional = {"poetry": {"group": {"test": {**group, "optional": True}}}}
    assert detect_test_requirements(make({"poetry.lock": ""}, tool=optional)).settings == {
        "dependency_groups": ["test"]
    }


SETUP = """
import setuptools
extras = {"test": ["pytest>=8"], "docs": ["sphinx"], "odd": make_list()}
setuptools.setup(name="a", extras_require=extras)
"""


@pytest.mark.parametrize(
    ("texts", "tables", "settings"),
    [
        ({"setup.py": SETUP}, {}, {"extras": ["test"]}),
        ({"setup.cfg": "[options.extras_require]\ntests =\n    pytest\n    mock\n"}, {}, {"extras": ["tests"]}),
        ({"requirements-dev.txt": "pytest"}, {"project": {"optional-dependencies": {"all": ["pytest"]}}}, {}),
        (
            {"tox.ini": "[testenv]\ndeps =\n  pytest>8\n  -r{toxinidir}/more.txt\n  py311: six\n  {[base]deps}\n"},
            {"project": {}},
            {"requirements": ["pytest>8", "-rmore.txt"]},
        ),
        ({"tox.ini": "[testenv]\nextras = test, pg\n"}, {"project": {}}, {"extras": ["test", "pg"]}),
        ({"tox.ini": "no section"}, {"project": {}}, {}),
        ({}, {"tool": {"tox": {"env_run_base": {"deps": ["pytest", "six"]}}}}, {"requirements": ["pytest", "six"]}),
        ({}, {"tool": {"tox": {"legacy_tox_ini": "[testenv]\ndeps = pytest\n"}}}, {"requirements": ["pytest"]}),
        (
            {},
            {"tool": {"hatch": {"envs": {"default": {"dependencies": ["pytest"], "features": ["pg"]}}}}},
            {"requirements": ["pytest"], "extras": ["pg"]},
        ),
        ({"tox.ini": "[testenv]\ndeps = pytest\n"}, {"dependency-groups": {"dev": ["pytest"]}}, {}),
        (
            {"tox.ini": "[testenv]\ndeps =\n  pytest\n  !pypy3: psycopg2-binary\n  pypy3: psycopg2cffi\n"},
            {"dependency-groups": {"dev": ["pytest"]}},
            {"requirements": ["pytest", "psycopg2-binary"]},
        ),
        (
            {"tox.ini": "[testenv]\ndeps =\n  pytest\n  !pypy3: psycopg2-binary\n"},
            {"dependency-groups": {"dev": ["pytest", "asyncpg"]}},
            {},
        ),
    ],
)
def test_without_a_lock_setuptools_tox_and_hatch_tell_what_the_tests_need(texts, tables, settings):
    assert detect_test_requirements(make(texts, **tables)).settings == settings


@pytest.mark.parametrize(
    "text", ["", "def (", "setup(extras_require=make())", "setup(extras_require={**others, 1: 2})"]
)
def test_a_setup_that_cannot_be_read_has_no_extras(text):
    assert read_extras(text) == {}


@pytest.mark.parametrize(
    ("tables", "settings"),
    [
        (
            {"dependency_groups": {"tests": ["pytest"], "tests_pg": ["psycopg2>=2.9"]}},
            {"dependency_groups": ["tests", "tests_pg"]},
        ),
        ({"project": {"optional-dependencies": {"test": ["pytest"], "pg": ["asyncpg"]}}}, {"extras": ["test", "pg"]}),
        ({"project": {"dependencies": ["asyncpg"], "optional-dependencies": {"pg": ["psycopg"]}}}, {}),
    ],
)
def test_somebody_has_to_bring_a_driver(tables, settings):
    assert detect_test_requirements(make(**tables)).settings == settings


SETUP_TEXTS = {
    "setup.py": "needs = ['psycopg2>=2', name]\nsetup(install_requires=needs)",
    "setup.cfg": "[options]\ninstall_requires =\n  asyncpg\n",
    "Pipfile": "[packages]\naiopg = '*'\n[dev-packages]\npytest = '*'\n",
}


def test_what_older_metadata_asks_for_is_seen():
    assert find_requirements(make(SETUP_TEXTS)) == {"psycopg2", "asyncpg", "aiopg", "pytest"}
    assert find_requirements(make({"Pipfile": "[", "setup.py": "(", "setup.cfg": "x"})) == set()


def test_a_pipfile_without_a_lock_says_what_the_tests_need_beside_the_project():
    pipfile = (
        '[packages]\npytest = "==8.3.4"\n[dev-packages]\npytest-cov = "*"\n'
        'mock = {version = ">=5", extras = ["a", "b"]}\n'
        'old = {version = "*", markers = "python_version < \'3.9\'"}\nown = {path = ".", editable = true}\nodd = 5\n'
    )
    project = {"name": "shop", "dependencies": ["pytest"]}
    settings = detect_test_requirements(make({"Pipfile": pipfile}, project=project)).settings
    assert settings == {"requirements": ["pytest==8.3.4", "pytest-cov", "mock[a,b]>=5", "old; python_version < '3.9'"]}
    assert detect_test_requirements(make({"Pipfile": "[packages"}, project=project)).settings == {}


def test_a_project_that_stands_still_is_told_the_day_of_its_last_commit_where_nothing_pins_versions():
    old = Snapshot({}, frozenset({"setup.py"}), {}, idle_since="2024-10-24")
    assert 'exclude_newer = "2024-10-24"' in detect_lock(old).notes[-1]
    assert advise_day(Snapshot({}, frozenset({"uv.lock"}), {"uv.lock": ""}, idle_since="2024-10-24")) == ()
    assert advise_day(Snapshot({}, frozenset({"setup.py"}), {})) == ()


def test_the_day_of_the_last_commit_counts_when_it_is_months_ago(tmp_path, monkeypatch):
    assert find_idle_day(tmp_path, date(2026, 1, 1)) == ""
    for name in ("GIT_AUTHOR_DATE", "GIT_COMMITTER_DATE"):
        monkeypatch.setenv(name, "2025-06-01T12:00:00Z")
    who = ["-c", "user.name=a", "-c", "user.email=a@b"]
    for words in (["init", "-q"], [*who, "commit", "-q", "--allow-empty", "-m", "a"]):
        subprocess.run(["git", *words], cwd=tmp_path, check=True)
    assert find_idle_day(tmp_path, date(2026, 1, 1)) == "2025-06-01"
    assert find_idle_day(tmp_path, date(2025, 6, 30)) == ""
