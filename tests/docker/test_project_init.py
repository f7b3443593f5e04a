"""Small projects whose settings `runner init` finds by itself: a run is green with no other edit."""

from pathlib import Path

import pytest
from sample_projects import check_green, copy

pytestmark = [pytest.mark.engine, pytest.mark.slow]


@pytest.mark.parametrize(("name", "tests"), [("read", 5), ("noproc", 4), ("proc", 3)])
def test_what_init_finds_is_enough_for_a_green_run(tmp_path: Path, name: str, tests: int) -> None:
    check_green(copy(f"init/{name}", tmp_path / name), tests, CI="true")
