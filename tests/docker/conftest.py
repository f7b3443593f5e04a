"""Fixtures for tests on a real engine: small projects, the command itself, and a check that nothing is left behind."""

import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest
from commands import ORDERS, SMALL, Make, count_others, find_orphans


@pytest.fixture(scope="session")
def engine() -> Iterator[docker.DockerClient]:
    client = docker.from_env()
    yield client
    client.close()


@pytest.fixture(autouse=True)
def nothing_is_left(engine: docker.DockerClient) -> Iterator[None]:
    """Two seconds after a test no object may be without a living owner, and no network or volume may be new."""
    before = count_others(engine)
    yield
    deadline = time.monotonic() + 2
    while (orphans := find_orphans(engine)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert orphans == []
    assert count_others(engine) == before


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
