"""Small projects whose settings `runner init` finds by itself: a run is green with no other edit."""

import tomllib
from pathlib import Path

import pytest
from sample_projects import check_green, copy

pytestmark = [pytest.mark.engine, pytest.mark.slow]


@pytest.mark.parametrize(("name", "tests"), [("read", 5), ("noproc", 4), ("proc", 3), ("containers", 5)])
def test_what_init_finds_is_enough_for_a_green_run(tmp_path: Path, name: str, tests: int) -> None:
    check_green(copy(f"init/{name}", tmp_path / name), tests, CI="true")


def read_settings(folder: Path) -> dict[str, object]:
    """What `runner init` has written, but for groups."""
    return tomllib.loads((folder / "pyproject.toml").read_text())["tool"]["runner"]


@pytest.mark.parametrize(
    ("name", "tests", "isolation", "postgres"),
    [
        ("fixed_names", 13, "server", None),
        ("hard_coded", 9, "sandbox", {"user": "postgres", "password": "not-secret", "database": "library"}),
    ],
)
def test_what_suites_have_in_their_text_is_found_there(
    tmp_path: Path, name: str, tests: int, isolation: str, postgres: dict[str, str] | None
) -> None:
    folder = copy(name, tmp_path / name)
    pyproject = folder / "pyproject.toml"
    pyproject.write_text(pyproject.read_text().partition("[tool.runner]")[0])
    check_green(folder, tests)
    assert read_settings(folder)["isolation"] == isolation
    assert read_settings(folder).get("postgres") == (postgres and {**postgres, "host": "localhost"})
