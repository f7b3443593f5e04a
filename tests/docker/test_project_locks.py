"""Projects with every kind of lock, and with none: `runner init --yes && runner run` is green."""

import re
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest
from commands import run
from lock_tools import LockTools
from sample_projects import check_green, copy_fresh, remove_images

pytestmark = [pytest.mark.engine, pytest.mark.slow, pytest.mark.xdist_group("locks")]


@pytest.fixture(autouse=True)
def images_are_removed(engine: docker.DockerClient, tmp_path: Path) -> Iterator[None]:
    yield
    remove_images(engine, tmp_path)


@pytest.fixture(scope="session")
def tools(tmp_path_factory: pytest.TempPathFactory) -> LockTools:
    return LockTools(tmp_path_factory.mktemp("tools"))


def prepare(tmp_path: Path, kind: str, tools: LockTools) -> Path:
    """A project of a kind, with its lock, in a repository of its own."""
    folder = copy_fresh(f"locks/{kind}", tmp_path)
    tools.lock(kind, folder)
    return folder


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("uv", "== reading uv.lock"),
        ("poetry", "== reading poetry.lock"),
        ("pdm", "== reading pdm.lock"),
        ("pylock", "== installing the locked dependencies"),
        ("pipenv", "== reading Pipfile.lock"),
        ("hashed", "== installing the locked dependencies"),
        ("plain", "== resolving: there is no lock"),
        ("setup_py", "== resolving: there is no lock"),
        ("tox", "== resolving: there is no lock"),
        ("grouped", "== note: the lock has packages that do not fit each other"),
        ("refused", "== note: uv refuses the project's metadata, so pip resolves it"),
        ("nothing", "== installing the resolved dependencies"),
        ("workspace/shop", "== reading ../uv.lock"),
    ],
)
def test_a_project_of_each_kind_is_green_by_what_init_finds(
    tmp_path: Path, tools: LockTools, kind: str, said: str
) -> None:
    folder = prepare(tmp_path, kind.partition("/")[0], tools)
    if "/" in kind:
        tools.lock_uv(folder)
        folder /= kind.partition("/")[2]
    assert said in check_green(folder).stderr


def test_a_lock_that_poetry_calls_stale_is_taken_where_it_has_all_that_is_asked_for(
    tmp_path: Path, tools: LockTools
) -> None:
    folder = prepare(tmp_path, "poetry", tools)
    lock = folder / "poetry.lock"
    lock.write_text(re.sub(r'content-hash = "\w+"', f'content-hash = "{"0" * 64}"', lock.read_text()))
    assert "== note: Poetry does not export poetry.lock" in check_green(folder).stderr
    lock.write_text(lock.read_text().replace('name = "iniconfig"\nversion = "', 'name = "iniconfig"\nversion = "0.'))
    ended = run(folder, "run")
    assert ended.exit_code == 92
    assert "the lock has not iniconfig==" in ended.error
    assert ended.error.splitlines()[-1] == "hint:  poetry.lock is stale: run `poetry lock` and commit it"


@pytest.mark.parametrize("kind", ["poetry", "pdm", "pipenv"])
def test_what_a_tool_alone_can_read_is_resolved_without_its_lock(tmp_path: Path, kind: str) -> None:
    folder = copy_fresh(f"locks/{kind}", tmp_path)
    ended = check_green(folder, RUNNER_REQUIREMENTS='["tomli"]', RUNNER_EXCLUDE_NEWER="2026-06-30")
    assert "iniconfig==2.3.0" in ended.stderr, "the one of that day"
    assert " tomli==" in ended.stderr


def test_what_was_resolved_without_a_lock_is_pinned_by_our_own(tmp_path: Path, tools: LockTools) -> None:
    folder = prepare(tmp_path, "plain", tools)
    variables = {"RUNNER_EXCLUDE_NEWER": "2026-06-30"}
    made = run(folder, "lock", **variables)
    assert made.exit_code == 0, made.stderr
    locked = (folder / "runner.lock").read_text()
    assert describe("iniconfig", "2.3.0") in locked, "the one of that day"
    assert "already there" in run(folder, "run", **variables).stderr, "the lock is that of the image"
    # What the lock says is taken as long as the metadata allows it, also where there is a newer one.
    (folder / "runner.lock").write_text(locked.replace(describe("six", "1.17.0"), describe("six", "1.16.0")))
    ended = run(folder, "run", "-v", **variables)
    assert ended.exit_code == 0, ended.stderr
    assert "+ six==1.16.0" in ended.stderr


def describe(name: str, version: str) -> str:
    """How a Python package stands in runner.lock."""
    return f'name = "{name}"\nversion = "{version}"'
