"""Small projects of every layout through the real engine: settings by `runner init`, then a green run."""

import json
from pathlib import Path

import pytest
from commands import run
from sample_projects import check_green, commit, copy, git, keep_in_git

pytestmark = [pytest.mark.engine, pytest.mark.slow]


def test_a_compiled_module_is_built_in_the_image_by_a_compiler_that_is_not_in_it(tmp_path: Path) -> None:
    folder = keep_in_git(copy("compiled", tmp_path / "compiled"))
    check_green(folder)
    source = folder / "src" / "fastsum" / "_add.c"
    source.write_text(source.read_text().replace("one + other", "one - other"))
    ended = run(folder, "run", "-n", "0", "--json")
    assert ended.exit_code == 1, "a changed source is compiled anew"


def test_what_has_no_editable_installation_is_linked_and_its_compiled_parts_join_the_sources(tmp_path: Path) -> None:
    check_green(keep_in_git(copy("meson", tmp_path / "meson")))


def test_a_version_is_that_of_the_tag_and_commits_after_it_share_one_image(tmp_path: Path) -> None:
    folder = keep_in_git(copy("versioned", tmp_path / "versioned"))
    git(folder, "tag", "v1.3.0")
    commit(folder, "second")
    git(folder, "tag", "--annotate", "--message", "release", "v1.4.0")
    check_green(folder)
    (folder / "wanted.txt").write_text("1.4.1.dev1\n")
    for text in ("third", "fourth"):
        commit(folder, text)
        ended = run(folder, "run", "-n", "0", "-k", "database")
        assert ended.exit_code == 0, ended.stderr
        assert ("already there" in ended.stderr) == (text == "fourth")


def test_a_project_finds_what_lies_beside_its_folder(tmp_path: Path) -> None:
    check_green(keep_in_git(copy("monorepo", tmp_path / "monorepo")) / "backend")


def test_a_project_with_a_setup_py_alone_gets_the_python_that_it_asks_for(tmp_path: Path) -> None:
    check_green(keep_in_git(copy("older", tmp_path / "older")))


def test_files_of_submodules_are_sources_and_the_repository_is_there_for_tests_that_read_it(tmp_path: Path) -> None:
    library = tmp_path / "library"
    library.mkdir()
    (library / "vendored.py").write_text("ANSWER = 42\n")
    git(library, "init", "--quiet")
    commit(library, "first")
    folder = keep_in_git(copy("small", tmp_path / "small"))
    git(folder, "submodule", "--quiet", "add", str(library), "third_party/library")
    (folder / "tests").mkdir()
    (folder / "tests" / "test_repository.py").write_text(
        "import runpy, subprocess\n\n"
        "def test_vendored():\n"
        "    assert runpy.run_path('third_party/library/vendored.py')['ANSWER'] == 42\n\n"
        "def test_history():\n"
        "    asked = ['git', 'log', '--format=%s']\n"
        "    assert subprocess.check_output(asked, text=True).split() == ['with-submodule', 'first']\n"
        "    assert subprocess.check_output(['git', 'status', '--porcelain'], text=True) == ''\n"
        "    assert subprocess.check_output(['git', 'remote'], text=True) == ''\n"
    )
    (folder / ".gitignore").write_text(".runner/\n__pycache__/\n.pytest_cache/\n")
    with (folder / "pyproject.toml").open("a") as pyproject:
        pyproject.write("\n[tool.runner]\ngit = true\n")
    git(folder, "remote", "add", "origin", "https://user:secret@localhost/x.git")
    commit(folder, "with-submodule")
    ended = run(folder, "run", "-n", "0", "--json")
    assert ended.exit_code == 0, ended.stderr
    assert json.loads(ended.stdout)["tests"] == {"passed": 2}
