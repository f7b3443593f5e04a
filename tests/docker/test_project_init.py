"""Small projects whose settings `runner init` finds by itself: a run is green with no other edit."""

import json
import shutil
from pathlib import Path

import pytest
from commands import NOTHING_LEFT, ROOT, run

pytestmark = [pytest.mark.engine, pytest.mark.slow]

PROJECTS = ROOT / "tests" / "projects" / "init"


@pytest.mark.parametrize(("name", "tests"), [("read", 5), ("noproc", 4), ("proc", 3)])
def test_what_init_finds_is_enough_for_a_green_run(tmp_path: Path, name: str, tests: int) -> None:
    folder = Path(shutil.copytree(PROJECTS / name, tmp_path / name, ignore=shutil.ignore_patterns(".runner")))
    written = run(folder, "init", "--yes", "--ci", "none")
    assert written.exit_code == 0, written.stderr
    ended = run(folder, "run", "-n", "2", "--json", CI="true")
    assert ended.exit_code == 0, ended.stderr
    assert json.loads(ended.stdout)["tests"] == {"passed": tests}
    assert ended.last_line == NOTHING_LEFT
