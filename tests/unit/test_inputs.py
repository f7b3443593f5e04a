"""The files that decide what `setup` makes."""

import os

import pytest

from runner.errors import SettingsError
from runner.project.commit import find_commit
from runner.project.inputs import read_matching

pytestmark = pytest.mark.unit


@pytest.fixture
def project(tmp_path):
    folder = tmp_path / "project"
    for name in ("migrations/a.py", "migrations/deep/b.py", "migrations/__pycache__/a.pyc", "schema.sql", "other.sql"):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    return folder


def refuse(folder, *patterns):
    with pytest.raises(SettingsError) as caught:
        read_matching(folder, patterns)
    return caught.value


@pytest.mark.parametrize(
    ("patterns", "found"),
    [
        ([], []),
        (["schema.sql"], ["schema.sql"]),
        (["*.sql"], ["other.sql", "schema.sql"]),
        (["migrations"], ["migrations/a.py", "migrations/deep/b.py"]),
        (["migrations/*.py"], ["migrations/a.py"]),
        (["migrations/**/*.py"], ["migrations/a.py", "migrations/deep/b.py"]),
        (["**/*.py", "migrations"], ["migrations/a.py", "migrations/deep/b.py"]),
        (["migrations/deep", "schema.sql"], ["migrations/deep/b.py", "schema.sql"]),
    ],
)
def test_files_are_found_by_pattern_and_a_folder_stands_for_all_below_it(project, patterns, found):
    assert read_matching(project, patterns) == {name: name.encode() for name in found}


@pytest.mark.parametrize("pattern", ["missing", "*.toml", "migrations/__pycache__"])
def test_a_pattern_that_matches_no_file_is_refused_by_name(project, pattern):
    error = refuse(project, "schema.sql", pattern)
    assert error.as_text() == f"error: `setup_inputs`: no file matches `{pattern}`\ncause: the project is `{project}`"


def test_an_empty_folder_matches_no_file(project):
    (project / "empty").mkdir()
    assert refuse(project, "empty").what == "`setup_inputs`: no file matches `empty`"


@pytest.mark.security
@pytest.mark.parametrize("pattern", ["", "/etc/passwd", "**x/.."])
def test_a_pattern_that_cannot_be_one_is_refused(project, pattern):
    assert refuse(project, pattern).exit_code == 90


@pytest.mark.security
@pytest.mark.parametrize("pattern", ["../outside.sql", "../*.sql", "migrations/../../outside.sql"])
def test_a_pattern_that_leaves_the_project_is_refused(project, pattern):
    (project.parent / "outside.sql").write_text("x")
    assert refuse(project, pattern).exit_code == 90


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads every file")
def test_a_file_that_cannot_be_read_is_refused(project):
    (project / "schema.sql").chmod(0)
    assert refuse(project, "schema.sql").as_text() == (
        f"error: cannot read `{project / 'schema.sql'}`\ncause: permission denied"
    )


def test_a_folder_outside_git_has_no_commit(tmp_path, monkeypatch):
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert find_commit(tmp_path) == ""
