"""Fixtures for tests on a real engine: small projects, the command itself, and a check that nothing is left behind."""

import shutil
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest
from commands import ORDERS, SMALL, Make, find_orphans, list_unused

# What a shell starts in the background ignores interrupts, and all that it starts: nothing could be interrupted.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def engine() -> Iterator[docker.DockerClient]:
    client = docker.from_env()
    yield client
    client.close()


@pytest.fixture(autouse=True)
def nothing_is_left(engine: docker.DockerClient, tmp_path: Path) -> Iterator[None]:
    """Two seconds after a test none of its runs' objects may be without a living owner, and nothing unused be new."""
    before = list_unused(engine)
    yield
    deadline = time.monotonic() + 2
    while left := [*find_orphans(engine, tmp_path), *sorted(list_unused(engine) - before)]:
        assert time.monotonic() < deadline, left
        time.sleep(0.05)


@pytest.fixture
def make_project(tmp_path: Path) -> Make:
    """Makes a small project; all small projects share one suite image, since only their tests differ."""

    def make(files: dict[str, str], settings: str = "") -> Path:
        folder = tmp_path / "small"
        shutil.copytree(SMALL, folder)
        with (folder / "pyproject.toml").open("a") as pyproject:
            pyproject.write(f"\n[tool.runner]\n{settings}\n")
        for name, content in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)
        return folder

    return make


@pytest.fixture
def orders(tmp_path: Path) -> Path:
    """A private copy of the sample project `orders`; all copies share one suite image."""
    ignored = shutil.ignore_patterns(".runner", "__pycache__", ".venv", ".pytest_cache")
    return Path(shutil.copytree(ORDERS, tmp_path / "orders", ignore=ignored))


@pytest.fixture
def containers(engine, monkeypatch):
    """The containers that a test makes; after it none is left."""
    made, create = [], engine.api.create_container

    def record(*args, **options):
        made.append(create(*args, **options)["Id"])
        return {"Id": made[-1]}

    monkeypatch.setattr(engine.api, "create_container", record)
    yield made
    # The engine may be removing one already.
    deadline = time.monotonic() + 5
    while (left := find_containers(engine, made)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert made
    assert not left


def find_containers(engine, ids):
    return {each["Id"] for each in engine.api.containers(all=True)} & set(ids)
