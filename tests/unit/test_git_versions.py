"""Versions from git: who reads them, and the small history that tells the same."""

import os
import subprocess

import pytest

from runner.core.git_versions import History, Tag, find_root, make_script, make_stream, reads_git
from runner.project.repository import copy_repository, find_top, read_history

pytestmark = pytest.mark.unit

DESCRIBE = ["describe", "--tags", "--long", "--match", "*[0-9]*"]


@pytest.fixture
def git(tmp_path, monkeypatch):
    """Runs git in a folder, below which there are repositories of the test's own only."""
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    (tmp_path / "gitconfig").write_text(
        "[user]\n\tname = Test\n\temail = test@localhost\n[init]\n\tdefaultBranch = main\n"
    )

    def run(folder, *args, text=None):
        folder.mkdir(exist_ok=True)
        return subprocess.run(["git", *args], cwd=folder, check=True, capture_output=True, text=True, input=text).stdout

    return run


@pytest.fixture
def repository(git, tmp_path):
    """A repository with a file; `commit` and `tag` change it."""
    folder = tmp_path / "repository"
    git(folder, "init", "--quiet")
    (folder / "a.py").write_text("1\n")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "first")
    return folder


def remake(git, history, folder, has_files=True, text="1\n"):
    """What the build makes of a history."""
    git(folder, "init", "--quiet")
    (folder / "a.py").write_text(text)
    git(folder, "fast-import", "--quiet", text=make_stream(history))
    subprocess.run(
        ["sh", "-e"], cwd=folder, check=True, capture_output=True, text=True, input=make_script(history, has_files)
    )
    return folder


@pytest.mark.parametrize(
    ("tables", "setup", "reads"),
    [
        ({"build-system": {"requires": ["setuptools", "setuptools_scm[toml]>=8"]}}, "", True),
        ({"build-system": {"requires": ["hatchling", "uv-dynamic-versioning"]}}, "", True),
        ({"build-system": {"requires": ["hatchling", "hatch-vcs"]}}, "", True),
        ({"build-system": {"requires": ["poetry-core", "poetry_dynamic_versioning>=1,<2"]}}, "", True),
        ({"build-system": {"requires": ["setuptools", "versioneer[toml]==0.29"]}}, "", True),
        ({"build-system": {"requires": ["hatchling"]}}, "", False),
        ({"build-system": {"requires": ["setuptools", "gitpython-stubs", "cython"]}}, "", False),
        ({"tool": {"pdm": {"version": {"source": "scm"}}}}, "", True),
        ({}, "setup(setup_requires=['pbr'], pbr=True)", True),
        ({}, "setup(use_scm_version=True)", True),
        ({}, "subprocess.check_output(['git', 'describe', '--tags'])", True),
        ({}, "os.popen('git describe --tags').read()", True),
        ({}, "setup(setup_requires=['setupmeta'], versioning='dev')", True),
        ({}, "setup(version='1', url='https://github.com/a/b.git')", False),
    ],
)
def test_builds_that_read_git_are_known(tables, setup, reads):
    assert reads_git(tables, setup) is reads


def test_the_folder_of_the_repository_may_be_named_from_the_project_s():
    assert find_root({"tool": {"setuptools_scm": {"root": ".."}}}) == ".."
    assert find_root({"tool": {"hatch": {"version": {"raw-options": {"root": "../.."}}}}}) == "../.."
    assert find_root({"tool": {"setuptools_scm": {"root": "."}}}) == ""
    assert find_root({}) == ""


def test_a_tagged_commit_has_the_same_description(git, repository, tmp_path):
    git(repository, "tag", "v0.9")
    git(repository, "commit", "--quiet", "--allow-empty", "--message", "second")
    git(repository, "tag", "--annotate", "--message", "release", "v1.0")
    git(repository, "tag", "it's-the-end")
    made = remake(git, read_history(repository), tmp_path / "made")
    for folder in (repository, made):
        assert git(folder, *DESCRIBE).startswith("v1.0-0-g")
        assert git(folder, "describe", "--long").startswith("v1.0-0-g"), "the annotated one comes first"
        assert set(git(folder, "tag", "--merged", "HEAD").split()) == {"v0.9", "v1.0", "it's-the-end"}
    assert git(made, "status", "--porcelain") == ""


def test_after_a_tag_the_description_says_so_and_the_history_stays_the_same_from_commit_to_commit(
    git, repository, tmp_path
):
    git(repository, "tag", "v2.0")
    histories = []
    for _ in range(3):
        git(repository, "commit", "--quiet", "--allow-empty", "--message", "more")
        histories.append(read_history(repository))
    assert histories[0] == histories[1] == histories[2]
    made = remake(git, histories[0], tmp_path / "made")
    assert git(made, *DESCRIBE).startswith("v2.0-1-g")


def test_tags_of_other_branches_play_no_part_and_dates_are_kept(git, repository, tmp_path):
    git(repository, "tag", "v1.0")
    git(repository, "switch", "--quiet", "--create", "other")
    git(repository, "commit", "--quiet", "--allow-empty", "--message", "beside")
    git(repository, "tag", "v9.9")
    git(repository, "switch", "--quiet", "main")
    history = read_history(repository)
    assert [tag.name for tag in history.tags] == ["v1.0"]
    made = remake(git, history, tmp_path / "made")
    assert git(made, "log", "-1", "--format=%ct") == git(repository, "log", "-1", "--format=%ct")


def test_without_a_repository_or_without_tags_there_is_one_commit(git, repository, tmp_path):
    assert read_history(tmp_path) == History()
    assert find_top(tmp_path) is None
    assert not read_history(repository).tags
    made = remake(git, History(), tmp_path / "made")
    assert git(made, "rev-list", "--count", "HEAD") == "1\n"


def test_a_copy_for_tests_has_the_history_and_nothing_else(git, repository):
    git(repository, "tag", "v1.0")
    git(repository, "remote", "add", "origin", "https://user:secret@localhost/x.git")
    (repository / ".git" / "hooks").mkdir(exist_ok=True)
    (repository / ".git" / "hooks" / "pre-commit").write_text("exit 1\n")
    with copy_repository(repository) as copied:
        everything = b"".join(path.read_bytes() for path in copied.rglob("*") if path.is_file())
        assert b"secret" not in everything
        assert str(repository).encode() not in everything
        assert not list(copied.glob("hooks/*"))
        assert git(repository, f"--git-dir={copied}", "--work-tree=.", "status", "--porcelain") == ""
        assert git(repository, f"--git-dir={copied}", "describe", "--tags") == "v1.0\n"
    assert not copied.exists()


def test_names_of_tags_reach_no_shell_as_they_are():
    history = History([Tag("a'; touch x; '", "1" * 40, is_annotated=False, date=5)], is_tagged=True)
    assert make_script(history, has_files=True).endswith("git tag -- 'a'\\''; touch x; '\\'''\n")


def test_the_id_of_the_commit_depends_on_the_sources_only_where_they_are_in_it(git, repository, tmp_path):
    git(repository, "tag", "v1.0")
    history = read_history(repository)
    ids = {}
    for has_files in (True, False):
        for text in ("1\n", "2\n"):
            made = remake(git, history, tmp_path / f"{has_files}{text.strip()}", has_files, text)
            assert git(made, "status", "--porcelain") == ""
            assert git(made, "describe", "--tags", "--dirty") == "v1.0\n"
            ids.setdefault(has_files, set()).add(git(made, "rev-parse", "HEAD"))
    assert {has_files: len(found) for has_files, found in ids.items()} == {True: 2, False: 1}


def test_git_misses_no_file_that_does_not_come_along(git, repository, tmp_path):
    (repository / "app").mkdir()
    (repository / "app" / "b.py").write_text("2\n")
    git(repository, "add", "--all")
    git(repository, "commit", "--quiet", "--message", "second")
    part = tmp_path / "part"
    (part / "app").mkdir(parents=True)
    (part / "app" / "b.py").write_text("2\n")
    with copy_repository(repository, ["app"]) as copied:
        assert git(part, f"--git-dir={copied}", "--work-tree=.", "status", "--porcelain") == ""
        (part / "app" / "b.py").unlink()
        assert git(part, f"--git-dir={copied}", "--work-tree=.", "status", "--porcelain") == " D app/b.py\n"
